import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts'
import type { ServiceMonitor } from './custom-resources.d.ts'
import { deploymentsIn, goldenFiles, objectsIn, podOf, proxyContainer, servicesIn } from './documents.ts'

type Labels = Readonly<Record<string, string>>

const selects = (selector: Labels | undefined, labels: Labels | undefined) =>
  Object.entries(selector ?? {}).every(([name, value]) => labels?.[name] === value)

for (const { golden, objects } of goldenFiles) {
  for (const deployment of deploymentsIn(objects)) {
    const pod = podOf(deployment)
    const container = proxyContainer(pod)
    const podLabels = deployment.spec?.template.metadata?.labels

    test(`${golden}: the container is restricted as the Pod Security Standards have it`, () => {
      const { securityContext: own } = container
      assert.deepEqual(
        [own?.runAsNonRoot, own?.allowPrivilegeEscalation, own?.readOnlyRootFilesystem, own?.capabilities],
        [true, false, true, { drop: ['ALL'] }],
      )
      assert.equal(own?.seccompProfile?.type, 'RuntimeDefault')
      assert.ok((own?.runAsUser ?? 0) > 0)
      assert.equal(pod.automountServiceAccountToken, false)
      assert.equal(pod.hostNetwork, undefined)
    })

    test(`${golden}: names that stand in several places are the same`, () => {
      const volumes = (pod.volumes ?? []).map(({ name }) => name)
      assert.deepEqual(
        container.volumeMounts?.map(({ name }) => name),
        volumes,
      )
      const ports = container.ports?.map(({ name }) => name)
      for (const { spec } of servicesIn(objects)) {
        assert.ok(selects(spec?.selector, podLabels))
        for (const { targetPort } of spec?.ports ?? []) assert.ok(ports?.includes(String(targetPort)))
      }
      assert.ok(selects(deployment.spec?.selector.matchLabels, podLabels))
      for (const { kind, spec } of objects) {
        if (kind === 'PodDisruptionBudget') {
          assert.ok(selects((spec as { selector: { matchLabels: Labels } }).selector.matchLabels, podLabels))
        }
        if (kind === 'NetworkPolicy') {
          assert.ok(selects((spec as NetworkPolicy['spec'])?.podSelector.matchLabels, podLabels))
        }
        if (kind === 'HorizontalPodAutoscaler') {
          const { scaleTargetRef } = (spec as HorizontalPodAutoscaler['spec']) ?? {}
          assert.equal(scaleTargetRef?.name, deployment.metadata?.name)
          assert.equal(deployment.spec?.replicas, undefined, 'the autoscaler alone says how many')
        }
        if (kind === 'ServiceMonitor') {
          const { selector } = spec as ServiceMonitor['spec']
          const found = servicesIn(objects).filter(({ metadata }) =>
            selects(selector.matchLabels, metadata?.labels),
          )
          assert.deepEqual(
            found.map(({ metadata }) => metadata?.name?.endsWith('-admin')),
            [true],
          )
        }
      }
    })

    test(`${golden}: secrets are for the group of the proxy, and no file is mounted by itself`, () => {
      assert.equal(pod.securityContext?.fsGroup, 65_532)
      for (const { name, secret } of pod.volumes ?? []) {
        if (secret !== undefined) assert.equal(secret.defaultMode, 0o440, name)
      }
      // Kubernetes never renews a subPath: a new certificate would wait for a restart.
      assert.ok(container.volumeMounts?.every(({ subPath }) => subPath === undefined))
    })

    test(`${golden}: the probes ask the admin port, which is not a port of the charge points`, () => {
      const { startupProbe, livenessProbe, readinessProbe } = container
      assert.deepEqual(
        [startupProbe, livenessProbe, readinessProbe].map((probe) => [
          probe?.httpGet?.path,
          probe?.httpGet?.port,
        ]),
        [
          ['/livez', 'admin'],
          ['/livez', 'admin'],
          ['/readyz', 'admin'],
        ],
      )
      const outside = servicesIn(objects).filter(({ metadata }) => !metadata?.name?.endsWith('-admin'))
      for (const { spec } of outside) {
        assert.ok(spec?.ports?.every(({ targetPort }) => targetPort !== 'admin'))
      }
      const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy') as readonly NetworkPolicy[]
      for (const { from, ports } of policies.flatMap(({ spec }) => spec?.ingress ?? [])) {
        if (ports?.some(({ port }) => port === 9090)) assert.ok((from ?? []).length > 0)
      }
    })
  }
}

test('a pod has the time of its drain, and some more', () => {
  const graceOf = (golden: string) =>
    deploymentsIn(objectsIn(golden)).map((one) => podOf(one).terminationGracePeriodSeconds)
  assert.deepEqual(graceOf('test/helm/golden/gateway-minimal.yaml'), [60 + 5 + 15])
  assert.deepEqual(graceOf('test/helm/golden/gateway-replicas.yaml'), [300 + 5 + 15])
  assert.deepEqual(graceOf('test/helm/golden/gateway-bare.yaml'), [2 + 15], '1500ms are rounded up')
  assert.deepEqual(graceOf('examples/kubernetes/sidecar.yaml'), [60 + 5 + 15 + 30])
})

test('the sidecar is a native one, and the central system outlives its sessions', () => {
  const [deployment] = deploymentsIn(objectsIn('examples/kubernetes/sidecar.yaml'))
  assert.ok(deployment)
  const pod = podOf(deployment)
  const [sidecar] = pod.initContainers ?? []
  assert.deepEqual([sidecar?.name, sidecar?.restartPolicy], ['ocpp-security-proxy', 'Always'])
  assert.match(JSON.stringify(sidecar?.lifecycle?.preStop), /SIGTERM/)
  const [central] = pod.containers
  assert.deepEqual(central?.lifecycle?.preStop, { sleep: { seconds: 65 } })
  // Its OCPP port is no port of any Service, and the NetworkPolicy names it nowhere.
  const text = JSON.stringify(
    objectsIn('examples/kubernetes/sidecar.yaml').filter(({ kind }) => kind !== 'ConfigMap'),
  )
  assert.doesNotMatch(text, /9000/)
})

test('a sidecar brings no Deployment of its own', () => {
  const kinds = objectsIn('test/helm/golden/sidecar.yaml').map(({ kind }) => kind)
  assert.ok(!kinds.includes('Deployment') && !kinds.includes('ServiceAccount'))
  assert.ok(kinds.includes('Service') && kinds.includes('NetworkPolicy') && kinds.includes('ConfigMap'))
})
