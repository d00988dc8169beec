import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AdmittedOn, stillHolds } from '../../src/gate/admission.ts'
import type { ChargePointRecord, CredentialChange, CredentialHash } from '../../src/store/store.ts'
import { aRecord } from './facts.ts'

const hash = (name: string): CredentialHash => ({
  scheme: 'hmac-sha256',
  salt: name,
  hash: `hash of ${name}`,
})
const change = (next: string, startedAt: number): CredentialChange => ({
  next: hash(next),
  nextUpstreamSecret: null,
  phase: 'offered',
  origin: 'operator',
  startedAt,
  answeredAt: null,
  oldSeenAt: null,
})

const before: ChargePointRecord = { ...aRecord, securityProfile: 1, credential: hash('old') }
const offered: ChargePointRecord = { ...before, credentialChange: change('new', 5) }

function look(
  now: ChargePointRecord | null,
  on: Partial<AdmittedOn> = {},
  mode: 'enforce' | 'report' = 'enforce',
): string {
  const result = stillHolds({ record: before, credential: 'current', profile: 1, ...on }, now, mode)
  return result.ok ? `${result.credential} ${result.changeStartedAt}` : result.reason
}

test('[A05.FR.09] what happened while a charge point waited for its 101 counts', () => {
  assert.equal(look({ ...before, lastSeenAt: 5, updatedAt: 6 }), 'current null')
  assert.equal(look(null), 'charge_point_unknown')
  assert.equal(look({ ...before, blocked: true }), 'charge_point_blocked')
  assert.equal(look({ ...before, credential: null }), 'credentials_invalid')
  assert.equal(look({ ...before, credential: hash('other') }), 'credentials_invalid')
  assert.equal(look({ ...before, securityProfile: 2 }), 'profile_mismatch')
  assert.equal(look({ ...before, securityProfile: 2 }, {}, 'report'), 'current null')
})

test('[A01.FR.03] while a password is changed, a login is what its password has become meanwhile', () => {
  const withNew = { record: offered, credential: 'next' } as const
  assert.equal(look(offered, withNew), 'next 5')
  assert.equal(look(offered, { record: offered }), 'current 5')
  const promoted = { ...before, credential: hash('new') }
  assert.equal(look(promoted, withNew), 'current null', 'it was settled, by a grace or another login')
  assert.equal(look(promoted, { record: offered }), 'credentials_invalid', 'the old one has ended')
  assert.equal(look(before, withNew), 'credentials_invalid', 'the new one was taken back')
  assert.equal(look(before, { record: offered }), 'current null')
})

test('[A01.FR.03] a login says nothing about a change that began after it, nor about another one', () => {
  assert.equal(look(offered), 'current null', 'old password, shown before the offer')
  const third = { ...before, credentialChange: change('third', 9) }
  assert.equal(look(third, { record: offered, credential: 'next' }), 'credentials_invalid')
  const after = { ...before, credential: hash('new'), credentialChange: change('third', 9) }
  assert.equal(look(after, { record: offered, credential: 'next' }), 'current null')
})

test('[A00.FR.401] who proved itself with a certificate does not mind a changed password', () => {
  const record = { ...before, securityProfile: 3 as const }
  const now = { ...record, credential: hash('other') }
  assert.equal(look(now, { record, credential: null, profile: 3 }), 'null null')
})
