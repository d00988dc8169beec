import { type ReasonCode, reasonCodes } from '../../policy/reasons.ts'

/**
 * Reasons that the demo cannot show, and the issue that they belong to: it would have to take the store, or
 * another replica, away, which test/behaviour does.
 */
export const notYet = { store_unavailable: 5, lease_unavailable: 5 } as const satisfies Partial<
  Record<ReasonCode, number>
>

/** A reason that the demo shows. */
export type DemoReason = Exclude<ReasonCode, keyof typeof notYet>

export const demoReasons = reasonCodes.filter((code): code is DemoReason => !Object.hasOwn(notYet, code))
