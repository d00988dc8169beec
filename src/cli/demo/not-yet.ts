import { type ReasonCode, reasonCodes } from '../../policy/reasons.ts'

/** Reasons that nothing refuses with yet, and the issue that each waits for. The only such list. */
export const notYet = {} as const satisfies Partial<Record<ReasonCode, number>>

/** A reason that the demo shows. */
export type DemoReason = Exclude<ReasonCode, keyof typeof notYet>

export const demoReasons = reasonCodes.filter((code): code is DemoReason => !Object.hasOwn(notYet, code))
