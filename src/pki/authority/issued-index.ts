import type { RevocationReason } from '../../policy/revocation-reasons.ts'

export { type RevocationReason, revocationReasons } from '../../policy/revocation-reasons.ts'

/**
 * What an authority of ours has issued and revoked. The store keeps it; CRL and OCSP are made from it.
 * `authority` is the SHA-256 fingerprint of the issuer's key: a renewed certificate of the same
 * issuer goes on with the same index. Serial numbers are hexadecimal, upper case, without leading zeroes.
 * Times are milliseconds since the epoch.
 */
export interface IssuedIndex {
  /** Durable when fulfilled. */
  record(certificate: IssuedRecord): Promise<void>
  find(authority: string, serialNumber: string): Promise<IssuedStatus | null>
  /** Everything revoked that has not expired before `now`: a CRL need not name what has (RFC 5280 3.3). */
  revoked(authority: string, now: number): Promise<readonly RevokedEntry[]>
}

export interface IssuedRecord {
  readonly authority: string
  readonly serialNumber: string
  readonly identity: string
  readonly subject: string
  readonly keyFingerprint: string
  readonly certificateFingerprint: string
  readonly notBefore: number
  readonly notAfter: number
  readonly issuedAt: number
}

export interface IssuedStatus {
  /** null: it is good. */
  readonly revocation: Revocation | null
}

export interface Revocation {
  readonly at: number
  readonly reason: RevocationReason
}

export interface RevokedEntry extends Revocation {
  readonly serialNumber: string
}
