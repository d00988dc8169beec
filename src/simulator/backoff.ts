import { setTimeout as sleep } from 'node:timers/promises'

export interface Backoff {
  readonly initialMs: number
  readonly maxMs: number
}

/**
 * Milliseconds to wait before the attempt after `failures` failed ones: doubled each time, half of it by
 * chance, so that a fleet does not come back in one moment (OCPP-J 1.6 errata 3.3 asks for a back-off).
 */
export function backoffDelay(failures: number, backoff: Backoff, random: () => number): number {
  const ceiling = Math.min(backoff.maxMs, backoff.initialMs * 2 ** Math.min(failures, 30))
  return ceiling / 2 + (ceiling / 2) * random()
}

/** Waits; ends early, without an error, when `signal` fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    // Aborted: the caller looks at its signal.
  }
}
