import { ProxyError } from '../policy/error.ts'

/**
 * The OCPP-J 1.6 envelope (chapter 4) for endpoints: those who read and write whole messages. The relay
 * does not use it: it looks at the first elements only and never parses a payload.
 */

/** A JSON object as it came: what is in it must be checked before it is used. */
export type Payload = Readonly<Record<string, unknown>>

export interface CallMessage {
  readonly kind: 'call'
  readonly id: string
  readonly action: string
  readonly payload: Payload
}
export interface ResultMessage {
  readonly kind: 'result'
  readonly id: string
  readonly payload: Payload
}
export interface ErrorMessage {
  readonly kind: 'error'
  readonly id: string
  readonly code: string
  readonly description: string
  readonly details: Payload
}
export type OcppMessage = CallMessage | ResultMessage | ErrorMessage

/** OCPP-J 1.6 4.2.3; the odd spelling of the eighth is the standard's (errata 5.1). */
export const errorCodes = [
  'NotImplemented',
  'NotSupported',
  'InternalError',
  'ProtocolError',
  'SecurityError',
  'FormationViolation',
  'PropertyConstraintViolation',
  'OccurenceConstraintViolation',
  'TypeConstraintViolation',
  'GenericError',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** OCPP 2.0.1 part 4, 4.3, spells two of them in another way and adds two. */
const otherCodes201 = {
  FormationViolation: 'FormatViolation',
  OccurenceConstraintViolation: 'OccurrenceConstraintViolation',
} as const
export type ErrorCode201 =
  | Exclude<ErrorCode, keyof typeof otherCodes201>
  | (typeof otherCodes201)[keyof typeof otherCodes201]
  | 'MessageTypeNotSupported'
  | 'RpcFrameworkError'

/** The same error in the words of OCPP 2.0.1. */
export function errorCode201(code: ErrorCode): ErrorCode201 {
  switch (code) {
    case 'FormationViolation':
    case 'OccurenceConstraintViolation':
      return otherCodes201[code]
    default:
      return code
  }
}

export interface MessageLimits {
  /** UTF-16 units of the whole text: an upper bound for what is parsed at all. */
  readonly textLength: number
  /** OCPP-J 1.6 4.1.4: at most 36 characters. */
  readonly idLength: number
  readonly actionLength: number
  readonly errorCodeLength: number
  readonly errorDescriptionLength: number
}

export const messageLimits: MessageLimits = Object.freeze({
  textLength: 262_144,
  idLength: 36,
  actionLength: 50,
  errorCodeLength: 50,
  // OCPP-J says 255; longer ones are seen from central systems that put a stack trace there.
  errorDescriptionLength: 4096,
})

export type MessageProblem = 'too-long' | 'not-json' | 'not-an-envelope' | 'unknown-type' | 'malformed'

export type ParsedMessage =
  | { readonly ok: true; readonly message: OcppMessage }
  | {
      readonly ok: false
      readonly problem: MessageProblem
      readonly detail: string
      /** Set when a CALL was recognized, so that it can be answered with a CALLERROR. */
      readonly callId: string | null
    }

/**
 * Reads one OCPP-J message. Total: whatever comes, it returns. `unknown-type` is to be ignored (OCPP-J 1.6
 * 4.1.3); a payload of null counts as empty (4.2.1).
 */
export function parseMessage(text: string, limits: MessageLimits = messageLimits): ParsedMessage {
  if (text.length > limits.textLength) return problem('too-long', `${text.length} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return problem('not-json', 'the text is not JSON')
  }
  if (!Array.isArray(value)) return problem('not-an-envelope', 'the message is not an array')
  const elements: readonly unknown[] = value
  const type = elements[0]
  if (!Number.isInteger(type)) return problem('not-an-envelope', 'the message type is not a number')
  switch (type) {
    case 2:
      return parseCall(elements, limits)
    case 3:
      return parseResult(elements, limits)
    case 4:
      return parseError(elements, limits)
    default:
      return problem('unknown-type', 'the message type is not 2, 3 or 4')
  }
}

function parseCall(elements: readonly unknown[], limits: MessageLimits): ParsedMessage {
  const [, id, action, body] = elements
  if (!isId(id, limits))
    return problem('malformed', 'the id of the CALL is not a string of 1 to 36 characters')
  if (elements.length !== 4) return problem('malformed', 'a CALL has four elements', id)
  if (typeof action !== 'string' || action === '' || action.length > limits.actionLength) {
    return problem('malformed', 'the action of the CALL is not a short string', id)
  }
  const payload = payloadOf(body)
  if (payload === null) return problem('malformed', 'the payload of the CALL is not an object', id)
  return { ok: true, message: { kind: 'call', id, action, payload } }
}

function parseResult(elements: readonly unknown[], limits: MessageLimits): ParsedMessage {
  const [, id, body] = elements
  if (!isId(id, limits)) return problem('malformed', 'the id of the CALLRESULT is not valid')
  if (elements.length !== 3) return problem('malformed', 'a CALLRESULT has three elements')
  const payload = payloadOf(body)
  if (payload === null) return problem('malformed', 'the payload of the CALLRESULT is not an object')
  return { ok: true, message: { kind: 'result', id, payload } }
}

/** OCPP-J asks for five elements; peers leave the last two out, and the answer still ends the CALL. */
function parseError(elements: readonly unknown[], limits: MessageLimits): ParsedMessage {
  const [, id, code, description, details] = elements
  if (!isId(id, limits)) return problem('malformed', 'the id of the CALLERROR is not valid')
  if (elements.length > 5) return problem('malformed', 'a CALLERROR has five elements')
  if (typeof code !== 'string' || code.length > limits.errorCodeLength) {
    return problem('malformed', 'the code of the CALLERROR is not a short string')
  }
  const words = typeof description === 'string' ? description.slice(0, limits.errorDescriptionLength) : ''
  return {
    ok: true,
    message: { kind: 'error', id, code, description: words, details: payloadOf(details) ?? {} },
  }
}

/** One message as text. @throws ProxyError `message_invalid` when the envelope would break OCPP-J. */
export function buildMessage(message: OcppMessage, limits: MessageLimits = messageLimits): string {
  if (!isId(message.id, limits)) throw invalid('the id must have 1 to 36 characters')
  const text = JSON.stringify(elementsOf(message, limits))
  if (text.length > limits.textLength) throw invalid(`${text.length} characters are too many`)
  return text
}

function elementsOf(message: OcppMessage, limits: MessageLimits): readonly unknown[] {
  switch (message.kind) {
    case 'call':
      if (message.action === '' || message.action.length > limits.actionLength) {
        throw invalid('the action must be a short name')
      }
      return [2, message.id, message.action, message.payload]
    case 'result':
      return [3, message.id, message.payload]
    case 'error':
      return [4, message.id, message.code, message.description.slice(0, 255), message.details]
  }
}

export function buildCall(id: string, action: string, payload: Payload): string {
  return buildMessage({ kind: 'call', id, action, payload })
}

export function buildCallResult(id: string, payload: Payload): string {
  return buildMessage({ kind: 'result', id, payload })
}

export function buildCallError(id: string, code: ErrorCode, description = '', details: Payload = {}): string {
  return buildMessage({ kind: 'error', id, code, description, details })
}

export function isPayload(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function payloadOf(value: unknown): Payload | null {
  if (value === null || value === undefined) return {}
  return isPayload(value) ? value : null
}

function isId(value: unknown, limits: MessageLimits): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= limits.idLength
}

function problem(name: MessageProblem, detail: string, callId: string | null = null): ParsedMessage {
  return { ok: false, problem: name, detail, callId }
}

function invalid(detail: string): ProxyError {
  return new ProxyError('message_invalid', 'proxy', `cannot build an OCPP-J message: ${detail}`)
}
