import type { SessionDirectory } from '../relay/use-case.ts'
import type { ChargePointRecord } from '../store/store.ts'

/** RFC 6455 7.4.1, policy violation: it will not be let in again as it is. */
const policyViolation = 1008

export function isConnected(sessions: SessionDirectory, identity: string): boolean {
  return sessions.get(identity)?.isOpen ?? false
}

/**
 * What is worth knowing of the live session; null: there is none. `replica`: the name of this one, which is
 * asked because it has the session.
 */
export function liveSession(sessions: SessionDirectory, identity: string, replica?: string) {
  const session = sessions.get(identity)
  if (session === null || !session.isOpen) return null
  const { listener, profile, address, stage = 'operation' as const } = session.facts
  return { listener, profile, address, stage, ...(replica === undefined ? {} : { replica }) } as const
}

/** False: there was none. `code`: the Close code (RFC 6455 7.4.1). */
export function endSession(
  sessions: SessionDirectory,
  identity: string,
  text: string,
  code = policyViolation,
): boolean {
  const session = sessions.get(identity)
  if (session === null || !session.isOpen) return false
  session.end(code, text)
  return true
}

/** Admission looks at the registry when a charge point connects; what was let in before must go too. */
export function endWhatIsNotAdmitted(sessions: SessionDirectory, record: ChargePointRecord): void {
  if (record.blocked) endSession(sessions, record.identity, 'blocked by the operator')
  const isPlain = sessions.get(record.identity)?.facts.profile === 0
  if (isPlain && !record.migrating) endSession(sessions, record.identity, 'not migrating any more')
  // It is to come with what is right by now, or not at all.
  const isHeld = sessions.get(record.identity)?.facts.stage === 'onboarding'
  if (isHeld && record.onboarding === null)
    endSession(sessions, record.identity, 'the operator has ended its onboarding', 1001)
}
