import type { ReasonCode } from './reasons.ts'

/** The outcome of one rule. `detail` is for operators: facts of this connection, never a secret. */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: ReasonCode; readonly detail: string }

export const admitted: Verdict = Object.freeze({ ok: true })

export function refused(reason: ReasonCode, detail: string): Verdict {
  return { ok: false, reason, detail }
}
