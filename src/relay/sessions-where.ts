import type { SessionDirectory, UseCaseSession } from './use-case.ts'

/** Those that `fits` holds for: for who would say to the others what they do not understand. */
export function sessionsWhere(
  sessions: SessionDirectory,
  fits: (session: UseCaseSession) => boolean,
): SessionDirectory {
  const only = (session: UseCaseSession | null) => (session !== null && fits(session) ? session : null)
  return {
    get: (identity) => only(sessions.get(identity)),
    *all() {
      for (const session of sessions.all()) if (only(session) !== null) yield session
    },
  }
}
