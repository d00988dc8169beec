import { hash } from 'node:crypto'
import { shortestInteger } from '../certificate-fields.ts'
import { childrenOf, contentOf, type DerElement, derTag, encodeElement, expectTag } from '../der.ts'
import { type CertificateHashData, digests, type HashAlgorithm, readHashData } from '../hash-data.ts'
import { readHashAlgorithm } from '../signed-data.ts'

/** OCSPRequestDataType: a certificate and who knows its status (M06; application note Plug & Charge). */
export interface OcspRequestData extends CertificateHashData {
  /** As the charge point read it from the certificate: nobody has judged it yet. */
  readonly responderURL: string
}

const maxUrlLength = 512

const bytesOf: Readonly<Record<HashAlgorithm, number>> = { SHA256: 32, SHA384: 48, SHA512: 64 }

/** Hash data and responder of a peer's message; null: they are none, or of no length that fits. Never throws. */
export function readOcspRequestData(value: unknown): OcspRequestData | null {
  const data = readHashData(value)
  if (data === null || typeof value !== 'object' || value === null) return null
  const responderURL: unknown = Reflect.get(value, 'responderURL')
  if (typeof responderURL !== 'string' || responderURL === '' || responderURL.length > maxUrlLength)
    return null
  const digits = bytesOf[data.hashAlgorithm] * 2
  const fits = (digest: string): boolean => digest.length === digits && /^[0-9a-f]+$/i.test(digest)
  if (!fits(data.issuerNameHash) || !fits(data.issuerKeyHash)) return null
  // RFC 5280 4.1.2.2: serial numbers are positive.
  return /^[0-9a-f]+$/i.test(data.serialNumber) ? { ...data, responderURL } : null
}

/** 2.16.840.1.101.3.4.2.1 to 3. */
const algorithmOids: Readonly<Record<HashAlgorithm, string>> = {
  SHA256: '608648016503040201',
  SHA384: '608648016503040202',
  SHA512: '608648016503040203',
}

/** The DER of the CertID (RFC 6960 4.1.1) that the hash data are. */
export function certIdOf(data: CertificateHashData): Buffer {
  const algorithm = Buffer.concat([
    encodeElement(derTag.oid, Buffer.from(algorithmOids[data.hashAlgorithm], 'hex')),
    encodeElement(0x05, Buffer.alloc(0)),
  ])
  return encodeElement(
    derTag.sequence,
    Buffer.concat([
      encodeElement(derTag.sequence, algorithm),
      encodeElement(derTag.octetString, Buffer.from(data.issuerNameHash, 'hex')),
      encodeElement(derTag.octetString, Buffer.from(data.issuerKeyHash, 'hex')),
      encodeElement(derTag.integer, serialBytes(data.serialNumber)),
    ]),
  )
}

/** Is this the CertID that was asked about? Throws ProxyError `certificate_unreadable`. */
export function isCertIdOf(certId: DerElement, data: CertificateHashData): boolean {
  const [algorithm, nameHash, keyHash, serial] = childrenOf(expectTag(certId, derTag.sequence, 'a CertID'))
  const number = contentOf(expectTag(serial, derTag.integer, 'the serial number of a CertID'))
  const octets = (element: DerElement | undefined): string =>
    contentOf(expectTag(element, derTag.octetString, 'a hash of a CertID')).toString('hex')
  return (
    readHashAlgorithm(algorithm) === digests[data.hashAlgorithm] &&
    octets(nameHash) === data.issuerNameHash.toLowerCase() &&
    octets(keyHash) === data.issuerKeyHash.toLowerCase() &&
    shortestInteger(number, 'the serial number of a CertID').equals(serialBytes(data.serialNumber))
  )
}

/** A key for this very question: at another address somebody may say something else. */
export function ocspRequestKey(data: OcspRequestData): string {
  return keyOf(data, data.responderURL)
}

/**
 * The same for the answers of one host, whatever path was named: of answers that its authority has signed there is
 * one then, and a charge point that makes up paths fills no store (CWE-770).
 */
export function ocspHostKey(data: OcspRequestData): string {
  return keyOf(data, URL.parse(data.responderURL)?.origin ?? data.responderURL)
}

function keyOf(data: OcspRequestData, address: string): string {
  return hash('sha256', Buffer.concat([certIdOf(data), Buffer.from(address)]), 'hex')
}

/** Content of the INTEGER, in the shortest form of DER. */
function serialBytes(digits: string): Buffer {
  const short = digits.replace(/^0+(?=.)/, '')
  const bytes = Buffer.from(short.length % 2 === 0 ? short : `0${short}`, 'hex')
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes])
}
