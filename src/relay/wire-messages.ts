import { hasDuplicateMembers } from '../ocpp/duplicate-members.ts'
import {
  buildMessage,
  type ErrorCode,
  type ErrorCode201,
  type MessageLimits,
  type OcppMessage,
  parseMessage,
} from '../ocpp/message.ts'
import type { Answer, Call, Direction } from './use-case.ts'

/**
 * The relay forwards ids and names of any length, so it must be able to read and to answer them as
 * well: what is too long for the letter of OCPP-J must not slip past a use case. The size of a whole
 * message is bounded by limits.messageBytes.
 */
const relayLimits: MessageLimits = Object.freeze({
  textLength: Number.POSITIVE_INFINITY,
  idLength: Number.POSITIVE_INFINITY,
  actionLength: Number.POSITIVE_INFINITY,
  errorCodeLength: Number.POSITIVE_INFINITY,
  errorDescriptionLength: Number.POSITIVE_INFINITY,
})

/** Null: no endpoint can act on it by the letter of OCPP-J 1.6 4.2.1, or not every endpoint alike. */
export function readCall(text: string, direction: Direction): Call | null {
  const parsed = parseMessage(text, relayLimits)
  if (!parsed.ok || parsed.message.kind !== 'call') return null
  const { id, action, payload } = parsed.message
  if (hasDuplicateMembers(text, payload)) return null
  return { direction, id, action, payload }
}

/** An answer that cannot be read counts as an error of the proxy, FormationViolation: it may have been a yes. */
export function readAnswer(text: string): Answer {
  const parsed = parseMessage(text, relayLimits)
  if (!parsed.ok) return unreadAnswer(`the answer cannot be read: ${parsed.detail}`)
  const { message } = parsed
  switch (message.kind) {
    case 'result':
      return { kind: 'result', payload: message.payload }
    case 'error': {
      const { code, description, details } = message
      return { kind: 'error', code, description, details }
    }
    case 'call':
      return unreadAnswer('the answer is a CALL')
  }
}

function unreadAnswer(description: string): Answer {
  return { kind: 'error', code: 'FormationViolation', description, details: {}, origin: 'proxy' }
}

export function errorAnswer(code: ErrorCode | ErrorCode201, description: string): Answer {
  return { kind: 'error', code, description, details: {} }
}

/** @throws ProxyError, TypeError where the payload cannot be written as JSON. */
export function callText({ id, action, payload }: Call): string {
  return build({ kind: 'call', id, action, payload })
}

/** @throws ProxyError, TypeError where the payload cannot be written as JSON. */
export function answerText(id: string, answer: Answer): string {
  return build({ ...answer, id })
}

function build(message: OcppMessage): string {
  return buildMessage(message, relayLimits)
}
