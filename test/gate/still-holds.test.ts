import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stillHolds } from '../../src/gate/admission.ts'
import type { ChargePointRecord } from '../../src/store/store.ts'

const before: ChargePointRecord = {
  identity: 'CP-1',
  serialNumber: null,
  securityProfile: 1,
  upgradeTo: null,
  legacyTls: false,
  blocked: false,
  credential: { scheme: 'hmac-sha256', salt: 'c2FsdA==', hash: 'aGFzaA==' },
  passwordForm: null,
  upstreamSecret: null,
  learned: false,
  createdAt: 1,
  updatedAt: 1,
  lastSeenAt: null,
  lastAddress: null,
  lastTls: null,
  offersMandatorySuites: null,
}

const reasonOf = (now: ChargePointRecord | null, mode: 'enforce' | 'report' = 'enforce') => {
  const verdict = stillHolds(before, now, 1, mode)
  return verdict.ok ? 'holds' : verdict.reason
}

test('[A05.FR.09] what happened while a charge point waited for its 101 counts', () => {
  assert.equal(reasonOf({ ...before, lastSeenAt: 5, updatedAt: 6 }), 'holds')
  assert.equal(reasonOf(null), 'charge_point_unknown')
  assert.equal(reasonOf({ ...before, blocked: true }), 'charge_point_blocked')
  assert.equal(reasonOf({ ...before, credential: null }), 'credentials_invalid')
  assert.equal(reasonOf({ ...before, securityProfile: 2 }), 'profile_mismatch')
  assert.equal(reasonOf({ ...before, securityProfile: 2 }, 'report'), 'holds')
})
