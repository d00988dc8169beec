import { derTag, encodeElement } from '../der.ts'
import { type CertIdHash, encodeCertId, type RevocationSubject } from './cert-id.ts'
import type { HttpRequest } from './fetch.ts'

/** id-pkix-ocsp-nonce, 1.3.6.1.5.5.7.48.1.2. */
const nonceOid = Buffer.from('2b0601050507300102', 'hex')

export interface OcspRequestOptions {
  readonly certIdHash: CertIdHash
  /** 1 to 32 bytes (RFC 9654 2.1; RFC 8954); null: no nonce, so that the responder may answer from its store. */
  readonly nonce: Buffer | null
}

const sequence = (...parts: readonly Buffer[]): Buffer => encodeElement(derTag.sequence, Buffer.concat(parts))

/**
 * The DER of an OCSP request for one certificate (RFC 6960 4.1), not signed. Throws ProxyError
 * `certificate_unreadable`.
 */
export function encodeOcspRequest(subject: RevocationSubject, options: OcspRequestOptions): Buffer {
  return ocspRequestFor(encodeCertId(subject, options.certIdHash), options.nonce)
}

/** The same for the DER of a CertID. */
export function ocspRequestFor(certId: Buffer, nonce: Buffer | null): Buffer {
  const requestList = sequence(sequence(certId))
  if (nonce === null) return sequence(sequence(requestList))
  const extension = sequence(
    encodeElement(derTag.oid, nonceOid),
    encodeElement(derTag.octetString, encodeElement(derTag.octetString, nonce)),
  )
  return sequence(sequence(requestList, encodeElement(0xa2, sequence(extension))))
}

/** Longer requests are posted, so that every cache on the way can hold the address (RFC 6960 A.1). */
const maxGetBytes = 255

/** How a request goes to its responder. `get` falls back to POST when the address would be too long. */
export function ocspHttpRequest(responder: string, request: Buffer, method: 'get' | 'post'): HttpRequest {
  const path = encodeURIComponent(request.toString('base64'))
  if (method === 'get' && path.length < maxGetBytes)
    return { method: 'GET', url: `${responder.replace(/\/$/, '')}/${path}` }
  return { method: 'POST', url: responder, body: request, contentType: 'application/ocsp-request' }
}
