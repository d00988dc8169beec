import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AdmissionRequest, type AdmissionResult, admit } from '../../src/gate/admission.ts'
import { hashKey } from '../../src/gate/credentials/hash.ts'
import { createLockout } from '../../src/gate/credentials/lockout.ts'
import { createPasswordVerifier, type PasswordVerifier } from '../../src/gate/credentials/verifier.ts'
import type { SecurityProfile } from '../../src/policy/facts.ts'
import type {
  ChargePointPatch,
  ChargePointRecord,
  CredentialChange,
  Registry,
} from '../../src/store/store.ts'
import { aChain, aLeaf, aRecord, factsWith } from './facts.ts'

const key = Buffer.from('00112233445566778899aabbccddeeff00112233', 'hex')
const credential = await hashKey(key, false)
const basic = (user: string, password: Buffer) =>
  `Basic ${Buffer.concat([Buffer.from(`${user}:`), password]).toString('base64')}`
const right = basic('CP1', key)
const wrong = basic('CP1', Buffer.alloc(20, 1))
const chain = factsWith({ chain: aChain })
const legacyTls = { version: 'TLSv1', cipher: 'AES128-SHA', resumed: false, lane: 'legacy' } as const

interface Case extends Partial<AdmissionRequest> {
  readonly record?: Partial<ChargePointRecord> | null
  readonly keyOwner?: string
  readonly serialOwner?: string
  readonly verifier?: Pick<PasswordVerifier, 'verifyEither'>
}

/** Admits one request; `touched` are the calls that changed or asked the registry. */
async function decide({ record = {}, keyOwner, serialOwner, verifier, ...request }: Case) {
  const touched: string[] = []
  const added: [string, ChargePointPatch][] = []
  const reported: string[] = []
  const known = record === null ? null : { ...aRecord, credential, ...record }
  const registry: Pick<Registry, 'get' | 'keyOwner' | 'findBySerialNumber' | 'add'> = {
    get: async (identity) => (identity === 'CP1' ? known : null),
    keyOwner: async () => {
      touched.push('keyOwner')
      return keyOwner ?? null
    },
    findBySerialNumber: async () =>
      serialOwner === undefined ? null : { ...aRecord, identity: serialOwner },
    add: async (identity, fields) => {
      added.push([identity, fields])
      return aRecord
    },
  }
  const result = await admit(
    {
      profile: 1,
      identity: { identity: 'CP1', encoded: 'CP1' },
      authorization: undefined,
      facts: factsWith(),
      learn: false,
      modeOf: () => 'enforce',
      report: (reason) => reported.push(reason),
      ...request,
    },
    {
      registry: registry as Registry,
      verifier: verifier ?? createPasswordVerifier({ now: () => 0 }),
      lockout: createLockout({ failures: 5, lockMs: 1000, now: () => 0 }),
      now: () => 7,
    },
  )
  return { result, touched, added, reported }
}

const reasonOf = (result: AdmissionResult) => (result.ok ? 'admitted' : result.reason)

const table: [string, Case, string][] = [
  ['[A00.FR.202] profile 1, right password', { authorization: right }, 'admitted'],
  ['[A00.FR.203] no header', {}, 'credentials_missing'],
  ['[A00.FR.203] another scheme', { authorization: 'Bearer x' }, 'credentials_missing'],
  ['[A00.FR.204] another user name', { authorization: basic('CP2', key) }, 'credentials_username'],
  ['[A00.FR.205] wrong password', { authorization: wrong }, 'credentials_invalid'],
  [
    '[A00.FR.205] no password is set',
    { authorization: right, record: { credential: null } },
    'credentials_invalid',
  ],
  ['[CWE-306] unknown', { authorization: right, record: null }, 'charge_point_unknown'],
  ['[A00.FR.301] profile 2, right password', { profile: 2, authorization: right }, 'admitted'],
  ['[A00.FR.304] profile 2, wrong password', { profile: 2, authorization: wrong }, 'credentials_invalid'],
  ['[A00.FR.405] profile 3, its certificate', { profile: 3, facts: chain }, 'admitted'],
  ['[A00.FR.402] profile 3, no certificate', { profile: 3 }, 'client_cert_missing'],
  [
    '[A00.FR.405] the certificate of another',
    { profile: 3, facts: chain, record: { serialNumber: 'SN-2' } },
    'client_cert_common_name',
  ],
  [
    '[A00.FR.427] a key that serves another',
    { profile: 3, facts: chain, keyOwner: 'CP2' },
    'client_cert_shared',
  ],
  ['[A00.FR.427] its own key', { profile: 3, facts: chain, keyOwner: 'CP1' }, 'admitted'],
  ['[OCPP-J 3.2] profile 3, unknown', { profile: 3, facts: chain, record: null }, 'charge_point_unknown'],
  [
    '[A00.FR.001] profile 0, marked and kept on it',
    { profile: 0, record: { securityProfile: 0, migrating: true } },
    'admitted',
  ],
  ['[A00.FR.001] profile 0, kept on none', { profile: 0 }, 'profile_mismatch'],
  ['[A00.FR.002] profile 0, kept on 1', { profile: 0, record: { securityProfile: 1 } }, 'profile_mismatch'],
  ['profile 0, unknown', { profile: 0, record: null }, 'charge_point_unknown'],
  ['blocked', { authorization: right, record: { blocked: true } }, 'charge_point_blocked'],
  [
    '[A00.FR.002] lower than the kept profile',
    { authorization: right, record: { securityProfile: 2 } },
    'profile_mismatch',
  ],
  [
    '[A05.FR.09] higher without an upgrade',
    { profile: 2, authorization: right, record: { securityProfile: 1 } },
    'profile_mismatch',
  ],
  [
    '[A05.FR.09] higher with an upgrade',
    { profile: 2, authorization: right, record: { securityProfile: 1, upgradeTo: 2 } },
    'admitted',
  ],
  [
    '[A00.FR.314] TLS 1.0, not marked',
    { profile: 2, authorization: right, facts: factsWith({ tls: legacyTls }) },
    'tls_version',
  ],
  [
    '[A00.FR.314] TLS 1.0, marked',
    { profile: 2, authorization: right, facts: factsWith({ tls: legacyTls }), record: { legacyTls: true } },
    'admitted',
  ],
]

for (const [name, setting, expected] of table) {
  test(`${name}: ${expected}`, async () => {
    const { result, added } = await decide(setting)
    assert.equal(reasonOf(result), expected)
    assert.deepEqual(added, [])
  })
}

test('[CWE-204] nothing about a charge point is told before it is proven: blocked, kept, lane', async () => {
  const record = { blocked: true, securityProfile: 3 as const, legacyTls: false }
  for (const profile of [1, 2] as const) {
    const facts = factsWith({ tls: profile === 2 ? legacyTls : null })
    const { result } = await decide({ profile, authorization: wrong, record, facts })
    assert.equal(reasonOf(result), 'credentials_invalid')
  }
  const other = await decide({ profile: 3, facts: chain, record: { ...record, serialNumber: 'SN-2' } })
  assert.equal(reasonOf(other.result), 'client_cert_common_name')
})

test('[CWE-204] for an unknown charge point the registry is not asked whose key it is', async () => {
  const { touched } = await decide({ profile: 3, facts: chain, record: null })
  assert.deepEqual(touched, [])
})

test('[CWE-307] after so many failures not even the right password is looked at', async () => {
  let asked = 0
  const verifier: Pick<PasswordVerifier, 'verifyEither'> = {
    verifyEither: async () => {
      asked += 1
      return { ok: false }
    },
  }
  const lockout = createLockout({ failures: 2, lockMs: 1000, now: () => 0 })
  const registry = { get: async () => ({ ...aRecord, credential }) } as unknown as Registry
  const attempt = () =>
    admit(
      {
        profile: 1,
        identity: { identity: 'CP1', encoded: 'CP1' },
        authorization: right,
        facts: factsWith(),
        learn: false,
        modeOf: () => 'enforce',
        report: () => {},
      },
      { registry, verifier, lockout, now: () => 0 },
    )
  const seen = [await attempt(), await attempt(), await attempt()].map(reasonOf)
  assert.deepEqual(seen, ['credentials_invalid', 'credentials_invalid', 'credentials_locked'])
  assert.equal(asked, 2)
})

test('[CWE-400] too many password checks at once are capacity, not a wrong password', async () => {
  const verifier: Pick<PasswordVerifier, 'verifyEither'> = {
    verifyEither: async () => ({ overloaded: true }),
  }
  const { result } = await decide({ authorization: right, verifier })
  assert.equal(reasonOf(result), 'capacity')
})

test('report and off: found, reported or not, and admitted', async () => {
  const setting: Case = {
    profile: 3,
    facts: chain,
    keyOwner: 'CP2',
    record: { serialNumber: 'SN-2', securityProfile: 0 },
  }
  const report = await decide({ ...setting, modeOf: () => 'report' })
  assert.equal(reasonOf(report.result), 'admitted')
  assert.deepEqual(report.reported, ['client_cert_common_name', 'client_cert_shared', 'profile_mismatch'])
  const off = await decide({ ...setting, modeOf: () => 'off' })
  assert.deepEqual([reasonOf(off.result), off.reported], ['admitted', []])
})

test('learn: an unknown charge point is registered with what it proved itself with, and only later', async () => {
  const { result, added } = await decide({ authorization: right, record: null, learn: true })
  assert.ok(result.ok && result.learn !== null)
  assert.deepEqual(added, [])
  await result.learn()
  const [[identity, fields] = ['', {} as ChargePointPatch]] = added
  assert.equal(identity, 'CP1')
  assert.deepEqual(
    [fields.learned, fields.securityProfile, fields.lastSeenAt, fields.serialNumber],
    [true, 1, 7, null],
  )
  const verifier = createPasswordVerifier({ now: () => 0 })
  assert.deepEqual(await verifier.verify(fields.credential ?? null, key, 'CP1'), { ok: true, form: 'raw' })
  assert.ok(!JSON.stringify(fields).includes(key.toString('base64')))

  const byCertificate = await decide({ profile: 3, facts: chain, record: null, learn: true })
  assert.ok(byCertificate.result.ok && byCertificate.result.learn !== null)
  await byCertificate.result.learn()
  assert.equal(byCertificate.added[0]?.[1].serialNumber, aLeaf.commonNames[0])
})

test('[A00.FR.429] learn: a serial number that is taken, and profile 0, are not learned', async () => {
  const cases: Case[] = [{ profile: 3, facts: chain, serialOwner: 'CP9' }, { profile: 0 }]
  for (const setting of cases) {
    const { result } = await decide({ ...setting, record: null, learn: true })
    assert.equal(reasonOf(result), 'charge_point_unknown')
  }
  const profiles: SecurityProfile[] = [1, 2]
  for (const profile of profiles) {
    const { result } = await decide({ profile, record: null, learn: true })
    assert.equal(reasonOf(result), 'credentials_missing', 'no proof, nothing to learn')
  }
})

const nextKey = Buffer.from('ffeeddccbbaa99887766554433221100ffeeddcc', 'hex')
const credentialChange: CredentialChange = {
  next: await hashKey(nextKey, false),
  nextUpstreamSecret: null,
  phase: 'offered',
  origin: 'operator',
  startedAt: 1,
  answeredAt: null,
  oldSeenAt: null,
}

test('[A01.FR.03] while a password is changed both are admitted, and it is told which one it was', async () => {
  const used = async (password: Buffer, record: Partial<ChargePointRecord>) => {
    const { result } = await decide({ authorization: basic('CP1', password), record })
    return result.ok ? result.credential : result.reason
  }
  assert.equal(await used(key, { credentialChange }), 'current')
  assert.equal(await used(nextKey, { credentialChange }), 'next')
  assert.equal(await used(Buffer.from(nextKey.toString('hex')), { credentialChange }), 'next')
  assert.equal(await used(Buffer.alloc(20, 9), { credentialChange }), 'credentials_invalid')
  assert.equal(await used(nextKey, { credentialChange: null }), 'credentials_invalid')
  const promoted = { credential: credentialChange.next, credentialChange: null }
  assert.equal(await used(key, promoted), 'credentials_invalid')
  const first = { credential: null, credentialChange }
  assert.equal(await used(nextKey, first), 'next', 'its first password')
  const byCertificate = await decide({ profile: 3, facts: chain, record: { credentialChange } })
  assert.ok(byCertificate.result.ok && byCertificate.result.credential === null)
})

test('[CWE-307] of 50 guesses at once no more are answered than one after the other', async () => {
  const text = Buffer.from('correct horse')
  const record = { ...aRecord, credential: await hashKey(text, true) }
  const registry = { get: async () => record } as unknown as Registry
  const lockout = createLockout({ failures: 5, lockMs: 1000, now: () => 0 })
  const verifier = createPasswordVerifier({ now: () => 0 })
  const guess = (password: Buffer) =>
    admit(
      {
        profile: 1,
        identity: { identity: 'CP1', encoded: 'CP1' },
        authorization: basic('CP1', password),
        facts: factsWith(),
        learn: false,
        modeOf: () => 'enforce',
        report: () => {},
      },
      { registry, verifier, lockout, now: () => 0 },
    )
  const guesses = Array.from({ length: 50 }, (_, index) =>
    index === 49 ? text : Buffer.from(`guess ${index}`),
  )
  const answers = (await Promise.all(guesses.map(guess))).map(reasonOf)
  const count = (reason: string) => answers.filter((answer) => answer === reason).length
  assert.deepEqual([count('credentials_invalid'), count('credentials_locked')], [5, 45])
  assert.equal(answers.at(-1), 'credentials_locked', 'the right one came too late')
  const renewed = await hashKey(nextKey, false)
  Object.assign(record, { credential: renewed })
  assert.equal(reasonOf(await guess(nextKey)), 'admitted', 'a new password ends the lock')
})
