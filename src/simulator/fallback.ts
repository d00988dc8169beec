import type { SecurityProfile } from '../policy/facts.ts'

/** When a charge point gives up a new security profile (A05.FR.08 leaves it open): whichever comes first. */
export interface FallbackRule {
  /** Failed connections on the new profile; 1 by default. */
  readonly attempts?: number
  /** Milliseconds since the change; looked at when a connection fails. */
  readonly afterMs?: number
}

/** The profile before the present one, until that has worked. */
export interface Fallback {
  /** A new profile is entered from `previous`. */
  begin(previous: SecurityProfile): void
  /** The new one works: there is no way back. */
  confirm(): void
  /** A connection on the new one failed. The profile to go back to, or null: not yet, or nothing to go back to. */
  failed(): SecurityProfile | null
}

/** `now` in milliseconds. */
export function createFallback({ attempts = 1, afterMs }: FallbackRule, now: () => number): Fallback {
  let previous: SecurityProfile | null = null
  let failures = 0
  let since = 0
  return {
    begin(profile) {
      // After two changes in a row without a connection between, the one that worked is what counts.
      previous ??= profile
      failures = 0
      since = now()
    },
    confirm() {
      previous = null
    },
    failed() {
      if (previous === null) return null
      failures += 1
      const late = afterMs !== undefined && now() - since >= afterMs
      if (failures < attempts && !late) return null
      const back = previous
      previous = null
      return back
    },
  }
}
