import { X509Certificate } from 'node:crypto'
import { Certificate, ContentInfo, SignedData } from 'pkijs'

const signedData = '1.2.840.113549.1.7.2'
const maxCertificates = 32

/**
 * The certificates of a PKCS #7 "certs-only" answer in base64 (RFC 7030 4.1.3, 4.2.3; RFC 8951 says that
 * line breaks do not matter), in BER or DER; null when it is none. Never throws.
 */
export function readCertsOnly(body: Buffer): readonly X509Certificate[] | null {
  const base64 = body.toString('latin1').replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null
  try {
    // A copy of its own: a pooled Buffer's `buffer` holds strangers' bytes.
    const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
    const info = ContentInfo.fromBER(bytes)
    if (info.contentType !== signedData) return null
    const found = new SignedData({ schema: info.content }).certificates ?? []
    const certificates = found.filter((one) => one instanceof Certificate).slice(0, maxCertificates)
    return certificates.map((one) => new X509Certificate(Buffer.from(one.toSchema(false).toBER())))
  } catch {
    return null
  }
}
