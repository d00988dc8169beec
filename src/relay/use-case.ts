import type { AnyActionName } from '../ocpp/actions-201.ts'
import type { Payload } from '../ocpp/message.ts'
import type { Protocol } from '../policy/protocol.ts'
import type { SessionFacts } from './session.ts'

/**
 * What a use case sees of the traffic, and what it may do to it (design, sections 9 and 10). Only
 * use cases change traffic. A message that no use case watches is never parsed.
 */

export type Direction = 'to-central-system' | 'to-charge-point'

/** Direction of what a side sends: 0 is the charge point, 1 the central system. */
export function directionFrom(side: 0 | 1): Direction {
  return side === 0 ? 'to-central-system' : 'to-charge-point'
}

/** A CALL on its way; `payload` is as its sender wrote it and must be checked before it is used. */
export interface Call {
  readonly direction: Direction
  readonly id: string
  readonly action: string
  readonly payload: Payload
}

/** CALLRESULT or CALLERROR. */
export type Answer =
  | { readonly kind: 'result'; readonly payload: Payload }
  | {
      readonly kind: 'error'
      readonly code: string
      readonly description: string
      readonly details: Payload
      /**
       * In place of an answer that cannot be read, or that a use case failed on: what the receiver made
       * of the CALL is not known. Left out: whoever answered meant this error.
       */
      readonly origin?: 'proxy'
    }

/** What becomes of the answer to a CALL that was let through. */
export type AnswerFate =
  | { readonly kind: 'forward' }
  | { readonly kind: 'replace'; readonly answer: Answer }
  | { readonly kind: 'drop' }

/**
 * Hears of the answer to a CALL before its sender does, whether it is the receiver's or that of a use
 * case further on; null: there will be none (the session ended, the CALL or its answer was dropped).
 * Called once. The answer waits for the promise, `limits.callTimeout` at the most; a rejected one counts
 * as an answer of InternalError. Of several the last one hears first, and the others what it made of it.
 */
export type Answered = (answer: Answer | null) => AnswerFate | Promise<AnswerFate>

/** What becomes of a CALL. */
export type CallFate =
  /** It goes on as the bytes that came. */
  | { readonly kind: 'forward'; readonly answered?: Answered }
  /** It goes on with the same id and another content; the next use case sees that. */
  | {
      readonly kind: 'replace'
      readonly action?: string
      readonly payload: Payload
      readonly answered?: Answered
    }
  /**
   * It ends here, with this answer of ours. `sent` is called right behind its last byte: what is sent
   * from there on comes after it. Never called where the session ends before, or another use case drops it.
   */
  | { readonly kind: 'answer'; readonly answer: Answer; readonly sent?: () => void }
  /** It ends here, and its sender hears nothing. */
  | { readonly kind: 'drop' }

export interface Watch {
  readonly direction: Direction
  /** '*': every action, known or not. It makes every CALL of this direction be parsed. */
  readonly action: AnyActionName | '*'
  /**
   * Spares the CALLs of other sessions the parsing; asked for each one, so it must be quick. `onCall` may
   * see a CALL all the same, where somebody else watches it or another one is under way.
   */
  readonly only?: (session: UseCaseSession) => boolean
}

export interface UseCase {
  /** For logs. */
  readonly name: string
  /** Versions whose sessions it sees at all, their beginning and end included. Left out: ocpp1.6 alone. */
  readonly protocols?: readonly Protocol[]
  readonly watches: readonly Watch[]
  /**
   * Decides about a watched CALL. While a promise is pending, the later CALLs of the same sender
   * wait behind it, in order and bounded. A rejected promise counts as an answer of InternalError, and so
   * does one that is not settled within `limits.callTimeout`. A watched CALL that does not have the form
   * of OCPP-J is answered with FormationViolation and shown to nobody.
   */
  onCall?(call: Call, session: UseCaseSession): CallFate | Promise<CallFate>
  /** The session relays from now on. */
  started?(session: UseCaseSession): void
  /** It has ended; calls of ours that were open have had their outcome. */
  ended?(session: UseCaseSession): void
}

/** How a CALL of our own ended. */
export type CallOutcome =
  | Answer
  /** It never went out: the session ended before, or too many were waiting. The peer knows nothing of it. */
  | { readonly kind: 'not-sent'; readonly detail: string }
  /** It went out, and no answer came in time or before the session ended. The peer may have acted on it. */
  | { readonly kind: 'no-answer'; readonly detail: string }

export interface CallOptions {
  /** Milliseconds from sending to the answer; the default is `limits.callTimeout`. */
  readonly timeoutMs?: number
  /** Called in the moment in which it is written: from here on the peer may act on it. */
  readonly sent?: () => void
}

/** One charge point's session, as use cases see it. */
export interface UseCaseSession {
  readonly facts: SessionFacts
  /** False once either side, or a drain, has begun to end it. */
  readonly isOpen: boolean
  /**
   * A CALL of our own to the charge point: waits for its turn, one CALL is outstanding per direction,
   * forwarded ones counted. Never rejected. Only what an operator, a campaign, the configuration or
   * the peer itself asked for may be sent.
   */
  callChargePoint(action: AnyActionName, payload: Payload, options?: CallOptions): Promise<CallOutcome>
  /** The same towards the central system, in the name of the charge point. */
  callCentralSystem(action: AnyActionName, payload: Payload, options?: CallOptions): Promise<CallOutcome>
  /** Ends both connections with a Close code and text. */
  end(code: number, text: string): void
}

/** The sessions of this process, by identity. */
export interface SessionDirectory {
  get(identity: string): UseCaseSession | null
  /** Live sessions, in no order. */
  all(): Iterable<UseCaseSession>
}

export const forward: CallFate & AnswerFate = Object.freeze({ kind: 'forward' })

export function answerWith(payload: Payload): CallFate {
  return { kind: 'answer', answer: { kind: 'result', payload } }
}

/** `code` is one of OCPP-J 1.6 4.2.3 (`ErrorCode` in ocpp/message.ts). */
export function answerError(code: string, description: string): CallFate {
  return { kind: 'answer', answer: { kind: 'error', code, description, details: {} } }
}
