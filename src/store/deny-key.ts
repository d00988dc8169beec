import { hash } from 'node:crypto'
import { ProxyError } from '../policy/error.ts'
import { parseFingerprint } from '../policy/fingerprint.ts'
import type { DenySubject, DenyTarget, NewDenyEntry } from './deny-list.ts'

/** RFC 5280 4.1.2.2 allows 20 bytes; authorities that ignore it exist. */
const maxSerialDigits = 128
const maxIssuerLength = 1000
export const maxNoteLength = 500

/** A target as it is kept and compared. Throws ProxyError `deny_target_invalid`. */
export function canonicalTarget(target: DenyTarget): DenyTarget {
  if (target.kind === 'fingerprint') {
    const fingerprint = parseFingerprint(target.fingerprint)
    if (fingerprint === null)
      throw invalid('a fingerprint is SHA-256: 64 hexadecimal digits, with or without colons')
    return { kind: 'fingerprint', fingerprint }
  }
  const digits = target.serialNumber.replaceAll(/[:\s]/g, '').toUpperCase()
  const serialNumber = digits.replace(/^0X/, '').replace(/^0+/, '')
  if (!/^[0-9A-F]+$/.test(serialNumber) || serialNumber.length > maxSerialDigits)
    throw invalid('the serial number of a certificate is hexadecimal, with or without colons, and not zero')
  if (target.issuer === '' || (target.issuer ?? '').length > maxIssuerLength)
    throw invalid(`the issuer is a text of 1 to ${maxIssuerLength} characters, as certificates are shown`)
  return { kind: 'serial', serialNumber, issuer: target.issuer }
}

/** The one key of a target. Throws ProxyError `deny_target_invalid`. */
export function denyKey(target: DenyTarget): string {
  const found = canonicalTarget(target)
  if (found.kind === 'fingerprint') return `fingerprint:${found.fingerprint}`
  if (found.issuer === null) return `serial:${found.serialNumber}`
  return `serial:${found.serialNumber}:${hash('sha256', found.issuer, 'hex')}`
}

/** The keys under which a certificate could be denied, the most precise first. */
export function keysOf({ fingerprint, serialNumber, issuer }: DenySubject): readonly string[] {
  const keys = [`fingerprint:${fingerprint.toLowerCase()}`]
  // A certificate without a serial number (A00.FR.508) is refused elsewhere.
  if (serialNumber === '') return keys
  const serial = `serial:${serialNumber.toUpperCase()}`
  return [...keys, `${serial}:${hash('sha256', issuer, 'hex')}`, serial]
}

/** An entry as it is kept: target and key in their one form, texts within their bounds. */
export function boundedEntry(entry: NewDenyEntry): NewDenyEntry & { readonly key: string } {
  const target = canonicalTarget(entry.target)
  return { ...entry, key: denyKey(target), target, note: entry.note.slice(0, maxNoteLength) }
}

function invalid(message: string): ProxyError {
  return new ProxyError('deny_target_invalid', 'operator', message)
}
