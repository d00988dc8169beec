import { hash, type X509Certificate } from 'node:crypto'
import { ProxyError } from '../policy/error.ts'
import { certificateFields } from './certificate-fields.ts'

/** The hash algorithms of the white paper (HashAlgorithmEnumType). */
export const hashAlgorithms = ['SHA256', 'SHA384', 'SHA512'] as const
export type HashAlgorithm = (typeof hashAlgorithms)[number]

/** CertificateHashDataType: how OCPP names a certificate (M03, M04). */
export interface CertificateHashData {
  readonly hashAlgorithm: HashAlgorithm
  /** Hexadecimal over the DER of the issuer Name that stands in the certificate. */
  readonly issuerNameHash: string
  /** Hexadecimal over the bits of the issuer's public key: without tag, length and unused bits. */
  readonly issuerKeyHash: string
  /** Hexadecimal without leading zeroes. */
  readonly serialNumber: string
}

/** What Node calls them. */
export const digests = { SHA256: 'sha256', SHA384: 'sha384', SHA512: 'sha512' } as const satisfies Record<
  HashAlgorithm,
  string
>

/** CiString40: 20 bytes, as RFC 5280 4.1.2.2 has it. */
const maxSerialDigits = 40
const maxHashDigits = 128

/**
 * The hash data of `certificate`, in lower case (CertificateHashDataType of edition 3; the same inputs
 * as a CertID of RFC 6960 4.1.1). For a self-signed root the issuer is the root itself. Throws
 * ProxyError `not_the_issuer`, `serial_number_too_long`, and `certificate_unreadable`.
 */
export function certificateHashData(
  certificate: X509Certificate,
  issuer: X509Certificate,
  hashAlgorithm: HashAlgorithm = 'SHA256',
): CertificateHashData {
  const fields = certificateFields(certificate)
  const issuerFields = certificateFields(issuer)
  // One name may be written in two string types; Node's text of it is the same then.
  if (!fields.issuer.equals(issuerFields.subject) && certificate.issuer !== issuer.subject) {
    throw new ProxyError('not_the_issuer', 'operator', 'the certificate names another issuer')
  }
  const digest = digests[hashAlgorithm]
  return {
    hashAlgorithm,
    issuerNameHash: hash(digest, fields.issuer, 'hex'),
    issuerKeyHash: hash(digest, issuerFields.keyBits, 'hex'),
    serialNumber: serialNumberText(certificate),
  }
}

/** OpenSSL writes whole bytes, and a minus before the digits of the negative numbers that some authorities issue. */
function serialNumberText(certificate: X509Certificate): string {
  const digits = withoutLeadingZeroes(certificate.serialNumber.toLowerCase())
  if (digits.replace('-', '').length <= maxSerialDigits) return digits
  throw new ProxyError(
    'serial_number_too_long',
    'operator',
    `the serial number has more than ${maxSerialDigits / 2} bytes, which OCPP cannot carry`,
  )
}

function withoutLeadingZeroes(digits: string): string {
  return digits.replace(/^(-?)0+(?=.)/, '$1')
}

/**
 * Do both name the same certificate? The strings are case-insensitive since edition 3, and charge
 * points of edition 2 send leading zeroes. Hash data under different algorithms are never the same:
 * ask again with the algorithm of the other side.
 */
export function sameHashData(one: CertificateHashData, other: CertificateHashData): boolean {
  return hashDataKey(one) === hashDataKey(other)
}

/** The same text for the same certificate under the same algorithm: a key for maps. */
export function hashDataKey(data: CertificateHashData): string {
  const { hashAlgorithm, issuerNameHash, issuerKeyHash } = data
  const hashes = `${hashAlgorithm} ${issuerNameHash} ${issuerKeyHash}`.toLowerCase()
  return `${hashes} ${withoutLeadingZeroes(data.serialNumber.toLowerCase())}`
}

/**
 * The hash data in a message of a peer, as they came: a delete must repeat exactly what was reported
 * (M04.FR.07). null when they are none: another algorithm, no hexadecimal, too long. Never throws.
 */
export function readHashData(value: unknown): CertificateHashData | null {
  if (typeof value !== 'object' || value === null) return null
  const read = (name: keyof CertificateHashData): unknown => Reflect.get(value, name)
  const hashAlgorithm = hashAlgorithms.find((known) => known === read('hashAlgorithm'))
  const issuerNameHash = hexadecimal(read('issuerNameHash'), maxHashDigits)
  const issuerKeyHash = hexadecimal(read('issuerKeyHash'), maxHashDigits)
  const serialNumber = hexadecimal(read('serialNumber'), maxSerialDigits)
  if (hashAlgorithm === undefined) return null
  if (issuerNameHash === null || issuerKeyHash === null || serialNumber === null) return null
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
}

function hexadecimal(value: unknown, maxDigits: number): string | null {
  if (typeof value !== 'string' || value.length > maxDigits) return null
  return /^-?[0-9a-f]+$/i.test(value) ? value : null
}
