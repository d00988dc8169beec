import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import type { AnyActionName } from '../../ocpp/actions-201.ts'
import type { Payload } from '../../ocpp/message.ts'
import { messageOf } from '../../policy/error.ts'
import type { CanonicalKey } from '../../policy/password.ts'
import type { Protocol } from '../../policy/protocol.ts'
import { Repeats, unsaidWords } from '../../policy/repeats.ts'
import {
  type Answer,
  type AnswerFate,
  answerWith,
  type Call,
  type CallFate,
  type CallOutcome,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../../relay/use-case.ts'
import type { CredentialChange, Registry } from '../../store/store.ts'
import { type ChangeAnswer, isKey, readChangeAnswer, readChangeConfiguration } from '../operation/answer.ts'
import type { PasswordChanges } from './changes.ts'
import type { PasswordFlights } from './flights.ts'
import { isUndecided, passwordOf } from './rules.ts'

/** How a version of OCPP sets the password of a charge point. */
export interface PasswordMessage {
  readonly protocol: Protocol
  readonly action: AnyActionName
  /** For events. */
  readonly words: string
  /** null: it sets none; `key` null: what it sets cannot be a password. */
  readonly read: (payload: Payload) => { readonly key: CanonicalKey | null } | null
  /** Our own answer: it was refused, and nothing was done. */
  readonly refused: (payload: Payload) => Payload
  readonly answered: (outcome: CallOutcome | null) => ChangeAnswer
}

/** OCPP 1.6: ChangeConfiguration of AuthorizationKey. */
export const authorizationKey: PasswordMessage = {
  protocol: 'ocpp1.6',
  action: 'ChangeConfiguration',
  words: 'ChangeConfiguration(AuthorizationKey)',
  read(payload) {
    const change = readChangeConfiguration(payload)
    if (change === null || !isKey(change.key, 'AuthorizationKey')) return null
    return { key: passwordOf(change.value) }
  },
  refused: () => ({ status: 'Rejected' }),
  answered: readChangeAnswer,
}

export interface PasswordUpdateDeps {
  readonly registry: Registry
  readonly changes: PasswordChanges
  readonly flights: PasswordFlights
  readonly note: NoteEvent
  readonly log: Logger
  /** Milliseconds, any origin. */
  readonly now: () => number
}

/** A central system that asks again and again makes one event a minute, not one a CALL (CWE-770). */
const repeatMs = 60_000
const maxRemembered = 10_000

/**
 * A01, seen passing: the central system sets the password. The proxy checks the password, so it has
 * to know the new one before the charge point can. The CALL goes on as the bytes that came. A value that
 * cannot be a password is answered Rejected here: a charge point that took it could not log in again. So
 * is a second new password while nobody knows which one the charge point has.
 */
export function passwordUpdate(deps: PasswordUpdateDeps, message = authorizationKey): UseCase {
  const { registry, changes, flights, note, log, now } = deps
  const repeats = new Repeats(repeatMs, maxRemembered)

  function refuse({ payload }: Call, session: UseCaseSession, why: string): CallFate {
    const { identity, listener, address } = session.facts
    const unsaid = repeats.say(`${identity}\n${why}`, now())
    if (unsaid !== null) {
      const techInfo = `${message.words} of the central system: ${why}${unsaidWords(unsaid)}`
      note({ type: 'MessageRefused', identity, listener, address, techInfo })
    }
    return answerWith(message.refused(payload))
  }

  async function offer(call: Call, session: UseCaseSession, key: CanonicalKey): Promise<CallFate> {
    const { identity } = session.facts
    const flight = flights.begin(identity)
    if (flight === null) return repeat(call, session, key)
    try {
      const change = await changeFor(session, key)
      if (change === null) {
        flight.end()
        return refuse(
          call,
          session,
          'an earlier new password is not decided: it logs in, or its grace ends, first',
        )
      }
      flight.carries(change.change, change.isRepeated)
      return { kind: 'forward', answered: (answer) => answered(identity, answer) }
    } catch (error) {
      flight.end()
      throw error
    }
  }

  /** The change to go on with: a new one, or the one that already offers this password; null: neither. */
  async function changeFor(
    { facts }: UseCaseSession,
    key: CanonicalKey,
  ): Promise<{ change: CredentialChange; isRepeated: boolean } | null> {
    const earlier = (await registry.get(facts.identity))?.credentialChange ?? null
    if (earlier !== null && isUndecided(earlier, facts.credential !== null)) {
      // Central systems repeat what was not answered: the same password is no third one.
      const isSame = earlier.origin === 'central-system' && (await changes.isSame(earlier, key))
      return isSame ? { change: earlier, isRepeated: true } : null
    }
    return { change: await changes.begin(facts.identity, key, 'central-system'), isRepeated: false }
  }

  /** Another CALL with a password has no answer yet. */
  async function repeat(call: Call, session: UseCaseSession, key: CanonicalKey): Promise<CallFate> {
    const { identity } = session.facts
    const settled = flights.settled(identity)
    if (settled !== null) {
      await settled
      return offer(call, session, key)
    }
    const change = flights.current(identity)
    if (change?.origin !== 'central-system' || !(await changes.isSame(change, key))) {
      return refuse(call, session, 'another change of it has no answer yet')
    }
    const stored = (await registry.get(identity))?.credentialChange ?? null
    // Its grace may have ended while it was on its way: then it must be on disk again before it goes out.
    const present =
      stored?.startedAt === change.startedAt ? change : await changes.begin(identity, key, 'central-system')
    // It may have had its answer meanwhile: then this is a new offer of the same.
    if (!flights.join(identity, present)) return offer(call, session, key)
    return { kind: 'forward', answered: (answer) => answered(identity, answer) }
  }

  /**
   * The answer goes on at once: a charge point that took a new password hangs up right behind it, and
   * an answer that waits would be lost with the session. Until it is stored both passwords are valid.
   */
  function answered(identity: string, answer: Answer | null): AnswerFate {
    flights.land(identity, async (change, isOnly) => {
      try {
        await changes.answered(identity, change, message.answered(answer), isOnly)
      } catch (error) {
        // Its next login decides.
        log.error({ identity, err: messageOf(error) }, 'the answer to a new password cannot be stored')
      }
    })
    return forward
  }

  return {
    name: 'password-update',
    protocols: [message.protocol],
    watches: [{ direction: 'to-charge-point', action: message.action }],
    onCall(call: Call, session: UseCaseSession): CallFate | Promise<CallFate> {
      const read = message.read(call.payload)
      if (read === null) return forward
      const { key } = read
      return key === null
        ? refuse(call, session, 'the value cannot be a password')
        : offer(call, session, key)
    },
    started(session) {
      flights.clear(session.facts.identity)
      changes.started(session)
    },
  }
}
