/**
 * The local deny list: certificates of charge points that are not admitted any more, whatever their
 * authority says (A00.FR.702). An authority may take hours to publish a CRL; this counts at once.
 */

/** What an entry names. Fingerprints are those of SHA-256. Case, colons and leading zeroes do not matter. */
export type DenyTarget =
  | { readonly kind: 'fingerprint'; readonly fingerprint: string }
  /**
   * `issuer`: as `CertificateFacts.issuer` has it; null: of whatever issuer, which two authorities may
   * have given to two certificates.
   */
  | { readonly kind: 'serial'; readonly serialNumber: string; readonly issuer: string | null }

/** operator: somebody said so. superseded: a certificate that was renewed, once its successor was seen (A02). */
export type DenyOrigin = 'operator' | 'superseded'

export const denyOrigins: readonly DenyOrigin[] = ['operator', 'superseded']

export interface DenyEntry {
  /** The one key of its target, as `denyKey` makes it. */
  readonly key: string
  readonly target: DenyTarget
  /** Why, in the words of whoever made it; at most 500 characters. */
  readonly note: string
  readonly by: DenyOrigin
  /** The charge point that it was made for; null: none was named. */
  readonly identity: string | null
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The end of the certificate: from then on `prune` may take the entry. null: it stays until it is removed. */
  readonly expiresAt: number | null
}

export type NewDenyEntry = Omit<DenyEntry, 'key'>

/** What of a certificate is compared with the list; as in `CertificateFacts`. */
export interface DenySubject {
  readonly fingerprint: string
  readonly serialNumber: string
  readonly issuer: string
}

export interface DenyQuery {
  /** Only entries with a greater key, in the order of keys: for paging. */
  readonly after?: string
  readonly identity?: string
  readonly limit: number
}

export interface DenyList {
  /**
   * Denies a certificate. What is on the list already keeps its place and time, and has the new note,
   * but an entry of an operator is never weakened by one of the proxy. Durable when fulfilled. Throws
   * ProxyError `deny_target_invalid`.
   */
  add(entry: NewDenyEntry): Promise<DenyEntry>
  /** False: it was not on the list. Durable when fulfilled. Throws ProxyError `deny_target_invalid`. */
  remove(target: DenyTarget): Promise<boolean>
  /** The entry that names this certificate, the most precise one; null: none does. */
  find(subject: DenySubject): Promise<DenyEntry | null>
  /** By its key. */
  get(key: string): Promise<DenyEntry | null>
  list(query: DenyQuery): Promise<readonly DenyEntry[]>
  count(): Promise<number>
  /** Another number after every change, whoever made it: for those who have to notice. */
  revision(): Promise<number>
  /** Removes entries whose certificates ended before `before`. Returns how many went. */
  prune(before: number): Promise<number>
}
