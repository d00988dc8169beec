import { hash, type X509Certificate } from 'node:crypto'
import { certificateFields, shortestInteger } from '../certificate-fields.ts'
import { childrenOf, contentOf, type DerElement, derTag, encodeElement, expectTag } from '../der.ts'
import { readHashAlgorithm } from '../signed-data.ts'

/** A certificate that is asked about, and the certificate of its issuer, whose path has been verified. */
export interface RevocationSubject {
  readonly certificate: X509Certificate
  readonly issuer: X509Certificate
}

/** SHA-1 is for old responders that know no other CertID; nothing rests on its strength here. */
export type CertIdHash = 'sha256' | 'sha1'

const sequence = (...parts: readonly Buffer[]): Buffer => encodeElement(derTag.sequence, Buffer.concat(parts))
const octets = (content: Buffer): Buffer => encodeElement(derTag.octetString, content)

const algorithmOids: Readonly<Record<CertIdHash, string>> = {
  sha1: '2b0e03021a',
  sha256: '608648016503040201',
}

/** The DER of a CertID (RFC 6960 4.1.1). Throws ProxyError `certificate_unreadable`. */
export function encodeCertId({ certificate, issuer }: RevocationSubject, digest: CertIdHash): Buffer {
  const fields = certificateFields(certificate)
  const algorithm = encodeElement(derTag.oid, Buffer.from(algorithmOids[digest], 'hex'))
  return sequence(
    // Responders of the field expect the NULL, though RFC 5754 section 2 would leave it out.
    sequence(algorithm, encodeElement(0x05, Buffer.alloc(0))),
    octets(hash(digest, fields.issuer, 'buffer')),
    octets(hash(digest, certificateFields(issuer).keyBits, 'buffer')),
    encodeElement(derTag.integer, fields.serialNumber),
  )
}

/** A text that is the same for the same certificate of the same issuer, and for no other: a key for caches. */
export function certIdKey(subject: RevocationSubject): string {
  return hash('sha256', encodeCertId(subject, 'sha256'), 'hex')
}

/**
 * Is this the CertID of the subject, under whatever hash the responder chose? Which hash it is does
 * not matter: the answer is believed for its signature. Throws `certificate_unreadable`.
 */
export function matchesCertId(certId: DerElement, { certificate, issuer }: RevocationSubject): boolean {
  const [algorithm, nameHash, keyHash, serial] = childrenOf(expectTag(certId, derTag.sequence, 'a CertID'))
  const digest = readHashAlgorithm(algorithm)
  if (digest === null || digest === 'md5') return false
  const fields = certificateFields(certificate)
  const number = contentOf(expectTag(serial, derTag.integer, 'the serial number of a CertID'))
  return (
    shortestInteger(number, 'the serial number of a CertID').equals(fields.serialNumber) &&
    octetsOf(nameHash).equals(hash(digest, fields.issuer, 'buffer')) &&
    octetsOf(keyHash).equals(hash(digest, certificateFields(issuer).keyBits, 'buffer'))
  )
}

function octetsOf(element: DerElement | undefined): Buffer {
  return contentOf(expectTag(element, derTag.octetString, 'a hash of a CertID'))
}
