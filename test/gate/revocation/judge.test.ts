import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeWithModes } from '../../../src/gate/revocation/judge.ts'
import type { CheckMode, ReasonCode } from '../../../src/policy/reasons.ts'
import type { RevocationFacts } from '../../../src/policy/revocation.ts'

const now = Date.UTC(2026, 0, 1)
const hard = { ocsp: 'hard', onStaleCrl: 'refuse', graceMs: 0 } as const
const facts = (more: Partial<RevocationFacts>): RevocationFacts => ({
  denied: null,
  crl: { kind: 'none' },
  ocsp: { kind: 'none' },
  ...more,
})
const modes = (set: Partial<Record<ReasonCode, CheckMode>>) => (reason: ReasonCode) =>
  set[reason] ?? 'enforce'
const found = (of: RevocationFacts, set: Partial<Record<ReasonCode, CheckMode>> = {}) =>
  judgeWithModes(of, hard, '', modes(set), now).findings.map(({ reason, mode }) => `${reason} ${mode}`)

const stale = { kind: 'good', stale: true, nextUpdate: now - 1 } as const
const silent = { kind: 'problem', code: 'timeout', detail: 'late', goodUntil: null } as const
const revoked = { kind: 'revoked', stale: false, revocation: { at: 1, reason: 'unspecified' } } as const

test('[A00.FR.704] a finding on report does not hide what else would refuse', () => {
  const both = facts({ crl: stale, ocsp: silent })
  assert.deepEqual(found(both), ['crl_stale enforce'])
  for (const mode of ['report', 'off'] as const)
    assert.deepEqual(found(both, { crl_stale: mode }), [`crl_stale ${mode}`, 'revocation_unknown enforce'])
  assert.deepEqual(found(both, { crl_stale: 'off', revocation_unknown: 'report' }), [
    'crl_stale off',
    'revocation_unknown report',
  ])
  const unusable = facts({ crl: { kind: 'unusable', detail: 'x' }, ocsp: silent })
  assert.deepEqual(found(unusable, { revocation_unknown: 'report' }), ['revocation_unknown report'])
  assert.deepEqual(found(facts({ crl: revoked }), { client_cert_revoked: 'report' }), [
    'client_cert_revoked report',
  ])
})

test("[A00.FR.702] no mode weakens the operator's own word", () => {
  const denied = facts({ denied: { note: 'stolen' } })
  for (const mode of ['enforce', 'report', 'off'] as const)
    assert.deepEqual(found(denied, { client_cert_revoked: mode }), ['client_cert_revoked enforce'])
})

test('[A00.FR.704] who was admitted without a proof is told of, and who is meant', () => {
  const soft = { ...hard, ocsp: 'soft' } as const
  const admitted = judgeWithModes(facts({ ocsp: silent }), soft, 'x: ', modes({}), now)
  assert.deepEqual(admitted, { findings: [], warning: 'OCSP: timeout, late' })
  const [finding] = judgeWithModes(facts({ crl: revoked }), hard, 'Root: ', modes({}), now).findings
  assert.match(finding?.detail ?? '', /^Root: the CRL says: revoked/)
})
