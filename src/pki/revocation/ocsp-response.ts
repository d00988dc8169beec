import type { Revocation } from '../../policy/revocation.ts'
import { type ExtensionField, readExtensionList } from '../certificate-fields.ts'
import {
  childrenOf,
  contentOf,
  type DerElement,
  derTag,
  encodingOf,
  expectTag,
  readElement,
  readOid,
  unreadable,
} from '../der.ts'
import { readTime } from '../der-time.ts'
import { readSignedData, type SignedData } from '../signed-data.ts'
import { reasonOf } from './crl-entry.ts'

/** RFC 6960 4.2.1: what a responder may say in place of an answer. */
const responseStatuses: Readonly<Record<number, string>> = {
  0: 'successful',
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
}

export type CertStatus =
  | { readonly kind: 'good' }
  | { readonly kind: 'revoked'; readonly revocation: Revocation }
  | { readonly kind: 'unknown' }

/** What is said of one certificate (RFC 6960 4.2.1). Times in milliseconds since the epoch. */
export interface SingleResponse {
  readonly certId: DerElement
  readonly status: CertStatus
  readonly thisUpdate: number
  /** null: newer information is always to be had. */
  readonly nextUpdate: number | null
}

/** How the responder names itself: the DER of its Name, or the SHA-1 of its key bits. */
export type ResponderId =
  | { readonly kind: 'name'; readonly name: Buffer }
  | { readonly kind: 'key'; readonly hash: Buffer }

export interface BasicResponse {
  readonly signed: SignedData
  readonly responderId: ResponderId
  readonly producedAt: number
  readonly responses: readonly SingleResponse[]
  /** The value of the nonce extension; null: there is none. */
  readonly nonce: Buffer | null
  /** A critical extension that nobody here processes, by its OID; null: none. */
  readonly criticalExtension: string | null
  /** The DER of the certificates that came along. */
  readonly certificates: readonly Buffer[]
}

const basicResponse = '1.3.6.1.5.5.7.48.1.1'
const nonceOid = '1.3.6.1.5.5.7.48.1.2'
const enumerated = 0x0a
/** The responder's own certificate, and what leads to it; more are not looked at. */
const maxCertificates = 8

/**
 * The parts of an OCSP response (RFC 6960 4.2.1), or the status that came in place of an answer.
 * Throws ProxyError `certificate_unreadable`.
 */
export function readOcspResponse(
  der: Buffer,
): { readonly status: string } | { readonly status: null; readonly basic: BasicResponse } {
  const whole = expectTag(readElement(der), derTag.sequence, 'the OCSP response')
  if (whole.end !== der.length) throw unreadable('bytes follow the OCSP response')
  const [status, wrapper] = childrenOf(whole)
  const code = contentOf(expectTag(status, enumerated, 'the status of the OCSP response'))
  const text = code.length === 1 ? responseStatuses[code[0] ?? -1] : undefined
  if (text !== 'successful') return { status: text ?? 'a status that is not known' }
  const [bytes] = childrenOf(expectTag(wrapper, 0xa0, 'the answer of the OCSP response'))
  const [type, response] = childrenOf(expectTag(bytes, derTag.sequence, 'the answer of the OCSP response'))
  if (readOid(type, 'the type of the OCSP response') !== basicResponse)
    throw unreadable('the OCSP response is of another type')
  const content = contentOf(expectTag(response, derTag.octetString, 'the basic OCSP response'))
  return { status: null, basic: readBasic(content) }
}

function readBasic(der: Buffer): BasicResponse {
  const signed = readSignedData(der, 'the basic OCSP response')
  const fields = childrenOf(signed.body)
  const first = fields[0]?.tag === 0xa0 ? 1 : 0
  const [responder, producedAt, list, extensions] = fields.slice(first)
  const singles = childrenOf(expectTag(list, derTag.sequence, 'the responses')).map(readSingle)
  const ofResponse = extensions === undefined ? null : readExtensions(extensions, responseExtensions)
  return {
    signed,
    responderId: readResponderId(responder),
    producedAt: readTime(producedAt, 'producedAt'),
    responses: singles.map(({ single }) => single),
    nonce: ofResponse?.all.get(nonceOid)?.value ?? null,
    criticalExtension:
      ofResponse?.critical ?? singles.find(({ critical }) => critical !== null)?.critical ?? null,
    certificates: readCertificates(signed.rest),
  }
}

/** RFC 6960 4.4: nonce, extended revoke. */
const responseExtensions: ReadonlySet<string> = new Set([nonceOid, '1.3.6.1.5.5.7.48.1.9'])
/** RFC 6960 4.4.2, 4.4.4: CRL references and archive cutoff, which change nothing of the status. */
const singleExtensions: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.48.1.3', '1.3.6.1.5.5.7.48.1.6'])

function readExtensions(
  wrapper: DerElement,
  processed: ReadonlySet<string>,
): { all: ReadonlyMap<string, ExtensionField>; critical: string | null } {
  const all = readExtensionList(childrenOf(expectTag(wrapper, 0xa1, 'the extensions'))[0])
  const unknown = [...all].find(([oid, { critical }]) => critical && !processed.has(oid))
  return { all, critical: unknown?.[0] ?? null }
}

function readResponderId(element: DerElement | undefined): ResponderId {
  const [inner] = element === undefined ? [] : childrenOf(element)
  if (element?.tag === 0xa1)
    return {
      kind: 'name',
      name: encodingOf(expectTag(inner, derTag.sequence, 'the name of the responder')),
    }
  expectTag(element, 0xa2, 'the responder')
  return { kind: 'key', hash: contentOf(expectTag(inner, derTag.octetString, 'the key of the responder')) }
}

function readSingle(element: DerElement): { single: SingleResponse; critical: string | null } {
  const [certId, status, thisUpdate, ...more] = childrenOf(expectTag(element, derTag.sequence, 'a response'))
  const nextUpdate = more.find(({ tag }) => tag === 0xa0)
  const extensions = more.find(({ tag }) => tag === 0xa1)
  return {
    single: {
      certId: expectTag(certId, derTag.sequence, 'a CertID'),
      status: readStatus(status),
      thisUpdate: readTime(thisUpdate, 'thisUpdate'),
      nextUpdate: nextUpdate === undefined ? null : readTime(childrenOf(nextUpdate)[0], 'nextUpdate'),
    },
    critical: extensions === undefined ? null : readExtensions(extensions, singleExtensions).critical,
  }
}

function readStatus(element: DerElement | undefined): CertStatus {
  switch (element?.tag) {
    case 0x80:
      return { kind: 'good' }
    case 0x82:
      return { kind: 'unknown' }
    case 0xa1: {
      const [time, wrapper] = childrenOf(element)
      const [reason] = wrapper === undefined ? [] : childrenOf(expectTag(wrapper, 0xa0, 'a reason'))
      return {
        kind: 'revoked',
        revocation: {
          at: readTime(time, 'the time of a revocation'),
          reason: reason === undefined ? 'unspecified' : reasonOf(reason),
        },
      }
    }
    default:
      throw unreadable('the status of a certificate is missing')
  }
}

function readCertificates(rest: readonly DerElement[]): readonly Buffer[] {
  const [wrapper, ...more] = rest
  if (wrapper === undefined) return []
  if (more.length > 0) throw unreadable('the OCSP response has parts that do not belong there')
  const [list] = childrenOf(expectTag(wrapper, 0xa0, 'the certificates of the OCSP response'))
  const certificates = childrenOf(expectTag(list, derTag.sequence, 'the certificates of the OCSP response'))
  return certificates.slice(0, maxCertificates).map(encodingOf)
}
