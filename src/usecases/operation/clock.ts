/** Time, as operations see it: given, so that a test decides how it passes. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after so many milliseconds, or when `signal` ends the waiting. Never rejected. */
  wait(ms: number, signal?: AbortSignal): Promise<void>
}

/** setTimeout takes no more; whoever waits longer looks at the time again. */
const longestWaitMs = 2_147_483_647

/** The clock of this machine; its timers keep no process alive. */
export function systemClock(): Clock {
  return {
    now: Date.now,
    wait(ms, signal) {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (signal?.aborted) return Promise.resolve()
      const finish = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const timer = setTimeout(finish, Math.min(Math.max(0, ms), longestWaitMs))
      timer.unref()
      signal?.addEventListener('abort', finish, { once: true })
      return promise
    },
  }
}

/** What is left of the time that an operation was given. */
export interface Deadline {
  /** Milliseconds, never negative. */
  left(): number
}

export function deadlineOf(clock: Clock, timeoutMs: number): Deadline {
  const end = clock.now() + timeoutMs
  return { left: () => Math.max(0, end - clock.now()) }
}
