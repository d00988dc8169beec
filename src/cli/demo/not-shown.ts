import { type ReasonCode, reasonCodes } from '../../policy/reasons.ts'

/** Reasons that the demo cannot show, and what it would take; test/behaviour shows them. */
export const notShown = {
  store_unavailable: 'takes a shared store that is away',
  lease_unavailable: 'takes another replica that is silent',
} as const satisfies Partial<Record<ReasonCode, string>>

/** A reason that the demo shows. */
export type DemoReason = Exclude<ReasonCode, keyof typeof notShown>

export const demoReasons = reasonCodes.filter((code): code is DemoReason => !Object.hasOwn(notShown, code))
