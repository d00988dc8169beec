/**
 * The closed table of refusals. Metric labels, log fields, security events, HTTP and close texts,
 * hints, tests and docs/reasons.md are all made from it. A code is never renamed nor reused.
 */
import { certificateReasons } from './reasons/certificate.ts'
import { connectionReasons } from './reasons/connection.ts'
import { sessionReasons } from './reasons/session.ts'

export type { PeerView, Reason, SecurityEventType, Stage } from './reasons/reason.ts'
export { stages } from './reasons/reason.ts'

export const reasons = { ...connectionReasons, ...certificateReasons, ...sessionReasons } as const

export type ReasonCode = keyof typeof reasons

export const reasonCodes = Object.keys(reasons) as readonly ReasonCode[]

/** Codes that `admission.checks` may set to report or off. */
export type SwitchableReason = {
  [Code in ReasonCode]: (typeof reasons)[Code]['fixed'] extends false ? Code : never
}[ReasonCode]

export const switchableReasons = reasonCodes.filter(
  (code) => !reasons[code].fixed,
) as readonly SwitchableReason[]

/** How a switchable check acts: refuse, admit but count, or do not look. */
export type CheckMode = 'enforce' | 'report' | 'off'

export function isReasonCode(text: string): text is ReasonCode {
  return Object.hasOwn(reasons, text)
}
