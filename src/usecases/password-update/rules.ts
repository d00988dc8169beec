import { type CanonicalKey, canonicalKey } from '../../policy/password.ts'
import type { CredentialChange, CredentialStep } from '../../store/store.ts'
import type { ChangeAnswer } from '../operation/answer.ts'

/** How a change of a password goes on (A01). Pure: facts in, a step out. */

/** Milliseconds. */
export interface Graces {
  readonly acceptedGrace: number
  readonly unansweredGrace: number
}

/**
 * The step that an answer makes; null: none, both passwords stay valid. `isOnly`: it is the answer to
 * the only CALL that carried this password; a refusal of a second one says nothing about the first.
 */
export function stepAfterAnswer(
  answer: ChangeAnswer,
  { acceptedGrace }: Graces,
  isOnly: boolean,
): CredentialStep | null {
  switch (answer.kind) {
    case 'accepted':
      // A01.FR.03: the old one must not be accepted any more, at once unless a grace was configured.
      return acceptedGrace === 0 ? 'promote' : 'accepted'
    case 'reboot-required':
      return 'reboot-required'
    case 'refused':
      // A01.FR.04: the old one stays.
      return isOnly ? 'revert' : null
    case 'unknown':
      return null
    default:
      return answer satisfies never
  }
}

/** `ask`: it has to log in again. `remind`: it stays, and an operator should know. */
export type Settlement = Extract<CredentialStep, 'promote' | 'revert'> | 'ask' | 'remind'

/**
 * What becomes of a change once its grace is over; null: it stays. What a charge point may have either
 * password after is never decided by time alone: its next login tells (A01.FR.03). RebootRequired is such
 * a case for as long as it has not come back with the new one, because nobody knows when it restarts.
 * `oldInUse`: it is connected by the old password. `ask`: on the session of the offer still, so that an
 * answer that came too late was not heard; made to log in again, it shows which one it has.
 */
export function settlementOf(
  change: CredentialChange,
  { acceptedGrace, unansweredGrace }: Graces,
  oldInUse: boolean,
  now: number,
): Settlement | null {
  const answeredAt = change.answeredAt ?? change.startedAt
  switch (change.phase) {
    case 'accepted':
      return now >= answeredAt + acceptedGrace ? 'promote' : null
    case 'reboot-required':
      return oldInUse && now >= answeredAt + unansweredGrace ? 'remind' : null
    case 'offered':
      if (now < change.startedAt + unansweredGrace) return null
      if (change.oldSeenAt !== null) return 'revert'
      return oldInUse ? 'ask' : null
    default:
      return change.phase satisfies never
  }
}

/**
 * May another password be offered over this change? Not while the charge point may have the offered
 * one, now or after its restart: the store keeps two passwords, and with a third one it could be
 * locked out. Where it logs in without a password (profiles 0 and 3) nothing can lock it out.
 */
export function isUndecided(change: CredentialChange | null, logsInWithPassword: boolean): boolean {
  if (change === null || !logsInWithPassword) return false
  switch (change.phase) {
    case 'offered':
      return change.oldSeenAt === null
    case 'accepted':
      return false
    case 'reboot-required':
      return true
    default:
      return change.phase satisfies never
  }
}

/**
 * The password that a ChangeConfiguration sets; null: none that a charge point could log in with, so
 * that nobody may take it for one. 32 to 40 hexadecimal digits are bytes, as the OCTT has it.
 */
export function passwordOf(value: unknown): CanonicalKey | null {
  if (typeof value !== 'string') return null
  try {
    return canonicalKey({ text: value })
  } catch {
    return null
  }
}
