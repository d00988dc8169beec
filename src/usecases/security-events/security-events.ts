import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import type { Payload } from '../../ocpp/message.ts'
import { messageOf } from '../../policy/error.ts'
import { protocols } from '../../policy/protocol.ts'
import { Repeats, unsaidWords } from '../../policy/repeats.ts'
import { cutText, eventLimits } from '../../policy/security-event-types.ts'
import {
  answerError,
  answerWith,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../../relay/use-case.ts'
import type { NewSecurityEvent } from '../../store/store.ts'

export interface SecurityEventsDeps {
  /** Durable when fulfilled. */
  readonly fromChargePoint: (event: NewSecurityEvent) => Promise<void>
  readonly note: NoteEvent
  /** Bounds what one charge point stores; see `EventFlood`. */
  readonly flood: { admits(identity: string): boolean; giveBack(identity: string): void }
  /** `centralSystem.securityMessages`: answer for a central system that does not know them. */
  readonly securityMessages: () => 'answer' | 'forward'
  readonly log: Logger
  readonly now: () => number
}

/** A charge point that writes nonsense again and again makes one event a minute of it (CWE-770). */
const repeatMs = 60_000
const maxRemembered = 10_000

/** What a charge point wrote, or why it cannot be taken, with its error code of OCPP-J 1.6 4.2.3. */
export type ReadNotification =
  | { readonly ok: true; readonly type: string; readonly timestamp: string; readonly techInfo: string | null }
  | MalformedEvent

export interface MalformedEvent {
  readonly ok: false
  readonly code: 'FormationViolation' | 'TypeConstraintViolation'
  readonly detail: string
}

/**
 * SecurityEventNotification.req, read leniently: an error makes a charge point repeat the event for ever,
 * so only what has no type or no time is refused. Total.
 */
export function readNotification({ type, timestamp, techInfo }: Payload): ReadNotification {
  if (type === undefined || type === null) return malformed('FormationViolation', 'type is missing')
  if (typeof type !== 'string') return malformed('TypeConstraintViolation', 'type is no text')
  if (type === '' || type.length > eventLimits.type) {
    return malformed(
      'TypeConstraintViolation',
      `type has ${type.length} characters and not 1 to ${eventLimits.type}`,
    )
  }
  if (timestamp === undefined || timestamp === null)
    return malformed('FormationViolation', 'timestamp is missing')
  if (typeof timestamp !== 'string') return malformed('TypeConstraintViolation', 'timestamp is no text')
  return {
    ok: true,
    type: type.toWellFormed(),
    timestamp: cutText(timestamp, eventLimits.timestamp),
    techInfo: techInfoOf(techInfo),
  }
}

function malformed(code: MalformedEvent['code'], detail: string): MalformedEvent {
  return { ok: false, code, detail }
}

function techInfoOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return cutText(typeof value === 'string' ? value : JSON.stringify(value), eventLimits.techInfo)
}

/**
 * A04, the central system's side: an event is stored, and only then confirmed, whatever its type
 * (A04.FR.03). One that cannot be stored is answered with an error, so that the charge point keeps it
 * (A04.FR.02: delivery is guaranteed). What is over the bound of its minute is confirmed and only counted.
 */
export function securityEvents(deps: SecurityEventsDeps): UseCase {
  const { note, log, flood } = deps
  const repeats = new Repeats(repeatMs, maxRemembered)
  const noteMalformed = ({ identity, listener, address }: UseCaseSession['facts'], read: MalformedEvent) => {
    const { code, detail } = read
    // Not the detail, which a charge point can vary as it likes.
    const unsaid = repeats.say(`${identity}\n${code}`, deps.now())
    if (unsaid === null) return
    const techInfo = `SecurityEventNotification: ${detail}${unsaidWords(unsaid)}`
    note({ type: 'InvalidMessages', identity, techInfo, listener, address })
  }
  return {
    name: 'security-events',
    protocols,
    watches: [{ direction: 'to-central-system', action: 'SecurityEventNotification' }],
    async onCall({ payload }, { facts }): Promise<CallFate> {
      // A central system of OCPP 2.0.1 knows the message (A04 there).
      const forwards = facts.protocol === 'ocpp2.0.1' || deps.securityMessages() === 'forward'
      const read = readNotification(payload)
      if (!read.ok) {
        noteMalformed(facts, read)
        // Who knows the message judges it.
        return forwards ? forward : answerError(read.code, read.detail)
      }
      const { type, timestamp, techInfo } = read
      if (!flood.admits(facts.identity)) return forwards ? forward : answerWith({})
      try {
        await deps.fromChargePoint({
          at: deps.now(),
          origin: 'charge-point',
          identity: facts.identity,
          type,
          timestamp,
          techInfo,
          reason: null,
          listener: facts.listener,
          address: facts.address,
        })
      } catch (error) {
        flood.giveBack(facts.identity)
        log.error({ err: messageOf(error), identity: facts.identity }, 'a security event was not confirmed')
        return answerError('InternalError', 'the event could not be stored; send it again')
      }
      return forwards ? forward : answerWith({})
    },
  }
}
