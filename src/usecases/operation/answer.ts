import type { Payload } from '../../ocpp/message.ts'
import { foldKey } from '../../policy/configuration-key.ts'
import type { CallOutcome } from '../../relay/use-case.ts'
import type { OperationFailure } from './operation.ts'

/** ChangeConfiguration (OCPP 1.6, 5.3) and what is used in its place, read and judged. Pure, and total on whatever a peer sends. */

/** `value` is as it was sent, and may be anything. */
export interface ChangeConfiguration {
  readonly key: string
  readonly value: unknown
}

/** Null: it names no key; the charge point will refuse it. */
export function readChangeConfiguration(payload: Payload): ChangeConfiguration | null {
  const { key, value } = payload
  return typeof key === 'string' ? { key, value } : null
}

/** As the guard compares them: what it knows for a key must be one here as well. */
export function isKey(name: string, key: 'AuthorizationKey' | 'SecurityProfile'): boolean {
  return foldKey(name) === foldKey(key)
}

/** What a charge point made of a change. `detail` never repeats what it sent: a password may be in it. */
export type ChangeAnswer =
  | { readonly kind: 'accepted' | 'reboot-required' }
  | {
      readonly kind: 'refused'
      readonly code: Extract<OperationFailure, 'refused' | 'not_supported' | 'error_answer' | 'not_sent'>
      readonly detail: string
    }
  /** It may have taken it, or not. */
  | { readonly kind: 'unknown'; readonly detail: string }

/** null: the session ended without an answer. */
export function readChangeAnswer(outcome: CallOutcome | null): ChangeAnswer {
  if (outcome === null) return { kind: 'unknown', detail: 'the session ended before an answer came' }
  switch (outcome.kind) {
    case 'result':
      return readStatus(outcome.payload['status'])
    case 'error':
      return readError(outcome)
    case 'not-sent':
      return { kind: 'refused', code: 'not_sent', detail: outcome.detail }
    case 'no-answer':
      return { kind: 'unknown', detail: outcome.detail }
    default:
      return outcome satisfies never
  }
}

/**
 * The codes of OCPP-J 1.6 4.2.3 that say that the CALL was turned away before anything was done; the
 * standard's odd spelling and the one that others write. InternalError, GenericError and codes of
 * their own come from charge points that stored the value and failed on what was next.
 */
const refusingCodes = [
  'NotImplemented',
  'NotSupported',
  'ProtocolError',
  'SecurityError',
  'FormationViolation',
  // OCPP 2.0.1
  'FormatViolation',
  'MessageTypeNotSupported',
  'RpcFrameworkError',
  'PropertyConstraintViolation',
  'OccurenceConstraintViolation',
  'OccurrenceConstraintViolation',
  'TypeConstraintViolation',
] as const

function readError({ code, origin }: CallOutcome & { readonly kind: 'error' }): ChangeAnswer {
  if (origin === 'proxy') return { kind: 'unknown', detail: 'the proxy could not read or handle its answer' }
  const known = refusingCode(code)
  if (known === null) {
    return { kind: 'unknown', detail: 'it answered with a CALLERROR that does not say that nothing was done' }
  }
  return { kind: 'refused', code: 'error_answer', detail: `it answered with a CALLERROR (${known})` }
}

/** The code as the standard has it, when it says that nothing was done; null: it does not. */
export function refusingCode(code: string): (typeof refusingCodes)[number] | null {
  return refusingCodes.find((one) => one === code) ?? null
}

function readStatus(status: unknown): ChangeAnswer {
  switch (status) {
    case 'Accepted':
      return { kind: 'accepted' }
    case 'RebootRequired':
      return { kind: 'reboot-required' }
    case 'Rejected':
      return { kind: 'refused', code: 'refused', detail: 'it answered Rejected' }
    case 'NotSupported':
    // Of DataTransfer (OCPP 1.6, 7.15).
    case 'UnknownMessageId':
    case 'UnknownVendorId':
      return { kind: 'refused', code: 'not_supported', detail: `it answered ${status}` }
    default:
      // Whoever answers like this may have done it: nothing must depend on it.
      return { kind: 'unknown', detail: 'its answer has no status of ChangeConfiguration' }
  }
}
