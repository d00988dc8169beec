import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { chartFolder, helm } from '../../scripts/helm/render.ts'
import { helmProblem, majors } from './helm-problem.ts'

/** What is wrong with these values, laid over a good value set ('': over none); and what Helm has to say about it. */
const wrong: readonly [name: string, base: string, set: readonly string[], message: RegExp][] = [
  ['an unknown value', 'gateway-minimal', ['replicas=2'], /dditional propert.*replicas/],
  ['an unknown value in a section', 'gateway-minimal', ['admin.prot=1'], /admin.*dditional propert.*prot/s],
  [
    'an unknown key of the configuration',
    'gateway-minimal',
    ['config.limits.conections=5'],
    /config.limits.*dditional propert.*conections/s,
  ],
  [
    'an unknown key of a listener',
    'gateway-minimal',
    ['config.listeners[0].name=a', 'config.listeners[0].adress=0.0.0.0:1'],
    /listeners.0.*dditional propert.*adress/s,
  ],
  [
    'what the chart sets itself',
    'gateway-minimal',
    ['config.admin.address=0.0.0.0:1'],
    /admin.*dditional propert.*address/s,
  ],
  ['a mode that there is not', 'gateway-minimal', ['mode=ingress'], /mode/],
  ['a security profile that there is not', 'sidecar', ['config.edition=5'], /edition/],
  [
    'a root that is none',
    'gateway-minimal',
    ['trust.roots.a=text'],
    /trust.roots.*BEGIN CERTIFICATE|roots.a/s,
  ],
  ['no central system', '', [], /config\.centralSystem\.url is missing/],
  [
    'no certificate',
    'gateway-minimal',
    ['certificates.ecdsaSecret=', 'certificates.rsaSecret='],
    /certManager/,
  ],
  [
    'nobody to trust',
    'gateway-mutual-tls',
    ['trust.roots=null', 'trust.secrets=null'],
    /set trust\.roots or trust\.secrets/,
  ],
  ['replicas without Redis', 'gateway-minimal', ['replicaCount=2'], /set redis\.enabled/],
  ['scaling without Redis', 'gateway-minimal', ['autoscaling.enabled=true'], /set redis\.enabled/],
  ['replicas of a sidecar without Redis', 'sidecar', ['replicaCount=2'], /set redis\.enabled/],
  ['Redis without a URL', 'gateway-minimal', ['redis.enabled=true'], /redis\.urls is missing/],
  [
    'Redis without a sealing key',
    'gateway-minimal',
    ['redis.enabled=true', 'redis.urls={redis://a:6379}'],
    /sealingKeySecret\.name is missing/,
  ],
  [
    'a password in a URL',
    'gateway-minimal',
    ['redis.urls={redis://:secret@a:6379}'],
    /no password(?!.*:secret@)/s,
  ],
  [
    'a password in a URL of the configuration',
    'gateway-minimal',
    ['redis.enabled=true', 'config.store.redis.urls={redis://:secret@a:6379}'],
    /no password(?!.*:secret@)/s,
  ],
  [
    'a password in a ConfigMap',
    'gateway-minimal',
    ['config.centralSystem.authorization.username=a', 'config.centralSystem.authorization.password=b'],
    /authorization\.password would stand in a ConfigMap/,
  ],
  ['a sidecar of no pod', 'sidecar', ['sidecar.podLabels=null'], /sidecar\.podLabels is missing/],
  ['scaling of a sidecar', 'sidecar', ['autoscaling.enabled=true'], /is for mode: gateway/],
  ['no issuer', 'gateway-minimal', ['certificates.certManager.enabled=true'], /issuerRef\.name is missing/],
  [
    'no host names for certificates',
    'gateway-mutual-tls',
    ['certificates.dnsNames=null'],
    /certificates\.dnsNames is missing/,
  ],
  ['a port twice', 'gateway-minimal', ['admin.port=8443'], /basic-auth-tls has the port 8443.*admin\.port/],
  [
    'a port of nobody',
    'gateway-minimal',
    ['service.ports.mutual-tls=443'],
    /no such listener.*basic-auth-tls/,
  ],
  ['a port of the Service twice', 'sidecar', ['service.ports.basic-auth-tls=8080'], /has the port 8080/],
  [
    'names of listeners that make one name of a port',
    'sidecar',
    [
      'config.listeners[0].name=ocpp-8443',
      'config.listeners[0].address=0.0.0.0:8080',
      'config.listeners[0].securityProfile=1',
      'config.listeners[1].name=-',
      'config.listeners[1].address=0.0.0.0:8443',
      'config.listeners[1].securityProfile=2',
    ],
    /the port of - in the Service would be called ocpp-8443, as that of ocpp-8443 is/,
  ],
  [
    'a listener that IPv6 does not reach',
    'gateway-minimal',
    ['service.ipFamilies={IPv6}'],
    /set its address to \[::\]:8443/,
  ],
  ['a port of nodes for nobody', 'gateway-dual-stack', ['service.nodePorts.x=30001'], /no such listener/],
  [
    'a port of nodes that no node opens',
    'gateway-minimal',
    ['service.nodePorts.basic-auth-tls=30001'],
    /NodePort or LoadBalancer/,
  ],
  ['a volume with a name of ours', 'gateway-minimal', ['extraVolumes[0].name=proxy-tmp'], /proxy- are those/],
  ['any port', 'gateway-bare', ['config.listeners[0].address=0.0.0.0:0'], /needs a port of its own/],
  [
    'metrics behind a closed port',
    'gateway-minimal',
    ['serviceMonitor.enabled=true'],
    /networkPolicy\.admin/,
  ],
  ['a section taken out', 'gateway-minimal', ['redis=null'], /redis is required|missing property 'redis'/],
  ['no listeners', 'gateway-minimal', ['config.listeners=null'], /config.*listeners/s],
  [
    'a listener that nobody reaches',
    'gateway-bare',
    ['config.listeners[0].address=127.0.0.1:8080'],
    /nobody outside the pod reaches it: set its address to 0\.0\.0\.0:8080/,
  ],
  ['a port that there is not', 'gateway-bare', ['config.listeners[0].address=0.0.0.0:84430'], /65535/],
  [
    'a central system that is none',
    'gateway-minimal',
    ['config.centralSystem.url=http://a'],
    /must be a ws:\/\/ or wss:\/\/ URL/,
  ],
  ['a name that no Service may have', 'gateway-minimal', ['fullnameOverride=1st'], /fullnameOverride/],
  ['a wildcard', 'gateway-mutual-tls', ['certificates.dnsNames={*.example.com}'], /dnsNames/],
  [
    'a commonName that is too long',
    'gateway-mutual-tls',
    [`certificates.dnsNames={${'a'.repeat(60)}.example.com}`],
    /longer than the 64 characters of a commonName/,
  ],
  ['servers without a mode', 'gateway-replicas', ['config.store.redis.mode=single'], /sentinel or cluster/],
  [
    'sealed passwords without a key',
    'gateway-minimal',
    ['config.centralSystem.authorization=perChargePoint'],
    /sealingKeySecret\.name is missing/,
  ],
  ['more replicas than the most', 'gateway-replicas', ['autoscaling.minReplicas=10'], /is greater than/],
  [
    'labels that its own objects need',
    'gateway-minimal',
    ['podLabels.app\\.kubernetes\\.io/name=a'],
    /podLabels: app\.kubernetes\.io\/name is the chart's own/,
  ],
  [
    'an alert that there is not',
    'gateway-mutual-tls',
    ['prometheusRule.disabled={Absent}'],
    /no alert Absent/,
  ],
  [
    'a secret with a taken name',
    'gateway-minimal',
    ['secretFiles.admin-token.secretName=a'],
    /admin\.tokenSecret/,
  ],
]

for (const major of majors) {
  test(`Helm ${major} renders without host names where cert-manager needs none`, {
    skip: helmProblem,
  }, () => {
    const values = ['--values', join(chartFolder, 'ci', 'gateway-minimal.yaml')]
    const run = helm(major, 'template', 'r', chartFolder, ...values, '--set', 'certificates.dnsNames=null')
    assert.equal(run.status, 0, run.stderr)
  })
  for (const [name, base, set, message] of wrong) {
    test(`Helm ${major} refuses ${name}`, { skip: helmProblem }, () => {
      const values = base === '' ? [] : ['--values', join(chartFolder, 'ci', `${base}.yaml`)]
      const run = helm(
        major,
        'template',
        'r',
        chartFolder,
        ...values,
        ...set.flatMap((one) => ['--set', one]),
      )
      assert.notEqual(run.status, 0, run.stdout)
      assert.match(run.stderr, message)
    })
  }
}
