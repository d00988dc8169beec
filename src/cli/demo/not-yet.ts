import { type ReasonCode, reasonCodes } from '../../policy/reasons.ts'

/** Reasons that nothing refuses with yet, and the issue that each waits for. The only such list. */
export const notYet = {
  client_cert_revoked: 4,
  revocation_unknown: 4,
  crl_stale: 4,
} as const satisfies Partial<Record<ReasonCode, number>>

/** A reason that the demo shows. */
export type DemoReason = Exclude<ReasonCode, keyof typeof notYet>

export const demoReasons = reasonCodes.filter((code): code is DemoReason => !Object.hasOwn(notYet, code))
