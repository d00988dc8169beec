import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CrlOutcome,
  checkRevocation,
  judgeRevocation,
  type OcspMode,
  type OcspOutcome,
  type RevocationFacts,
  type RevocationPolicy,
} from '../../src/policy/revocation.ts'

const now = Date.UTC(2026, 0, 2)
const revocation = { at: Date.UTC(2026, 0, 1), reason: 'keyCompromise' } as const

const crls = {
  none: { kind: 'none' },
  good: { kind: 'good', stale: false, nextUpdate: now + 1 },
  stale: { kind: 'good', stale: true, nextUpdate: now - 120_000 },
  revoked: { kind: 'revoked', stale: false, revocation },
  staleRevoked: { kind: 'revoked', stale: true, revocation },
  unusable: { kind: 'unusable', detail: 'it is torn' },
} as const satisfies Record<string, CrlOutcome>

const ocsps = {
  none: { kind: 'none' },
  good: { kind: 'good' },
  revoked: { kind: 'revoked', revocation },
  unknown: { kind: 'unknown' },
  problem: { kind: 'problem', code: 'timeout', detail: 'silence', goodUntil: null },
} as const satisfies Record<string, OcspOutcome>

type CrlName = keyof typeof crls
type OcspName = keyof typeof ocsps
/** ok, or the reason: R client_cert_revoked, U revocation_unknown, S crl_stale. w: admitted with a warning. */
type Answer = 'ok' | 'w' | 'R' | 'U' | 'S'

/** Rows: the CRL. Columns: OCSP none, good, revoked, unknown, problem. */
type Table = Readonly<Record<CrlName, readonly [Answer, Answer, Answer, Answer, Answer]>>

const tables: Readonly<Record<`${OcspMode} ${RevocationPolicy['onStaleCrl']}`, Table>> = {
  'off refuse': {
    none: ['ok', 'ok', 'ok', 'ok', 'ok'],
    good: ['ok', 'ok', 'ok', 'ok', 'ok'],
    stale: ['S', 'S', 'S', 'S', 'S'],
    revoked: ['R', 'R', 'R', 'R', 'R'],
    staleRevoked: ['R', 'R', 'R', 'R', 'R'],
    unusable: ['U', 'U', 'U', 'U', 'U'],
  },
  'off admit': {
    none: ['ok', 'ok', 'ok', 'ok', 'ok'],
    good: ['ok', 'ok', 'ok', 'ok', 'ok'],
    stale: ['w', 'w', 'w', 'w', 'w'],
    revoked: ['R', 'R', 'R', 'R', 'R'],
    staleRevoked: ['R', 'R', 'R', 'R', 'R'],
    unusable: ['w', 'w', 'w', 'w', 'w'],
  },
  'soft refuse': {
    none: ['w', 'ok', 'R', 'U', 'w'],
    good: ['ok', 'ok', 'R', 'ok', 'ok'],
    stale: ['S', 'ok', 'R', 'U', 'S'],
    revoked: ['R', 'R', 'R', 'R', 'R'],
    staleRevoked: ['R', 'R', 'R', 'R', 'R'],
    unusable: ['U', 'ok', 'R', 'U', 'U'],
  },
  'soft admit': {
    none: ['w', 'ok', 'R', 'U', 'w'],
    good: ['ok', 'ok', 'R', 'ok', 'ok'],
    stale: ['w', 'ok', 'R', 'U', 'w'],
    revoked: ['R', 'R', 'R', 'R', 'R'],
    staleRevoked: ['R', 'R', 'R', 'R', 'R'],
    unusable: ['w', 'ok', 'R', 'U', 'w'],
  },
  'hard refuse': {
    none: ['U', 'ok', 'R', 'U', 'U'],
    good: ['ok', 'ok', 'R', 'U', 'ok'],
    stale: ['S', 'ok', 'R', 'U', 'S'],
    revoked: ['R', 'R', 'R', 'R', 'R'],
    staleRevoked: ['R', 'R', 'R', 'R', 'R'],
    unusable: ['U', 'ok', 'R', 'U', 'U'],
  },
  'hard admit': {
    none: ['U', 'ok', 'R', 'U', 'U'],
    good: ['ok', 'ok', 'R', 'U', 'ok'],
    stale: ['U', 'ok', 'R', 'U', 'U'],
    revoked: ['R', 'R', 'R', 'R', 'R'],
    staleRevoked: ['R', 'R', 'R', 'R', 'R'],
    unusable: ['U', 'ok', 'R', 'U', 'U'],
  },
}

const letters = { client_cert_revoked: 'R', revocation_unknown: 'U', crl_stale: 'S' } as const

function answerOf(facts: RevocationFacts, policy: RevocationPolicy): Answer | string {
  const { verdict, warning } = judgeRevocation(facts, policy, now)
  assert.deepEqual(checkRevocation(facts, policy, now), verdict)
  if (verdict.ok) return warning === null ? 'ok' : 'w'
  assert.equal(warning, null)
  return (letters as Record<string, string>)[verdict.reason] ?? verdict.reason
}

for (const [name, table] of Object.entries(tables)) {
  test(`[A00.FR.702] [A00.FR.704] OCSP and stale CRLs: ${name}`, () => {
    const [ocsp, onStaleCrl] = name.split(' ') as [OcspMode, RevocationPolicy['onStaleCrl']]
    const policy = { ocsp, onStaleCrl, graceMs: 0 }
    for (const crl of Object.keys(crls) as CrlName[]) {
      const row = (Object.keys(ocsps) as OcspName[]).map((one) =>
        answerOf({ denied: null, crl: crls[crl], ocsp: ocsps[one] }, policy),
      )
      assert.deepEqual(row, table[crl], `CRL ${crl}`)
    }
  })
}

test('[A00.FR.704] the deny list holds in every mode, whatever others say', () => {
  for (const ocsp of ['off', 'soft', 'hard'] as const) {
    const facts = { denied: { note: 'stolen' }, crl: crls.good, ocsp: ocsps.good }
    const verdict = checkRevocation(facts, { ocsp, onStaleCrl: 'admit', graceMs: 0 }, now)
    assert.deepEqual(verdict, {
      ok: false,
      reason: 'client_cert_revoked',
      detail: 'it is on the local deny list: stolen',
    })
  }
})

test('[A00.FR.704] a good answer that has ended counts for the time of grace, while the responder is away', () => {
  const policy = { ocsp: 'hard', onStaleCrl: 'refuse', graceMs: 1000 } as const
  const ended = (ago: number): RevocationFacts => ({
    denied: null,
    crl: crls.none,
    ocsp: { ...ocsps.problem, goodUntil: now - ago },
  })
  assert.equal(answerOf(ended(999), policy), 'w')
  assert.equal(answerOf(ended(1000), policy), 'U')
  assert.equal(answerOf({ ...ended(1), ocsp: ocsps.unknown }, policy), 'U')
  assert.equal(answerOf({ ...ended(1), crl: crls.stale }, policy), 'S')
})

test('[A00.FR.702] details say who said what, when and why', () => {
  const policy = { ocsp: 'hard', onStaleCrl: 'refuse', graceMs: 0 } as const
  const detail = (crl: CrlOutcome, ocsp: OcspOutcome): string => {
    const verdict = checkRevocation({ denied: null, crl, ocsp }, policy, now)
    return verdict.ok ? 'admitted' : verdict.detail
  }
  assert.equal(
    detail(crls.revoked, ocsps.none),
    'the CRL says: revoked at 2026-01-01T00:00:00.000Z (keyCompromise)',
  )
  assert.match(
    detail(crls.none, ocsps.revoked),
    /^the OCSP responder says: revoked at 2026-01-01T.*keyCompromise/,
  )
  assert.equal(detail(crls.stale, ocsps.none), 'the CRL is 2 minutes past its nextUpdate')
  assert.equal(detail(crls.none, ocsps.problem), 'OCSP: timeout, silence')
  assert.equal(detail(crls.unusable, ocsps.none), 'the CRL cannot be used: it is torn')
})
