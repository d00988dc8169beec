import { encodeElement } from '../der.ts'
import { objectIdentifier, sequence } from '../der-write.ts'
import { extensionOid } from '../oids.ts'

const authorityInfoAccess = '1.3.6.1.5.5.7.1.1'
const ocsp = '1.3.6.1.5.5.7.48.1'

/** An extension for `issueCertificate`, never critical. */
export interface PointerExtension {
  readonly oid: string
  readonly critical: false
  readonly value: Buffer
}

/**
 * Where a certificate says that its state is had: cRLDistributionPoints (RFC 5280 4.2.1.13) and the
 * OCSP address (4.2.2.1). null: not said. The addresses are an operator's, in ASCII.
 */
export function statusPointers(urls: {
  readonly crl: string | null
  readonly ocsp: string | null
}): readonly PointerExtension[] {
  const pointers: PointerExtension[] = []
  if (urls.crl !== null) {
    const names = encodeElement(0xa0, encodeElement(0xa0, uri(urls.crl)))
    const value = sequence(sequence(names))
    pointers.push({ oid: extensionOid.crlDistributionPoints, critical: false, value })
  }
  if (urls.ocsp !== null) {
    const value = sequence(sequence(objectIdentifier(ocsp), uri(urls.ocsp)))
    pointers.push({ oid: authorityInfoAccess, critical: false, value })
  }
  return pointers
}

/** GeneralName, choice uniformResourceIdentifier. */
function uri(url: string): Buffer {
  return encodeElement(0x86, Buffer.from(url, 'ascii'))
}
