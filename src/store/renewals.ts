import type { RenewalOrigin, RenewalPhase } from '../policy/certificate-renewal.ts'

export {
  type RenewalOrigin,
  type RenewalPhase,
  renewalOrigins,
  renewalPhases,
} from '../policy/certificate-renewal.ts'

/**
 * Certificates of charge points on their way (A02, A03): the last one of each charge point, from the
 * request on. It is on disk before anybody is told anything, so that a proxy that is killed at any moment
 * goes on where it was. Times are milliseconds since the epoch.
 */

export interface RenewalRecord {
  readonly identity: string
  /** Tells this one from others: no two of a charge point have the same. */
  readonly startedAt: number
  readonly updatedAt: number
  readonly origin: RenewalOrigin
  readonly phase: RenewalPhase
  /** PEM. */
  readonly csr: string
  /** SHA-256 over the SubjectPublicKeyInfo of the request, lower-case hexadecimal. */
  readonly keyFingerprint: string
  readonly keyType: 'rsa' | 'ec'
  /** O of the request: one of cpo.names. */
  readonly organization: string
  readonly serialNumber: string
  /** The certificate of the CPO that it was connected with when it asked; null: none. */
  readonly previousFingerprint: string | null
  /** CertificateSignedMaxChainSize, where the charge point has told it. */
  readonly maxChainSize: number | null
  /** As its request named it (OCPP 2.0.1, A02), and CertificateSigned names it again; null: it did not. */
  readonly certificateType: 'ChargingStationCertificate' | null
  /** PEM, leaf first, from `issued` on. */
  readonly chain: string | null
  readonly certificateFingerprint: string | null
  /** Of the issued certificate. */
  readonly notAfter: number | null
  /** How often the authority was asked. */
  readonly attempts: number
  /** How often it was sent. */
  readonly deliveries: number
  /** Not before this time is the authority asked again. */
  readonly nextAttemptAt: number | null
  /** What happened last, for operators; at most 500 characters, never a secret. */
  readonly detail: string | null
}

export type NewRenewal = Pick<
  RenewalRecord,
  | 'identity'
  | 'origin'
  | 'csr'
  | 'keyFingerprint'
  | 'keyType'
  | 'organization'
  | 'serialNumber'
  | 'previousFingerprint'
  | 'maxChainSize'
  | 'certificateType'
>

/** The fields that a step may set. */
export type RenewalPatch = Partial<
  Pick<
    RenewalRecord,
    | 'phase'
    | 'certificateType'
    | 'chain'
    | 'certificateFingerprint'
    | 'notAfter'
    | 'attempts'
    | 'deliveries'
    | 'nextAttemptAt'
    | 'detail'
  >
>

export interface RenewalQuery {
  readonly phase?: RenewalPhase
  /** Only identities after this one, for paging in order of identity. */
  readonly after?: string
  readonly limit: number
}

export interface Renewals {
  get(identity: string): Promise<RenewalRecord | null>
  /**
   * A new request, `pending`; the one before is forgotten. Durable when fulfilled. Throws ProxyError
   * `key_taken` when the key is in the request of another charge point (A00.FR.427).
   */
  begin(renewal: NewRenewal, now: number): Promise<RenewalRecord>
  /** A step of the renewal that began at `startedAt`; null: it is not the present one any more. Durable when fulfilled. */
  step(identity: string, startedAt: number, patch: RenewalPatch, now: number): Promise<RenewalRecord | null>
  list(query: RenewalQuery): Promise<readonly RenewalRecord[]>
  counts(): Promise<Readonly<Record<RenewalPhase, number>>>
  /** Whose request has this key; null: nobody's. */
  keyOwner(keyFingerprint: string): Promise<string | null>
  /** Removes what ended (seen, refused, failed) before `before`. Returns how many went. */
  prune(before: number): Promise<number>
}
