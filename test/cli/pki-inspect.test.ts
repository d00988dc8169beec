import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { type ChargePointOptions, makeAuthority } from '../support/authority.ts'
import { needsOpenssl, opensslFolder } from '../support/openssl-tool.ts'
import { type PkiSetting, setUpPki } from './pki-commands.ts'

const cpo = await makeAuthority()
const factory = await makeAuthority({ name: 'Factory root', o: 'Factory' })

const config = (more = '') => `cpo: { names: [Example CPO] }
listeners:
  - name: mutual
    address: 127.0.0.1:8444
    securityProfile: 3
    tls:
      certificates: [{ certificate: cpo.pem, key: cpo.key }]
      clientCertificates: { trust: [cpo.pem], factory: [factory.pem] }
centralSystem: { url: "ws://127.0.0.1:9000" }
store: { sqlite: proxy.db }
${more}`

interface Answer {
  readonly outcome: string
  readonly reason: string | null
  readonly rules: readonly {
    rule: string
    verdict: string
    requirements: string[]
    code: string | null
    detail: string | null
  }[]
}

async function setUpInspect(t: Parameters<typeof setUpPki>[0], more = '') {
  const setting = setUpPki(t)
  for (const [name, content] of Object.entries({
    'proxy.yaml': config(more),
    'cpo.pem': cpo.certificate,
    'cpo.key': cpo.key,
    'factory.pem': factory.certificate,
  }))
    setting.write(name, content)
  const store = openSqliteStore(setting.path('proxy.db'))
  t.after(() => store.close())
  await store.registry.add('CP-1', { serialNumber: 'SN-0001' })
  return { setting, store }
}

async function ask(
  setting: PkiSetting,
  file: string,
  ...words: string[]
): Promise<Answer & { code: number }> {
  const { code, out, err } = await setting.run(
    'inspect',
    `@${file}`,
    '--config',
    '@proxy.yaml',
    '--json',
    ...words,
  )
  assert.equal(err, '')
  return { ...(JSON.parse(out) as Answer), code }
}

const ruleOf = ({ rules }: Answer, name: string) => rules.find(({ rule }) => rule === name)

test('[A00.FR.405] [A00.FR.427] a good certificate, for its charge point and for another one', async (t) => {
  const { setting, store } = await setUpInspect(t)
  const issued = await cpo.chargePoint()
  setting.write('cp.pem', issued.chain)
  const good = await ask(setting, 'cp.pem', '--identity', 'CP-1')
  assert.deepEqual([good.code, good.outcome, good.reason], [0, 'admitted', null])
  assert.ok(
    good.rules.every(({ verdict }) => verdict === 'ok'),
    JSON.stringify(good.rules),
  )
  assert.ok(good.rules.every(({ requirements }) => requirements.length > 0))

  const unnamed = await ask(setting, 'cp.pem')
  assert.equal(unnamed.outcome, 'admitted')
  assert.equal(ruleOf(unnamed, 'commonName is its serial number')?.verdict, 'ok', 'somebody has it')
  assert.equal(ruleOf(unnamed, 'key belongs to nobody else')?.verdict, 'unknown')
  setting.write('nobody.pem', (await cpo.chargePoint({ cn: 'SN-0077' })).chain)
  assert.equal((await ask(setting, 'nobody.pem')).reason, 'client_cert_common_name')

  await store.registry.add('CP-2', { serialNumber: 'SN-0002', blocked: true })
  const { keyFingerprint, fingerprint } = (await import('../../src/pki/certificate.ts')).certificateFacts(
    issued.x509,
  )
  const key = { keyFingerprint, certificateFingerprint: fingerprint, subject: '', notAfter: 1 }
  await store.registry.claimKey('CP-1', key, 1)
  const other = await ask(setting, 'cp.pem', '--identity', 'CP-2')
  assert.deepEqual([other.code, other.reason], [1, 'client_cert_common_name'])
  assert.equal(ruleOf(other, 'key belongs to nobody else')?.code, 'client_cert_shared')
  assert.equal(ruleOf(other, 'charge point is not blocked')?.verdict, 'refused')
  const stranger = await ask(setting, 'cp.pem', '--identity', 'CP-9')
  assert.equal(stranger.reason, 'charge_point_unknown')
})

const wrong: readonly (readonly [string, ChargePointOptions, string, string])[] = [
  ['client_cert_expired', { notBefore: 0, notAfter: 1000 }, 'dates', 'A00.FR.403'],
  ['client_cert_not_yet_valid', { notBefore: Date.now() + 9e7 }, 'dates', 'A00.FR.403'],
  ['client_cert_weak_key', { bits: 1024 }, 'strength of keys', 'A00.FR.502'],
  ['client_cert_weak_signature', { signatureHash: 'SHA-1' }, 'signatures', 'A00.FR.504'],
  ['client_cert_no_serial', { serial: 0 }, 'serial number of the certificate', 'A00.FR.508'],
  ['client_cert_key_usage', { ku: ['keyAgreement'] }, 'key usage', 'A00.FR.512'],
  ['client_cert_organization', { o: 'Somebody' }, 'organizationName is the CPO', 'A00.FR.509'],
  ['client_cert_common_name_form', { cn: 'cp.example.com' }, 'form of the commonName', 'A00.FR.511'],
]

test('[A00.FR.403] each rule says by itself what is wrong, with its requirement', async (t) => {
  const { setting } = await setUpInspect(t)
  for (const [code, options, rule, requirement] of wrong) {
    setting.write('cp.pem', (await cpo.chargePoint(options)).chain)
    const found = await ask(setting, 'cp.pem')
    assert.deepEqual([found.code, found.outcome, found.reason], [1, 'refused', code])
    const result = ruleOf(found, rule)
    assert.equal(result?.verdict, 'refused')
    assert.ok(result?.requirements.includes(requirement), `${code}: ${result?.requirements}`)
    assert.ok(result?.detail)
  }
  setting.write('cp.pem', (await (await makeAuthority({ name: 'Stranger' })).chargePoint()).chain)
  const untrusted = await ask(setting, 'cp.pem')
  assert.equal(untrusted.reason, 'client_cert_untrusted')
  assert.match(ruleOf(untrusted, 'path to a trusted root')?.detail ?? '', /Stranger/)
})

test('[A00.FR.406] a factory certificate is for onboarding, where that is configured, and for who is expected', async (t) => {
  const { setting } = await setUpInspect(t)
  setting.write('cp.pem', (await factory.chargePoint({ o: 'Factory' })).chain)
  const closed = await ask(setting, 'cp.pem')
  assert.deepEqual([closed.code, closed.reason], [1, 'client_cert_organization'])
  assert.match(ruleOf(closed, 'onboarding')?.detail ?? '', /onboarding is not configured/)
  const ca = 'certificateAuthority: { local: { certificate: cpo.pem, key: cpo.key } }'
  const { setting: open, store } = await setUpInspect(t, `onboarding: {}\n${ca}`)
  open.write('cp.pem', (await factory.chargePoint({ o: 'Factory' })).chain)
  const unnamed = await ask(open, 'cp.pem')
  assert.deepEqual([unnamed.code, unnamed.outcome], [0, 'onboarding'])
  const unexpected = await ask(open, 'cp.pem', '--identity', 'CP-1')
  assert.deepEqual([unexpected.code, unexpected.reason], [1, 'client_cert_organization'])
  await store.registry.update('CP-1', { onboarding: expectedOnboarding('certificate', null, 1) })
  const expected = await ask(open, 'cp.pem', '--identity', 'CP-1')
  assert.deepEqual([expected.code, expected.outcome], [0, 'onboarding'])
})

test('[A00.FR.702] report mode lets through, and the deny list does not', async (t) => {
  const checks = '{ client_cert_organization: report, client_cert_revoked: report }'
  const { setting, store } = await setUpInspect(t, `admission: { checks: ${checks} }`)
  const issued = await cpo.chargePoint({ o: 'Somebody' })
  setting.write('cp.pem', issued.chain)
  const reported = await ask(setting, 'cp.pem')
  assert.equal(reported.outcome, 'admitted')
  assert.equal(ruleOf(reported, 'organizationName is the CPO')?.verdict, 'report')
  await store.denied.add({
    target: { kind: 'fingerprint', fingerprint: issued.x509.fingerprint256 },
    note: 'stolen',
    by: 'operator',
    identity: null,
    at: 1,
    expiresAt: null,
  })
  const denied = await ask(setting, 'cp.pem')
  assert.equal(denied.reason, 'client_cert_revoked')
  assert.match(ruleOf(denied, 'deny list')?.detail ?? '', /stolen/)
})

test('without a configuration: --trust, --cpo and --serial-number; the text is for people', async (t) => {
  const setting = setUpPki(t)
  setting.write('cpo.pem', cpo.certificate)
  setting.write('cp.pem', (await cpo.chargePoint()).chain)
  const words = ['inspect', '@cp.pem', '--trust', '@cpo.pem', '--cpo', 'Example CPO', '--serial-number']
  const good = await setting.run(...words, 'SN-0001')
  assert.equal(good.code, 0)
  assert.match(good.out, /subject +O=Example CPO, CN=SN-0001/)
  assert.match(good.out, /\nit would be admitted\n$/)
  const bad = await setting.run(...words, 'SN-0002')
  assert.equal(bad.code, 1)
  assert.match(bad.out, /refused +commonName is its serial number +A00\.FR\.405/)
  assert.match(bad.out, /\nit would be refused: client_cert_common_name\n$/)
  const plain = await setting.run('inspect', '@cp.pem', '--config', '@none.yaml')
  assert.equal(plain.code, 2)
  assert.equal((await setting.run('inspect', '@none.pem', '--trust', '@cpo.pem')).code, 2)
  setting.write('text.pem', 'nothing')
  assert.equal((await setting.run('inspect', '@text.pem', '--trust', '@cpo.pem')).code, 1)
  const named = await setting.run(...words.slice(0, 6), '--identity', 'CP-1')
  assert.match(named.err, /--identity needs the store/)
})

test(
  '[A02.FR.11] [A02.FR.12] a request by openssl is judged as SignCertificate would be',
  needsOpenssl,
  async (t) => {
    const { setting } = await setUpInspect(t)
    const openssl = opensslFolder()
    const request = (subject: string, ...more: string[]) => {
      const key = more.length > 0 ? more : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
      openssl.run('req', '-new', '-nodes', ...key, '-keyout', 'k.key', '-out', 'r.csr', '-subj', subject)
      setting.write('r.csr', openssl.read('r.csr'))
    }
    request('/O=Example CPO/CN=SN-0001')
    const good = await ask(setting, 'r.csr', '--identity', 'CP-1')
    assert.deepEqual([good.code, good.outcome], [0, 'admitted'])
    assert.ok(good.rules.every(({ verdict, requirements }) => verdict === 'ok' && requirements.length > 0))
    assert.equal(ruleOf(await ask(setting, 'r.csr'), 'commonName is the serial number')?.verdict, 'unknown')
    request('/O=Somebody/CN=SN-0002', '-newkey', 'rsa:1024')
    const bad = await ask(setting, 'r.csr', '--identity', 'CP-1')
    assert.deepEqual([bad.code, bad.reason], [1, 'csr_weak_key'])
    const refused = bad.rules.filter(({ verdict }) => verdict === 'refused').map(({ code }) => code)
    assert.deepEqual(refused, ['csr_weak_key', 'csr_organization', 'csr_common_name'])
    setting.write('r.csr', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n')
    assert.equal((await ask(setting, 'r.csr')).reason, 'csr_unreadable')
  },
)
