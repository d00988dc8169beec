import { readExtensionList } from '../certificate-fields.ts'
import {
  childrenOf,
  contentOf,
  type DerElement,
  derTag,
  encodingOf,
  expectTag,
  readElement,
  readPositiveInteger,
  unreadable,
} from '../der.ts'
import { readHashAlgorithm } from '../signed-data.ts'

/** One certificate that is asked about (RFC 6960 4.1.1). */
export interface OcspQuestion {
  /** The DER of the CertID, to be repeated in the answer. */
  readonly certId: Buffer
  /** By Node's name; null: a hash that nobody here knows. */
  readonly hash: string | null
  readonly issuerNameHash: Buffer
  readonly issuerKeyHash: Buffer
  /** Hexadecimal, upper case, without leading zeroes; empty: no positive number. */
  readonly serialNumber: string
}

export interface OcspRequest {
  readonly questions: readonly OcspQuestion[]
  /** What the nonce extension holds, to be repeated; null: none was sent. */
  readonly nonce: Buffer | null
}

/** Charge points and proxies ask about one; more than these are a way to make us work. */
const maxQuestions = 16
const maxRequestBytes = 16 * 1024
/** RFC 9654 2.1: 1 to 128 bytes, inside of an OCTET STRING. */
const maxNonceBytes = 130
export const nonceOid = '1.3.6.1.5.5.7.48.1.2'

/**
 * Reads an OCSPRequest (RFC 6960 4.1). A signature of the requester is neither asked for nor looked
 * at. Throws ProxyError `certificate_unreadable`.
 */
export function readOcspRequest(der: Buffer): OcspRequest {
  if (der.length > maxRequestBytes) throw unreadable(`the request is larger than ${maxRequestBytes} bytes`)
  const whole = expectTag(readElement(der), derTag.sequence, 'the request')
  if (whole.end !== der.length) throw unreadable('there are bytes behind the request')
  const fields = childrenOf(expectTag(childrenOf(whole)[0], derTag.sequence, 'the body of the request'))
  const list = fields.find(({ tag }) => tag === derTag.sequence)
  const questions = childrenOf(expectTag(list, derTag.sequence, 'the list of requests'))
  if (questions.length === 0 || questions.length > maxQuestions)
    throw unreadable(`the request asks about ${questions.length} certificates`)
  return { questions: questions.map(readQuestion), nonce: readNonce(fields) }
}

function readQuestion(request: DerElement): OcspQuestion {
  const [certId] = childrenOf(expectTag(request, derTag.sequence, 'a request'))
  const [algorithm, name, key, serial] = childrenOf(expectTag(certId, derTag.sequence, 'a certificate id'))
  const number = readPositiveInteger(serial, 'the serial number')
  return {
    certId: encodingOf(expectTag(certId, derTag.sequence, 'a certificate id')),
    hash: readHashAlgorithm(algorithm),
    issuerNameHash: contentOf(expectTag(name, derTag.octetString, 'the name hash')),
    issuerKeyHash: contentOf(expectTag(key, derTag.octetString, 'the key hash')),
    serialNumber: number === null ? '' : number.toString('hex').toUpperCase().replace(/^0/, ''),
  }
}

function readNonce(fields: readonly DerElement[]): Buffer | null {
  const tagged = fields.find(({ tag }) => tag === 0xa2)
  if (tagged === undefined) return null
  const nonce = readExtensionList(childrenOf(tagged)[0]).get(nonceOid)?.value ?? null
  if (nonce !== null && nonce.length > maxNonceBytes) throw unreadable('the nonce is too long')
  return nonce
}
