import type { Stage } from './reasons.ts'

const minuteMs = 60_000

/**
 * The minute, counted from the epoch, in which a refusal is one record with others that are the same
 * in listener, reason, mode, address and detail; null: it is kept by itself. A stranger's connections
 * cost it nothing at stage tcp, where the detail is ours and holds nothing that it could vary
 * (CWE-770). Who has said who it is counts for itself. `at` in milliseconds.
 */
export function minuteOf({
  stage,
  identity,
  at,
}: {
  readonly stage: Stage
  readonly identity: string | null
  readonly at: number
}): number | null {
  return stage === 'tcp' && identity === null ? Math.floor(at / minuteMs) : null
}
