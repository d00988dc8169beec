import type { X509Certificate } from 'node:crypto'
import { messageOf } from '../../policy/error.ts'
import type { Revocation } from '../../policy/revocation.ts'
import { certificateFacts } from '../certificate.ts'
import { certificateFields } from '../certificate-fields.ts'
import { type SignatureProblem, type SignedData, signatureProblem } from '../signed-data.ts'
import { readCrlBody } from './crl-body.ts'
import { revocationOf, serialPlaceOf } from './crl-entry.ts'
import { pemOrDer } from './crl-pem.ts'
import { createSerialTable } from './serial-table.ts'

/** Why a CRL cannot be used. */
export type CrlProblemCode =
  | 'too_large'
  | 'unreadable'
  /** A delta CRL, or one that covers some certificates or reasons only (RFC 5280 5.2.4, 5.2.5). */
  | 'critical_extension'
  | 'not_yet_valid'
  | 'issuer_mismatch'
  | 'issuer_may_not_sign'
  | SignatureProblem

export interface CrlProblem {
  readonly code: CrlProblemCode
  readonly detail: string
}

/** A CRL that was read. Nothing is proven before `crlProblem` has said so for an issuer. */
export interface Crl {
  /** The DER of the issuer's Name. */
  readonly issuer: Buffer
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** The CRL number (RFC 5280 5.2.3), which only grows; null: it has none. */
  readonly number: bigint | null
  /** How many certificates are revoked. */
  readonly size: number
  /** The revocation of this certificate; null: it is not revoked. Ask for certificates of the CRL's issuer only. */
  find(certificate: X509Certificate): Revocation | null
  /** The same by the bytes of its serial number, as `certificateFields` has them. */
  findSerial(serialNumber: Buffer): Revocation | null
  /** As it was signed. */
  readonly signed: SignedData
}

export type CrlResult =
  | { readonly ok: true; readonly crl: Crl }
  | { readonly ok: false; readonly problem: CrlProblem }

export interface CrlReading {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** How far the clock of the authority may be ahead of ours, in milliseconds. */
  readonly skewMs: number
  readonly maxBytes: number
}

/** Room for some 800,000 revoked certificates. */
export const defaultMaxCrlBytes = 32 * 1024 * 1024

/**
 * Reads a full CRL, PEM or DER (RFC 5280 section 5). Its bytes are kept: whoever gives them must not
 * change them. Never throws. What is not understood and critical makes it unusable, as does a
 * missing nextUpdate, which RFC 5280 5.1.2.5 requires.
 */
export function readCrl(input: Buffer, reading: CrlReading): CrlResult {
  if (input.length > reading.maxBytes)
    return problem('too_large', `the CRL has more than ${reading.maxBytes} bytes`)
  try {
    const der = pemOrDer(input)
    if (der === null) return problem('unreadable', 'a CRL file must hold exactly one CRL')
    const body = readCrlBody(der)
    if (body.criticalExtension !== null)
      return problem('critical_extension', `the CRL has the extension ${body.criticalExtension}`)
    if (body.thisUpdate > reading.now + reading.skewMs)
      return problem('not_yet_valid', `the CRL is of ${new Date(body.thisUpdate).toISOString()}`)
    return { ok: true, crl: crlOf(body) }
  } catch (error) {
    return problem('unreadable', messageOf(error))
  }
}

function crlOf(body: ReturnType<typeof readCrlBody>): Crl {
  const bytes = body.signed.body.bytes
  const table = createSerialTable(bytes, body.entries, (place) => serialPlaceOf(bytes, place))
  const { issuer, thisUpdate, nextUpdate, number, signed } = body
  const findSerial = (serialNumber: Buffer): Revocation | null => {
    const place = table.find(serialNumber)
    return place === null ? null : revocationOf(bytes, place)
  }
  return {
    issuer,
    thisUpdate,
    nextUpdate,
    number,
    signed,
    size: table.size,
    find: (certificate) => findSerial(certificateFields(certificate).serialNumber),
    findSerial,
  }
}

/**
 * null: the CRL is by this issuer: names, key usage and signature say so (RFC 5280 6.3.3 (b), (f),
 * (g)). Whether the issuer is trusted, and has expired, is for its own path to say. Never throws.
 */
export function crlProblem(crl: Crl, issuer: X509Certificate): CrlProblem | null {
  try {
    if (!certificateFields(issuer).subject.equals(crl.issuer))
      return { code: 'issuer_mismatch', detail: 'the CRL is by an issuer of another name' }
    const { keyUsage } = certificateFacts(issuer)
    if (keyUsage !== null && !keyUsage.includes('cRLSign'))
      return { code: 'issuer_may_not_sign', detail: 'the key usage of the issuer does not include cRLSign' }
    const code = signatureProblem(crl.signed, issuer.publicKey)
    return code === null ? null : { code, detail: signatureDetails[code] }
  } catch (error) {
    return { code: 'unreadable', detail: messageOf(error) }
  }
}

const signatureDetails: Readonly<Record<SignatureProblem, string>> = {
  signature_algorithm: 'the CRL is signed with an algorithm that is not known or does not fit the key',
  signature_weak: 'the CRL is signed with less than SHA-256',
  signature_invalid: 'the CRL is not signed by the key of the issuer',
}

/** Is the CRL past its nextUpdate? Times in milliseconds. */
export function isStale(crl: Pick<Crl, 'nextUpdate'>, now: number): boolean {
  return now >= crl.nextUpdate
}

/** Would `next` take revocations back that `crl` knows: is it the older of the two? The number decides (5.2.3). */
export function isOlder(next: Crl, crl: Crl): boolean {
  if (next.number !== null && crl.number !== null) return next.number < crl.number
  return next.thisUpdate < crl.thisUpdate
}

function problem(code: CrlProblemCode, detail: string): CrlResult {
  return { ok: false, problem: { code, detail } }
}
