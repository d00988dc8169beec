import type { IssuedIndex, IssuedRecord, Revocation } from '../pki/authority/issued-index.ts'

/**
 * What was issued to charge points: by the local authority, which answers for it (CRL, OCSP), and by others
 * as far as the proxy has handed it on.
 */
export interface IssuedCertificates extends IssuedIndex {
  /** Newest first. */
  list(query: IssuedQuery): Promise<readonly IssuedCertificate[]>
  byFingerprint(certificateFingerprint: string): Promise<IssuedCertificate | null>
  /**
   * From now on CRL and OCSP say so. One that is revoked keeps its time, and its reason unless that was
   * `superseded`. False: no such certificate was issued. Durable when fulfilled.
   */
  revoke(certificateFingerprint: string, revocation: Revocation): Promise<boolean>
  /** Takes a revocation back: CRL and OCSP call it good again. False: it was not revoked. Durable when fulfilled. */
  release(certificateFingerprint: string): Promise<boolean>
  /** Removes what expired before `before`. Returns how many went. */
  prune(before: number): Promise<number>
}

export interface IssuedCertificate extends IssuedRecord {
  /** Ascending; given by the store. */
  readonly number: number
  readonly revocation: Revocation | null
}

export interface IssuedQuery {
  readonly identity?: string
  readonly revoked?: boolean
  /** Only those that end before this time, in milliseconds since the epoch. */
  readonly endsBefore?: number
  /** Only those with a smaller number: for paging. */
  readonly before?: number
  readonly limit: number
}
