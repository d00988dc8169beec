import assert from 'node:assert/strict'
import { test } from 'node:test'
import { responderProblem } from '../../src/policy/ocsp-responder.ts'
import type { CrlOutcome, OcspMode } from '../../src/policy/revocation.ts'

const now = Date.parse('2026-11-26T12:00:00Z')
const none = { kind: 'none' } as const
const good = { kind: 'good', stale: false, nextUpdate: now + 1000 } as const
const stale = { kind: 'good', stale: true, nextUpdate: now - 60_000 } as const
const revoked = { kind: 'revoked', stale: false, revocation: { at: now, reason: 'keyCompromise' } } as const
const unusable = { kind: 'unusable', detail: 'it is not there' } as const

const problem = (crl: CrlOutcome, ocsp: OcspMode, onStaleCrl: 'refuse' | 'admit' = 'refuse') =>
  responderProblem({ denied: null, crl }, { ocsp, onStaleCrl, graceMs: 86_400_000 }, now)

test('[RFC 6960 4.2.2.2.1] a delegate is judged by deny list and CRL, and nobody asks OCSP about OCSP', () => {
  for (const ocsp of ['soft', 'hard'] as const) {
    assert.equal(problem(good, ocsp), null)
    assert.match(problem(revoked, ocsp) ?? '', /^the responder: the CRL says: revoked .*keyCompromise/)
    assert.match(problem(revoked, ocsp, 'admit') ?? '', /keyCompromise/)
    const denied = { note: 'stolen' }
    const policy = { ocsp, onStaleCrl: 'admit', graceMs: 0 } as const
    const said = responderProblem({ denied, crl: good }, policy, now) ?? ''
    assert.equal(said, 'the responder: it is on the local deny list: stolen')
    assert.match(problem(stale, ocsp) ?? '', /1 minutes past its nextUpdate/)
    assert.match(problem(unusable, ocsp) ?? '', /it is not there/)
  }
})

test('[A00.FR.704] where no CRL vouches for it, soft believes a delegate, and hard does not', () => {
  assert.equal(problem(none, 'soft'), null)
  assert.match(problem(none, 'hard') ?? '', /^no CRL vouches for the responder, .*ocsp-nocheck$/)
  for (const crl of [stale, unusable]) {
    assert.equal(problem(crl, 'soft', 'admit'), null)
    assert.notEqual(problem(crl, 'hard', 'admit'), null)
  }
})
