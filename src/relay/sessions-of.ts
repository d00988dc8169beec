import type { Protocol } from '../policy/protocol.ts'
import type { SessionDirectory, UseCaseSession } from './use-case.ts'

/** Those that speak `protocol`: for who would say to the others what they do not understand. */
export function sessionsOf(sessions: SessionDirectory, protocol: Protocol): SessionDirectory {
  const only = (session: UseCaseSession | null) => (session?.facts.protocol === protocol ? session : null)
  return {
    get: (identity) => only(sessions.get(identity)),
    *all() {
      for (const session of sessions.all()) if (only(session) !== null) yield session
    },
  }
}
