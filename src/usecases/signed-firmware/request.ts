import type { Payload } from '../../ocpp/message.ts'
import { isDateTime } from '../../ocpp/message-schemas.ts'
import type { CallOutcome } from '../../relay/use-case.ts'
import type { FirmwareEntry } from '../../store/store.ts'
import { refusingCode } from '../operation/answer.ts'
import { signingCertificateOf } from './certificate.ts'

/** What is wanted of a charge point, whoever wants it. */
export interface Wanted {
  readonly location: string
  /** RFC 3339, as it was given. */
  readonly retrieveAt: string
  /** Of an operator only: UpdateFirmware has none. */
  readonly installAt?: string
  readonly retries?: number
  /** Seconds. */
  readonly retryInterval?: number
}

/**
 * UpdateFirmware of a central system (OCPP 1.6, 6.49), of which some write null for what they leave out; null: it has
 * not the form that could be translated.
 */
export function readUpdateFirmware(payload: Payload): Wanted | null {
  const { location, retrieveDate } = payload
  const retries = payload.retries ?? undefined
  const retryInterval = payload.retryInterval ?? undefined
  const retrieveAt = readTime(retrieveDate)
  if (typeof location !== 'string' || retrieveAt === null) return null
  if (!isCount(retries) || !isCount(retryInterval)) return null
  return {
    location,
    retrieveAt,
    ...(retries === undefined ? {} : { retries }),
    ...(retryInterval === undefined ? {} : { retryInterval }),
  }
}

/** As it was given; another writing than that of ISO 8601 becomes it, in UTC where it names no zone (OCPP 1.6, 3.11). */
function readTime(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 64) return null
  if (isDateTime(value)) return value
  // Neither the end of a date nor AM or PM is a zone: read as one, they leave the time to the zone of this machine.
  const hasZone = /(?::\d\d.*[+-]\d\d:?\d\d|(?<!\d\s*[AP])[A-Z])\s*$/i.test(value)
  const readings = hasZone ? [value] : [`${value}Z`, `${value} UTC`]
  const time = readings.map((one) => Date.parse(one)).find((one) => !Number.isNaN(one))
  return time === undefined ? null : new Date(time).toISOString()
}

function isCount(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)
}

/** The plain message: for charge points without L01. */
export function plainUpdate({ location, retrieveAt, retries, retryInterval }: Wanted): Payload {
  return {
    location,
    retrieveDate: retrieveAt,
    ...(retries === undefined ? {} : { retries }),
    ...(retryInterval === undefined ? {} : { retryInterval }),
  }
}

/** L01.FR.11: with signature and signing certificate. */
export function signedUpdate(requestId: number, entry: FirmwareEntry, wanted: Wanted): Payload {
  const { location, retrieveAt, installAt, retries, retryInterval } = wanted
  return {
    requestId,
    ...(retries === undefined ? {} : { retries }),
    ...(retryInterval === undefined ? {} : { retryInterval }),
    firmware: {
      location,
      retrieveDateTime: retrieveAt,
      ...(installAt === undefined ? {} : { installDateTime: installAt }),
      signingCertificate: signingCertificateOf(entry.chain),
      signature: entry.signature.replace(/\s+/g, ''),
    },
  }
}

/** What a charge point made of SignedUpdateFirmware. `detail` never repeats what a peer chose. */
export type SignedAnswer =
  /** `isCanceling`: the one before was given up for it (L01.FR.26). */
  | { readonly kind: 'accepted'; readonly isCanceling: boolean }
  | { readonly kind: 'refused'; readonly isCertificate: boolean; readonly detail: string }
  /** It has no L01 (OCPP-J 1.6 4.2.3). */
  | { readonly kind: 'unknown-message' }
  | {
      readonly kind: 'failed'
      readonly code: 'not_sent' | 'no_answer' | 'error_answer'
      readonly detail: string
    }

export function readSignedAnswer(outcome: CallOutcome): SignedAnswer {
  if (outcome.kind === 'not-sent') return { kind: 'failed', code: 'not_sent', detail: outcome.detail }
  if (outcome.kind === 'no-answer') return { kind: 'failed', code: 'no_answer', detail: outcome.detail }
  if (outcome.kind === 'error') {
    if (isUnknown(outcome)) return { kind: 'unknown-message' }
    return { kind: 'failed', code: 'error_answer', detail: errorText(outcome) }
  }
  const { status } = outcome.payload
  switch (status) {
    case 'Accepted':
    case 'AcceptedCanceled':
      return { kind: 'accepted', isCanceling: status === 'AcceptedCanceled' }
    case 'Rejected':
      return { kind: 'refused', isCertificate: false, detail: 'it answered Rejected' }
    case 'InvalidCertificate':
    case 'RevokedCertificate':
      return { kind: 'refused', isCertificate: true, detail: `it answered ${status} (L01.FR.02)` }
    default:
      return {
        kind: 'failed',
        code: 'error_answer',
        detail: 'its answer has no status of SignedUpdateFirmware',
      }
  }
}

/** What it made of the plain message. */
export type PlainAnswer =
  | { readonly kind: 'accepted' }
  /** L01.FR.20: it has L01, and wants the signed one. */
  | { readonly kind: 'wants-signed' }
  | {
      readonly kind: 'failed'
      readonly code: 'not_sent' | 'no_answer' | 'error_answer'
      readonly detail: string
    }

export function readPlainAnswer(outcome: CallOutcome): PlainAnswer {
  switch (outcome.kind) {
    case 'result':
      return { kind: 'accepted' }
    case 'not-sent':
      return { kind: 'failed', code: 'not_sent', detail: outcome.detail }
    case 'no-answer':
      return { kind: 'failed', code: 'no_answer', detail: outcome.detail }
    case 'error':
      return wantsSigned(outcome)
        ? { kind: 'wants-signed' }
        : { kind: 'failed', code: 'error_answer', detail: errorText(outcome) }
    default:
      return outcome satisfies never
  }
}

type ErrorAnswer = Extract<CallOutcome, { readonly kind: 'error' }>

/** L01.FR.20. */
export function wantsSigned({ code, origin }: ErrorAnswer): boolean {
  return origin !== 'proxy' && code === 'NotSupported'
}

function isUnknown({ code, origin }: ErrorAnswer): boolean {
  return origin !== 'proxy' && (code === 'NotImplemented' || code === 'NotSupported')
}

function errorText({ code, origin }: ErrorAnswer): string {
  const known = origin === 'proxy' ? null : refusingCode(code)
  return known === null ? 'it answered with a CALLERROR' : `it answered with a CALLERROR (${known})`
}
