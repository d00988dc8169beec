import type { Campaigns } from '../campaigns/campaigns.ts'
import type { NoteEvent, ProxyEvent } from '../events/proxy-event.ts'
import type { Logger } from '../observe/log.ts'
import type { SessionDirectory } from '../relay/use-case.ts'
import type {
  CredentialHash,
  DenyList,
  FirmwareEntry,
  FirmwareStore,
  IssuedCertificates,
  LogArchive,
  Registry,
  RejectionLog,
  Renewals,
  RootStore,
  SecurityEventLog,
} from '../store/store.ts'
import type { ChargePointOperations } from '../usecases/operation/operation.ts'
import type { EntryRequest } from '../usecases/signed-firmware/entry.ts'
import type { FirmwareVerifier } from '../usecases/signed-firmware/verifier.ts'
import type { AdminFleet } from './fleet.ts'
import type { PkiAnswers } from './pki.ts'

/** What the admin API needs of the rest of the proxy; app.ts gives it. */
export interface AdminDeps {
  /** Of the product, for GET status and the OpenAPI document. */
  readonly version: string
  /** When the process started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** The token of `admin.tokenFile` as the last reload left it; null: there is no API. */
  readonly token: () => string | null
  readonly registry: Registry
  readonly rejections: RejectionLog
  readonly events: SecurityEventLog
  readonly denied: DenyList
  /** The deny list was changed: sessions are judged by it at once. Never rejected. */
  readonly denyListChanged: () => Promise<void>
  readonly roots: Pick<RootStore, 'inventory' | 'known'>
  /** Tells, after they are durable, that there are new records; for live readers. */
  readonly stored: { readonly rejections: Subscribe; readonly events: Subscribe }
  /** Of charge points (N01); null: none are kept. */
  readonly logs: Pick<LogArchive, 'list' | 'open'> | null
  readonly renewals: Renewals
  readonly firmware: FirmwareStore
  readonly firmwareChecks: {
    /** What forbids to hand on an entry from a location; empty: nothing (A00.FR.706). */
    readonly verify: FirmwareVerifier['verify']
    /** The entry that an operator means. Throws ProxyError `field_invalid`. */
    readonly entryOf: (request: EntryRequest, now: number) => FirmwareEntry
  }
  /** CRL and OCSP, for anybody. */
  readonly pki: PkiAnswers
  readonly issued: IssuedCertificates
  /** Those of all replicas. */
  readonly sessions: SessionDirectory
  /** Left out: this process is alone with its store. */
  readonly fleet?: AdminFleet
  readonly operations: ChargePointOperations
  /** What an operation does where the request does not say it, as the last reload left it. */
  readonly operationDefaults: () => OperationDefaults
  readonly campaigns: Campaigns
  readonly lockouts: Lockouts
  /** Certificates of the proxy and those that it trusts, as they are in use now. */
  readonly certificates: () => readonly CertificateStatus[]
  /** The gate's: how a password is stored. `isText`: as `canonicalKey` tells. */
  readonly hashKey: (key: Buffer, isText: boolean) => Promise<CredentialHash>
  readonly note: NoteEvent
  /**
   * Every change through the API is a security event, on disk before it is answered; rejected when it
   * could not be stored (yet).
   */
  readonly noteDurably: (event: ProxyEvent) => Promise<void>
  /** The identity of the proxy's own session with the central system: no charge point's; null: none. */
  readonly reservedIdentity: () => string | null
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly streams?: Partial<StreamLimits>
}

export interface OperationDefaults {
  /** `passwords.resetAfterRebootRequired`. */
  readonly reset: boolean
  /** `profileUpgrade.timeout`, in milliseconds. */
  readonly upgradeTimeoutMs: number
}

/** `listener` is called after something new is durable; the result ends that. */
export type Subscribe = (listener: () => void) => () => void

/** Those who guessed passwords (CWE-307). */
export interface Lockouts {
  /** Forgets the failures that were counted for this identity, from every address. */
  free(identity: string): void
}

export interface CertificateStatus {
  /** server: the proxy's own; trust, factory: roots that client certificates are judged by; authority: issuers of the proxy. */
  readonly role: 'server' | 'trust' | 'factory' | 'authority'
  /** Of the listener; of an authority, its name. */
  readonly listener: string
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal. */
  readonly serialNumber: string
  /** SHA-256 over the certificate, hexadecimal, with colons. */
  readonly fingerprint: string
  /** For example rsa or ec. */
  readonly keyType: string
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
}

export interface StreamLimits {
  /** Live readers at once (CWE-770). */
  readonly maxStreams: number
  /** Milliseconds between two signs of life; new records are looked for then, too. */
  readonly heartbeatMs: number
  /** A reader that takes nothing for so many milliseconds is ended. */
  readonly stallMs: number
}
