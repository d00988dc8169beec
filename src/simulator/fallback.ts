/** When a charge point gives up a new security profile (A05.FR.08 leaves it open): whichever comes first. */
export interface FallbackRule {
  /** Failed connections on the new profile; 1 by default. */
  readonly attempts?: number
  /** Milliseconds since the change; looked at when a connection fails. */
  readonly afterMs?: number
}

/** The way to connect before the present one, until that has worked. */
export interface Fallback<Way> {
  /** There is one to go back to. */
  readonly isOpen: boolean
  /** A new one is entered from `previous`. */
  begin(previous: Way): void
  /** The new one works: there is no way back. */
  confirm(): void
  /** A connection on the new one failed. What to go back to, or null: not yet, or nothing to go back to. */
  failed(): Way | null
}

/** `now` in milliseconds. */
export function createFallback<Way>(
  { attempts = 1, afterMs }: FallbackRule,
  now: () => number,
): Fallback<Way> {
  let previous: Way | null = null
  let failures = 0
  let since = 0
  return {
    get isOpen() {
      return previous !== null
    },
    begin(way) {
      // After two changes in a row without a connection between, the one that worked is what counts.
      previous ??= way
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
