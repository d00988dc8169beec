import type { CheckMode, ReasonCode } from '../../policy/reasons.ts'
import { judgeRevocation, type RevocationFacts, type RevocationPolicy } from '../../policy/revocation.ts'
import type { Finding } from '../certificate-check.ts'

export interface ModedJudgement {
  readonly findings: readonly Finding[]
  /** Admitted without a proof: what was missing; null: nothing was. */
  readonly warning: string | null
}

/**
 * The judgement with `admission.checks` in mind: a finding in report mode or off does not hide what else
 * would refuse. The deny list is the operator's own word, and no mode weakens it. `who`: which
 * certificate of the path, for the detail. `now`: milliseconds since the epoch.
 */
export function judgeWithModes(
  facts: RevocationFacts,
  policy: RevocationPolicy,
  who: string,
  modeOf: (reason: ReasonCode) => CheckMode,
  now: number,
): ModedJudgement {
  const findings: Finding[] = []
  const { verdict, warning } = judgeRevocation(facts, policy, now)
  if (verdict.ok) return { findings, warning }
  const { reason } = verdict
  const mode = facts.denied === null ? modeOf(reason) : 'enforce'
  findings.push({ reason, detail: `${who}${verdict.detail}`, mode })
  const isCrlOnly = reason !== 'client_cert_revoked' && policy.onStaleCrl === 'refuse'
  if (mode === 'enforce' || !isCrlOnly) return { findings, warning: null }
  // The CRL may be stale; what the responder says, or does not, counts all the same.
  const next = judgeWithModes(facts, { ...policy, onStaleCrl: 'admit' }, who, modeOf, now)
  const more = next.findings.filter((finding) => finding.reason !== reason)
  return { findings: [...findings, ...more], warning: null }
}
