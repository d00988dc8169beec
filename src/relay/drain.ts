import type { Sessions } from './sessions.ts'

export interface DrainOptions {
  /** Milliseconds until nothing may be left. */
  readonly timeoutMs: number
  /** A number in [0, 1). */
  readonly random: () => number
}

/**
 * Ends all sessions with 1001, in random order and spread over the time-out, so that a fleet does
 * not come back in one second. A session with an open CALL ends when the CALL is answered, at the
 * latest at the end. Fulfilled when no session is left.
 */
export async function drain(sessions: Sessions, options: DrainOptions): Promise<void> {
  // The last fifth is for answers that are on their way.
  const spreadMs = options.timeoutMs * 0.8
  const timers = new Set<NodeJS.Timeout>()
  for (const session of sessions.all()) {
    const timer = setTimeout(
      () => session.endWhenIdle(1001, 'the proxy is shutting down'),
      options.random() * spreadMs,
    )
    timers.add(timer)
  }
  const deadline = Date.now() + options.timeoutMs
  while (sessions.size > 0 && Date.now() < deadline) await delay(Math.min(50, deadline - Date.now()))
  for (const timer of timers) clearTimeout(timer)
  for (const session of sessions.all()) session.end(1001, 'the proxy is shutting down')
  const lastly = Date.now() + 1_000
  while (sessions.size > 0 && Date.now() < lastly) await delay(20)
  for (const session of sessions.all()) session.destroy()
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
