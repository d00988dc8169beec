import { isPayload, type Payload } from './message.ts'

/**
 * ISO 15118 Plug & Charge over OCPP 1.6 (OCA application note, version 1.0): messages of OCPP 2.0.1
 * inside DataTransfer. Strict in what it writes, lenient in what it reads.
 */

export const plugAndChargeVendorId = 'org.openchargealliance.iso15118pnc'

export const plugAndChargeMessages = [
  'Authorize',
  'CertificateSigned',
  'DeleteCertificate',
  'Get15118EVCertificate',
  'GetCertificateStatus',
  'GetInstalledCertificateIds',
  'InstallCertificate',
  'SignCertificate',
  'TriggerMessage',
] as const
export type PlugAndChargeMessage = (typeof plugAndChargeMessages)[number]

/** A message in its envelope; `data` null: it is there, and it is no message that can be read. */
export interface Wrapped {
  readonly message: PlugAndChargeMessage
  readonly data: Payload | null
}

/** Longer ones are of no message of the note: the longest has a chain of 10,000 characters. */
const maxDataLength = 65_536

/**
 * The message in the payload of a DataTransfer.req; null: it is another vendor's, or none of the note. Both
 * names are CiStrings, which do not tell upper from lower case (OCPP 1.6, DataTransfer.req). Total.
 */
export function unwrapRequest(payload: Payload): Wrapped | null {
  if (lowerCase(payload.vendorId) !== plugAndChargeVendorId) return null
  const messageId = lowerCase(payload.messageId)
  const message = plugAndChargeMessages.find((one) => lowerCase(one) === messageId)
  return message === undefined ? null : { message, data: dataOf(payload.data) }
}

function lowerCase(value: unknown): string | null {
  return typeof value === 'string' ? value.toLowerCase() : null
}

/** The payload of a DataTransfer.req. */
export function wrapRequest(message: PlugAndChargeMessage, data: Payload): Payload {
  return { vendorId: plugAndChargeVendorId, messageId: message, data: JSON.stringify(data) }
}

/** The payload of a DataTransfer.conf that carries an answer. */
export function wrapAnswer(data: Payload): Payload {
  return { status: 'Accepted', data: JSON.stringify(data) }
}

/** The answer in a DataTransfer.conf, or the status that came in its place. Total. */
export function unwrapAnswer(
  payload: Payload,
): { readonly ok: true; readonly data: Payload } | { readonly ok: false; readonly status: string } {
  const { status } = payload
  if (status !== 'Accepted')
    return { ok: false, status: typeof status === 'string' ? status.slice(0, 50) : '' }
  const data = dataOf(payload.data)
  return data === null ? { ok: false, status: 'Accepted without data' } : { ok: true, data }
}

/** The note says text; peers send the object itself. */
function dataOf(data: unknown): Payload | null {
  if (isPayload(data)) return data
  if (typeof data !== 'string' || data.length > maxDataLength) return null
  try {
    const value: unknown = JSON.parse(data)
    return isPayload(value) ? value : null
  } catch {
    return null
  }
}
