import type { X509Certificate } from 'node:crypto'
import { certificateFields } from '../certificate-fields.ts'
import { childrenOf, contentOf, type DerElement, derTag, expectTag, readElement, readOid } from '../der.ts'

const authorityInformationAccess = '1.3.6.1.5.5.7.1.1'
const crlDistributionPoints = '2.5.29.31'
const ocspMethod = '1.3.6.1.5.5.7.48.1'
const uniformResourceIdentifier = 0x86
const [maxUrls, maxUrlLength] = [4, 512]

/** Where a certificate says that its revocation can be asked for. Anybody may have written these. */
export interface RevocationSources {
  /** Addresses of OCSP responders (RFC 5280 4.2.2.1). */
  readonly ocsp: readonly string[]
  /** Addresses of full CRLs by the issuer itself (RFC 5280 4.2.1.13). */
  readonly crl: readonly string[]
}

/**
 * Reads them, the http and https ones, four of each at the most. Use them only for a certificate whose
 * path is verified, and for hosts that are allowed. Never throws: what cannot be read is no source.
 */
export function revocationSources(certificate: X509Certificate): RevocationSources {
  return {
    ocsp: urlsOf(certificate, authorityInformationAccess, responders),
    crl: urlsOf(certificate, crlDistributionPoints, distributionPoints),
  }
}

function urlsOf(
  certificate: X509Certificate,
  oid: string,
  read: (entry: DerElement) => readonly DerElement[],
): readonly string[] {
  try {
    const value = certificateFields(certificate).extensions.get(oid)?.value
    if (value === undefined) return []
    const names = childrenOf(expectTag(readElement(value), derTag.sequence, 'the addresses')).flatMap(read)
    return names.flatMap(urlOf).slice(0, maxUrls)
  } catch {
    return []
  }
}

function responders(description: DerElement): readonly DerElement[] {
  const [method, location] = childrenOf(expectTag(description, derTag.sequence, 'an address'))
  return readOid(method, 'a method') === ocspMethod && location !== undefined ? [location] : []
}

/** Points for some reasons only, or of another issuer, lead to CRLs that are not used here. */
function distributionPoints(entry: DerElement): readonly DerElement[] {
  const [point, ...more] = childrenOf(expectTag(entry, derTag.sequence, 'a distribution point'))
  if (more.length > 0 || point?.tag !== 0xa0) return []
  const [fullName] = childrenOf(point)
  return fullName?.tag === 0xa0 ? childrenOf(fullName) : []
}

function urlOf(name: DerElement): readonly string[] {
  if (name.tag !== uniformResourceIdentifier) return []
  const text = contentOf(name).toString('latin1')
  return text.length <= maxUrlLength && /^https?:\/\/[\x21-\x7e]+$/i.test(text) ? [text] : []
}
