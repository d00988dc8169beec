import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { generateKey } from '../../../src/pki/keys.ts'
import { splitPem } from '../../../src/pki/pem.ts'
import { type CsrOptions, makeCsr } from '../../support/csr.ts'
import { status } from '../operation/setting.ts'
import { down, oldFingerprint, setUp } from './setting.ts'

const ec = await generateKey({ type: 'ec', curve: 'P-256' })
const rsa = await generateKey({ type: 'rsa', bits: 2048 })

for (const [type, keys] of [
  ['EC', ec],
  ['RSA', rsa],
] as const) {
  test(`[A02.FR.04][A02.FR.11][A03.FR.01][A03.FR.04][A03.FR.11] a request with an ${type} key is accepted, signed and sent, and both certificates are valid`, async (t) => {
    const setting = await setUp(t)
    const session = setting.connect()
    assert.equal(await setting.sign({ keys }), 'Accepted')
    const sent = await session.outcome(status('Accepted'))
    assert.equal(sent.action, 'CertificateSigned')
    const [leaf] = splitPem(String(sent.payload.certificateChain)).map((pem) => new X509Certificate(pem))
    assert.ok(leaf !== undefined && leaf.publicKey.equals(keys.publicKey))
    assert.ok(leaf.verify(setting.root.x509.publicKey))
    await setting.settle()
    const renewal = await setting.renewal()
    assert.partialDeepStrictEqual(renewal, {
      phase: 'accepted',
      origin: 'charge-point',
      keyType: type.toLowerCase(),
      previousFingerprint: oldFingerprint,
      deliveries: 1,
    })
    assert.equal(await setting.store.registry.keyOwner(renewal.keyFingerprint), 'CP1', '[A00.FR.427]')
    assert.equal(await setting.store.denied.count(), 0, 'the old one is valid still')
    assert.deepEqual(setting.noted(), ['ReconfigurationOfSecurityParameters'])
  })
}

test('[A02.FR.08][A02.FR.09][A03.FR.08][A03.FR.09][A00.FR.427] the old certificate retires when the new one was seen, and no sooner', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  await setting.sign({ keys: ec })
  await session.outcome(status('Accepted'))
  await setting.settle()
  setting.connect()
  await setting.settle()
  assert.equal((await setting.renewal()).phase, 'accepted', 'it came with the old one')
  const { certificateFingerprint } = await setting.renewal()
  setting.connect({ certificate: certificateFingerprint })
  await setting.heard()
  assert.equal((await setting.renewal()).phase, 'seen')
  const [entry] = await setting.store.denied.list({ limit: 9 })
  assert.partialDeepStrictEqual(entry, {
    target: { kind: 'fingerprint', fingerprint: oldFingerprint },
    by: 'superseded',
    identity: 'CP1',
  })
  setting.connect({ certificate: certificateFingerprint })
  await setting.heard()
  assert.equal(await setting.store.denied.count(), 1)
  assert.deepEqual(
    [...setting.counts],
    [
      ['accepted', 1],
      ['seen', 1],
    ],
  )
})

test('[A02.FR.08] certificates of before that our authority issued are superseded in its index', async (t) => {
  const setting = await setUp(t)
  for (const keys of [ec, rsa]) {
    const session = setting.connect({ certificate: null })
    await setting.sign({ keys })
    await session.outcome(status('Accepted'))
    await setting.settle()
  }
  const [second, first] = await setting.store.issued.list({ limit: 9 })
  setting.connect({ certificate: (await setting.renewal()).certificateFingerprint })
  await setting.heard()
  const after = await setting.store.issued.list({ limit: 9 })
  assert.deepEqual(
    after.map(({ revocation }) => revocation?.reason ?? null),
    [null, 'superseded'],
  )
  assert.deepEqual(
    after.map(({ number }) => number),
    [second?.number, first?.number],
  )
  const [entry] = await setting.store.denied.list({ limit: 9 })
  assert.equal(entry?.expiresAt, first?.notAfter)
})

test('[A02.FR.07][A03.FR.07] a charge point that refuses keeps its old certificate, and that is an event', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  await setting.sign({ keys: ec })
  await session.outcome(status('Rejected'))
  await setting.settle()
  assert.partialDeepStrictEqual(await setting.renewal(), { phase: 'refused' })
  assert.deepEqual(setting.noted(), ['InvalidChargePointCertificate'])
  assert.match(setting.events.at(-1)?.techInfo ?? '', /its old certificate stays valid \[A02\.FR\.07\]/)
  assert.equal(await setting.store.denied.count(), 0)
})

test('the same key again: the same answer, the same certificate, and no second one', async (t) => {
  const setting = await setUp(t)
  const session = setting.connect()
  const csr = await makeCsr({ keys: ec })
  assert.equal(await setting.sign(csr), 'Accepted')
  const first = await session.outcome(status('Accepted'))
  await setting.settle()
  // Another request with the same key: a new signature.
  assert.equal(await setting.sign({ keys: ec }), 'Accepted')
  const second = await session.outcome(status('Accepted'))
  await setting.settle()
  assert.deepEqual(second.payload, first.payload)
  assert.equal((await setting.store.issued.list({ limit: 9 })).length, 1)
  assert.equal((await setting.renewal()).phase, 'accepted')
})

test('[A02.FR.12][A03.FR.12] what cannot be done is answered Rejected: no authority, or one that is known to be down', async (t) => {
  const setting = await setUp(t)
  const { authority } = setting
  setting.authority = null
  assert.equal(await setting.sign({ keys: ec }), 'Rejected')
  assert.equal(await setting.store.renewals.get('CP1'), null)
  setting.authority = down
  assert.equal(await setting.sign({ keys: ec }), 'Accepted', 'nobody knows yet')
  await setting.settle()
  assert.equal(await setting.sign({ keys: rsa }), 'Accepted', 'the one for RSA keys may work')
  await setting.settle()
  const other = await generateKey({ type: 'ec', curve: 'P-256' })
  assert.equal(await setting.sign({ keys: other }), 'Rejected')
  assert.match(setting.update.notes().join(), /cannot be asked: ca\.example\.com/)
  assert.ok(setting.noted().includes('SignCertificateRejected'))
  setting.authority = authority
  setting.update.authoritiesChanged()
  assert.deepEqual(setting.update.notes(), [])
  assert.equal(await setting.sign({ keys: other }), 'Accepted')
})

test('[A02.FR.12][A00.FR.404][A00.FR.405][A02.FR.13] a request that may not be signed is answered Rejected, with what is wrong', async (t) => {
  const setting = await setUp(t)
  const wrong: readonly [request: CsrOptions | string, code: string][] = [
    [
      {
        subject: [
          ['O', 'Other'],
          ['CN', 'SN-0001'],
        ],
      },
      'csr_organization',
    ],
    [
      {
        subject: [
          ['O', 'Example CPO'],
          ['CN', 'SN-00010'],
        ],
      },
      'csr_common_name',
    ],
    [{ hash: 'SHA-1' }, 'csr_weak_signature'],
    ['no PEM', 'csr_unreadable'],
  ]
  for (const [request, code] of wrong) {
    assert.equal(await setting.sign(request), 'Rejected')
    assert.match(setting.events.at(-1)?.techInfo ?? '', new RegExp(code))
  }
  assert.equal(await setting.store.renewals.get('CP1'), null)
  assert.equal(setting.counts.get('rejected'), 4)
})

test('[A00.FR.427] the key of another charge point is not signed, seen or only requested', async (t) => {
  const setting = await setUp(t)
  const key = { certificateFingerprint: 'c', subject: 's', notAfter: 1 }
  const { publicKey } = ec
  assert.equal(await setting.sign({ keys: ec }), 'Accepted')
  const { keyFingerprint } = await setting.renewal()
  await setting.store.registry.remove('CP1')
  await setting.store.registry.add('CP1', { serialNumber: 'SN-0001' })
  await setting.store.registry.claimKey('CP2', { ...key, keyFingerprint }, 1)
  assert.equal(await setting.sign({ keys: { ...ec, publicKey } }), 'Rejected')
  assert.match(setting.events.at(-1)?.techInfo ?? '', /csr_shared_key/)
})

test('[A00.FR.206] over profile 1 it is a SecurityError, unless the operator allows it', async (t) => {
  const setting = await setUp(t)
  setting.connect({ profile: 1, certificate: null })
  assert.equal(await setting.sign({ keys: ec }), 'SecurityError')
  setting.settings.overInsecureProfiles = {
    ...setting.settings.overInsecureProfiles,
    profile1: { certificates: 'allow', passwords: 'allow', profile: 'allow' },
  }
  assert.equal(await setting.sign({ keys: ec }), 'Accepted')
})

test('[A00.FR.206] an issued certificate waits for a connection that may carry it', async (t) => {
  const setting = await setUp(t)
  setting.connect({ profile: 2, certificate: null })
  await setting.sign({ keys: ec })
  const insecure = setting.connect({ profile: 1, certificate: null })
  setting.clock.advance(5_000)
  await setting.settle()
  assert.deepEqual(insecure.calls, [])
  const secure = setting.connect({ profile: 2, certificate: null })
  await setting.settle()
  setting.clock.advance(5_000)
  assert.equal((await secure.outcome(status('Accepted'))).action, 'CertificateSigned')
})

test('[OCPP-J 4.2.3] a malformed request is answered with its CALLERROR and is no event', async (t) => {
  const setting = await setUp(t)
  assert.equal(await setting.sign('x'.repeat(5501)), 'PropertyConstraintViolation')
  assert.deepEqual(setting.noted(), [])
})

test('[design 6] securityMessages: forward: it is left to the central system', async (t) => {
  const setting = await setUp(t)
  setting.settings.securityMessages = 'forward'
  assert.equal(await setting.sign({ keys: ec }), 'forward')
})

test('[CWE-770] a charge point that asks without end is ended, and makes one event a minute', async (t) => {
  const setting = await setUp(t)
  setting.settings.requestsPerHour = 1
  await setting.sign({ keys: ec })
  for (let count = 0; count < 3; count += 1) assert.equal(await setting.sign({}), 'Rejected')
  assert.deepEqual(setting.noted().filter((type) => type === 'SignCertificateRejected').length, 1)
  setting.clock.advance(60_000)
  await setting.sign({})
  assert.match(setting.events.at(-1)?.techInfo ?? '', /and 2 times since/)
  setting.clock.advance(3_600_000)
  assert.equal(await setting.sign({}), 'Accepted')
})

test('[A02.FR.08] [CWE-362] what is issued while the new certificate is seen for the first time does not retire with the old ones', async (t) => {
  const setting = await setUp(t)
  const { store } = setting
  const other = async (serialNumber: string) => {
    const record = { identity: 'CP1', subject: 'CN=SN-0001', keyFingerprint: serialNumber, notBefore: 1 }
    const times = { notAfter: setting.clock.now() + 86_400_000, issuedAt: setting.clock.now() }
    const certificateFingerprint = serialNumber.repeat(32)
    await store.issued.record({ ...record, ...times, authority: 'a', serialNumber, certificateFingerprint })
  }
  await other('1A')
  const session = setting.connect()
  await setting.sign({ keys: ec })
  await session.outcome(status('Accepted'))
  await setting.settle()
  await other('2B')
  setting.connect({ certificate: (await setting.renewal()).certificateFingerprint })
  await setting.heard()
  assert.equal((await setting.renewal()).phase, 'seen')
  const denied = (await store.denied.list({ limit: 9 })).map(({ key }) => key)
  assert.deepEqual(denied.sort(), [`fingerprint:${oldFingerprint}`, `fingerprint:${'1a'.repeat(32)}`].sort())
  assert.equal((await store.issued.byFingerprint('2B'.repeat(32)))?.revocation, null)
})
