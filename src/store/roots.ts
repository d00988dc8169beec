import type { RootCertificateType, RootHashData } from '../policy/root-certificate.ts'

/** One certificate that a charge point has told of (M03). */
export interface InstalledRoot {
  /** Exactly as it was reported: a delete repeats it (M04.FR.07). */
  readonly hashData: RootHashData
  /** Certificates below it, where the charge point tells of them (M03.FR.05). */
  readonly children: readonly RootHashData[]
  /** SHA-256 over the certificate, lower-case hexadecimal; null: it is none that we know. */
  readonly fingerprint: string | null
}

/** What a charge point holds of one type, as it said itself. */
export interface RootInventory {
  readonly certificateType: RootCertificateType
  readonly reportedAt: number
  readonly roots: readonly InstalledRoot[]
}

/** The certificate of a root that an operator gave: hash data alone verify nothing (M05.FR.10). */
export interface KnownRoot {
  /** SHA-256 over the certificate, lower-case hexadecimal. */
  readonly fingerprint: string
  readonly pem: string
  /** For people. */
  readonly subject: string
  readonly notAfter: number
  /** When it was given last. */
  readonly usedAt: number
}

/** Known certificates that are kept; the one that was not given for the longest time goes first. */
export const maxKnownRoots = 500

export interface RootStore {
  /** One per type that it was asked for; a type that is missing is not known, and not empty. */
  inventory(identity: string): Promise<readonly RootInventory[]>
  /**
   * Puts `inventory` in the place of what was known of this type. Durable when fulfilled. Throws
   * ProxyError `charge_point_unknown`.
   */
  replaceInventory(identity: string, inventory: RootInventory): Promise<void>
  /** Durable when fulfilled. */
  addKnown(root: KnownRoot): Promise<void>
  /** At most `maxKnownRoots`, the one that was given last first. */
  known(): Promise<readonly KnownRoot[]>
}

/** What an install-root or a delete-root campaign is about: the certificate, or for a delete its hash data. */
export interface CampaignRoot {
  readonly certificateType: RootCertificateType
  /** PEM. */
  readonly certificate?: string
  /** Of install-root: PEM of the root that it takes the place of, where the proxy does not know that. */
  readonly oldRoot?: string
  /** Of delete-root. */
  readonly hashData?: RootHashData
}
