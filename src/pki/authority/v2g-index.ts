import type { IssuedIndex, IssuedRecord } from './issued-index.ts'

/** Marks an authority of vehicles: it has neither CRL nor OCSP of the proxy. No hexadecimal digest begins like it. */
const mark = 'v2g:'

/** The index as V2G authorities use it: their certificates are never found as those of charge points. */
export function v2gIndex(index: IssuedIndex): IssuedIndex {
  return {
    record: (certificate) => index.record({ ...certificate, authority: marked(certificate.authority) }),
    find: (authority, serialNumber) => index.find(marked(authority), serialNumber),
    revoked: (authority, now) => index.revoked(marked(authority), now),
  }
}

/** Is it a certificate that was issued for vehicles to see? */
export function isOfVehicles({ authority }: Pick<IssuedRecord, 'authority'>): boolean {
  return authority.startsWith(mark)
}

/** As long as before: stores have a bound. What is left of the digest is 240 bits. */
function marked(authority: string): string {
  return mark + authority.slice(mark.length)
}
