import { errorCodes, type Payload } from '../ocpp/message.ts'
import type { CallOutcome } from '../relay/use-case.ts'
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

/** Keys are CiString50Type: letters of either case. */
export function isKey(name: string, key: 'AuthorizationKey' | 'SecurityProfile'): boolean {
  return name.toLowerCase() === key.toLowerCase()
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
    case 'error': {
      const code = errorCodes.find((known) => known === outcome.code) ?? 'an unknown code'
      return { kind: 'refused', code: 'error_answer', detail: `it answered with a CALLERROR (${code})` }
    }
    case 'not-sent':
      return { kind: 'refused', code: 'not_sent', detail: outcome.detail }
    case 'no-answer':
      return { kind: 'unknown', detail: outcome.detail }
    default:
      return outcome satisfies never
  }
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
