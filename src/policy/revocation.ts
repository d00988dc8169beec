import { admitted, refused, type Verdict } from './verdict.ts'

/**
 * What revocation means for a connection (A00.FR.702, 704). Whoever asks CRLs and responders brings
 * the outcomes; here they become a verdict.
 */

/** RFC 5280 5.3.1, by its numbers; 7 is not used. */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  null,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const
export type RevocationReason = Exclude<(typeof revocationReasons)[number], null>

/** That, when and why a certificate was revoked. */
export interface Revocation {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly reason: RevocationReason
}

/** What the CRL of the certificate's issuer says. `stale`: it is past its nextUpdate. */
export type CrlOutcome =
  /** No CRL of this issuer is configured. */
  | { readonly kind: 'none' }
  | { readonly kind: 'good'; readonly stale: boolean; readonly nextUpdate: number }
  | { readonly kind: 'revoked'; readonly stale: boolean; readonly revocation: Revocation }
  /** There should be one, and it proves nothing. */
  | { readonly kind: 'unusable'; readonly detail: string }

/** What the OCSP responder says. */
export type OcspOutcome =
  /** Nobody was asked: no responder is configured or named by the certificate, or OCSP is off. */
  | { readonly kind: 'none' }
  | { readonly kind: 'good' }
  | { readonly kind: 'revoked'; readonly revocation: Revocation }
  /** The responder answered that it does not know the certificate. */
  | { readonly kind: 'unknown' }
  /** No valid answer. `goodUntil`: when the last good one ended (milliseconds since the epoch), or null. */
  | {
      readonly kind: 'problem'
      readonly code: string
      readonly detail: string
      readonly goodUntil: number | null
    }

export interface RevocationFacts {
  /** The local deny list names its serial number or fingerprint; the note says why. null: it does not. */
  readonly denied: { readonly note: string } | null
  readonly crl: CrlOutcome
  readonly ocsp: OcspOutcome
}

/** off: OCSP is not asked. soft: no answer admits. hard: only a proof admits. */
export type OcspMode = 'off' | 'soft' | 'hard'

export interface RevocationPolicy {
  readonly ocsp: OcspMode
  readonly onStaleCrl: 'refuse' | 'admit'
  /** How long a good answer that has ended still counts while there is no new one (hard), in milliseconds. */
  readonly graceMs: number
}

export interface RevocationJudgement {
  readonly verdict: Verdict
  /** Admitted without a proof: what was missing, for the log and the metric. null: nothing was. */
  readonly warning: string | null
}

/** The verdict of `judgeRevocation` alone. */
export function checkRevocation(facts: RevocationFacts, policy: RevocationPolicy, now: number): Verdict {
  return judgeRevocation(facts, policy, now).verdict
}

/**
 * Closed by default (design, section 2). In this order: whoever says "revoked" is believed, a stale
 * CRL as well, because a revocation does not end; a good answer of the responder is a proof, also
 * where the CRL is stale; so is a current CRL, but for "unknown" in hard mode, since a certificate
 * that its authority never issued stands on no CRL either. Without a proof the policy decides.
 * `now`: milliseconds since the epoch.
 */
export function judgeRevocation(
  facts: RevocationFacts,
  policy: RevocationPolicy,
  now: number,
): RevocationJudgement {
  const revoked = revokedDetail(facts, policy)
  if (revoked !== null) return refuse('client_cert_revoked', revoked)
  const ocsp: OcspOutcome = policy.ocsp === 'off' ? { kind: 'none' } : facts.ocsp
  if (ocsp.kind === 'good') return proven
  const current = facts.crl.kind === 'good' && !facts.crl.stale
  if (current) return ocsp.kind === 'unknown' && policy.ocsp === 'hard' ? unknownToResponder : proven
  if (ocsp.kind === 'unknown') return unknownToResponder
  if (policy.onStaleCrl === 'refuse' && facts.crl.kind !== 'none') return refuseCrl(facts.crl, now)
  return withoutProof(facts.crl, ocsp, policy, now)
}

const proven: RevocationJudgement = Object.freeze({ verdict: admitted, warning: null })
const unknownToResponder = refuse('revocation_unknown', 'its OCSP responder does not know the certificate')

function refuse(
  reason: 'client_cert_revoked' | 'revocation_unknown' | 'crl_stale',
  detail: string,
): RevocationJudgement {
  return { verdict: refused(reason, detail), warning: null }
}

/** The deny list and the CRL hold in every mode. */
function revokedDetail(facts: RevocationFacts, policy: RevocationPolicy): string | null {
  const { denied, crl, ocsp } = facts
  if (denied !== null) return `it is on the local deny list: ${denied.note}`
  if (crl.kind === 'revoked') return crlWords(crl.revocation)
  if (ocsp.kind === 'revoked' && policy.ocsp !== 'off')
    return `the OCSP responder says: ${describe(ocsp.revocation)}`
  return null
}

/** The CRL was wanted, and is stale or unusable. */
function refuseCrl(crl: CrlOutcome, now: number): RevocationJudgement {
  const problem = crlProblem(crl, now) ?? 'the CRL proves nothing'
  return refuse(crl.kind === 'unusable' ? 'revocation_unknown' : 'crl_stale', problem)
}

/** Neither a proof nor a refusal so far. */
function withoutProof(
  crl: CrlOutcome,
  ocsp: OcspOutcome,
  policy: RevocationPolicy,
  now: number,
): RevocationJudgement {
  const problem = crlProblem(crl, now)
  if (policy.ocsp === 'off') return { verdict: admitted, warning: problem }
  const ocspText = ocsp.kind === 'problem' ? `OCSP: ${ocsp.code}, ${ocsp.detail}` : 'it has no OCSP responder'
  const missing = problem === null ? ocspText : `${ocspText}; ${problem}`
  if (policy.ocsp === 'soft' || isInGrace(ocsp, policy, now)) return { verdict: admitted, warning: missing }
  return refuse('revocation_unknown', missing)
}

/** Facts 7.4: a responder that is away does not lock out whom it called good a moment ago. */
function isInGrace(ocsp: OcspOutcome, policy: RevocationPolicy, now: number): boolean {
  if (ocsp.kind !== 'problem' || ocsp.goodUntil === null) return false
  return now < ocsp.goodUntil + policy.graceMs
}

function crlProblem(crl: CrlOutcome, now: number): string | null {
  switch (crl.kind) {
    case 'none':
    case 'revoked':
      return null
    case 'unusable':
      return `the CRL cannot be used: ${crl.detail}`
    case 'good': {
      if (!crl.stale) return null
      const minutes = Math.max(0, Math.floor((now - crl.nextUpdate) / 60_000))
      return `the CRL is ${minutes} minutes past its nextUpdate`
    }
  }
}

/** For the detail of a refusal. */
export function crlWords(revocation: Revocation): string {
  return `the CRL says: ${describe(revocation)}`
}

function describe({ at, reason }: Revocation): string {
  return `revoked at ${new Date(at).toISOString()} (${reason})`
}
