import type { PasswordForm, SecurityProfile } from '../policy/facts.ts'
import type { UpgradePhase } from '../policy/profile.ts'
import type { CheckMode, ReasonCode, Stage } from '../policy/reasons.ts'
import type { CampaignStore } from './campaigns.ts'
import type { DenyList } from './deny-list.ts'
import type { FirmwareStore } from './firmware.ts'
import type { IssuedCertificates } from './issued.ts'
import type { OcspAnswers } from './ocsp-answers.ts'
import type { Onboarding, OnboardingSeen, OnboardingState, OnboardingStep } from './onboarding.ts'
import type { Renewals } from './renewals.ts'
import type { RootStore } from './roots.ts'
import type { SecurityEventLog } from './security-events.ts'
import type { Fence, SharedStore } from './shared.ts'

export type * from './campaign-tasks.ts'
export type * from './campaigns.ts'
export type * from './charge-point-logs.ts'
export type * from './deny-list.ts'
export type * from './firmware.ts'
export type * from './issued.ts'
export type * from './ocsp-answers.ts'
export type * from './onboarding.ts'
export type * from './renewals.ts'
export type * from './roots.ts'
export type * from './security-events.ts'
export type * from './shared.ts'

/**
 * Everything durable stands behind these interfaces. They are asynchronous, because a shared store
 * is a network away; the SQLite one answers at once. Times are milliseconds since the epoch.
 */

/** A stored password: never the password itself (A01.FR.08). All values are base64. */
export type CredentialHash =
  /** For random keys of 16 to 20 bytes: guessing them is hopeless, so a fast hash is enough. */
  | { readonly scheme: 'hmac-sha256'; readonly salt: string; readonly hash: string }
  /** For passwords that people chose. N is the cost, block size 8, parallelism 1. */
  | { readonly scheme: 'scrypt'; readonly cost: number; readonly salt: string; readonly hash: string }

/** `upgradeTo` as the proxy has opened it for an upgrade (A05). */
export interface OpenedUpgrade {
  readonly before: SecurityProfile | null
  /**
   * offered: sent or about to be, and no answer is known. waiting: it answered RebootRequired. tried: it has
   * accepted, or let its time go by, so that coming on a lower profile shows that it stays there.
   */
  readonly phase: UpgradePhase
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface ChargePointRecord {
  readonly identity: string
  /** What the CN of its certificate must be (A00.FR.405); unique in the registry (A00.FR.429). */
  readonly serialNumber: string | null
  /** The profile this charge point is kept on (A00.FR.001); null until its first connection. */
  readonly securityProfile: SecurityProfile | null
  /** An upgrade is under way: this profile is admitted too, and kept from its first success on (A05.FR.09). */
  readonly upgradeTo: SecurityProfile | null
  /**
   * The proxy has opened `upgradeTo` for an upgrade, and this is what to go back to when the charge point
   * turns out to have stayed below (A05.FR.08); null: an operator has set it, or it is null.
   */
  readonly upgradeOpened: OpenedUpgrade | null
  /** It cannot do TLS 1.2 (A00.FR.314): admitted on the legacy lane. */
  readonly legacyTls: boolean
  /** It may connect on a listener of profile 0, without any authentication, while the fleet is migrated. */
  readonly migrating: boolean
  readonly blocked: boolean
  /** It has factory credentials still, and is let in to get its own only (A00.FR.406, A00.FR.806); null: it is not. */
  readonly onboarding: Onboarding | null
  readonly credential: CredentialHash | null
  /** A change of its password that is not settled yet (A01); until then `next` is admitted as well. */
  readonly credentialChange: CredentialChange | null
  /** How it sent its password last (A00.FR.205). */
  readonly passwordForm: PasswordForm | null
  /** Password for the central system (`authorization: perChargePoint`), sealed with store.sealingKeyFile. */
  readonly upstreamSecret: string | null
  /** Made by `unknownChargePoints: learn`, not by an operator. */
  readonly learned: boolean
  readonly createdAt: number
  readonly updatedAt: number
  readonly lastSeenAt: number | null
  readonly lastAddress: string | null
  /** TLS version and suite of the last connection, for posture reports. */
  readonly lastTls: string | null
  /** Did its last ClientHello offer a mandatory pair of suites (A00.FR.318)? null: not seen yet. */
  readonly offersMandatorySuites: boolean | null
}

/**
 * A password that was offered to a charge point (A01). It is on disk before the charge point can know
 * of it, so that a proxy that is killed in between locks nobody out.
 */
export interface CredentialChange {
  readonly next: CredentialHash
  /** Takes the place of `upstreamSecret` when the change is settled (`authorization: perChargePoint`). */
  readonly nextUpstreamSecret: string | null
  /** offered: sent or about to be, without an answer so far. reboot-required: taken, from its next start on. */
  readonly phase: 'offered' | 'accepted' | 'reboot-required'
  readonly origin: 'operator' | 'campaign' | 'onboarding' | 'central-system'
  /** Tells this change from others: no two of a charge point have the same. */
  readonly startedAt: number
  readonly answeredAt: number | null
  /** When it last logged in with the old password since; null: not since. */
  readonly oldSeenAt: number | null
}

/**
 * How a change of password goes on. `accepted` and `reboot-required` keep the old one for as long as
 * the grace says; `promote` ends the old one, `revert` the new one.
 */
export type CredentialStep = 'accepted' | 'reboot-required' | 'promote' | 'revert'

/** The fields that a change may set. `upgradeTo` without `upgradeOpened` is an operator's. */
export type ChargePointPatch = Partial<
  Omit<ChargePointRecord, 'identity' | 'createdAt' | 'updatedAt' | 'credentialChange'>
>

export interface ChargePointQuery {
  /** Only identities after this one, for paging in order of identity. */
  readonly after?: string
  readonly limit: number
  readonly blocked?: boolean
  readonly securityProfile?: SecurityProfile
  /** Only those in onboarding: all of them, or those in this state. */
  readonly onboarding?: OnboardingState | 'any'
}

/** A public key and the one identity it may serve (A00.FR.427). */
export interface CertificateKeyRecord {
  readonly keyFingerprint: string
  readonly identity: string
  readonly certificateFingerprint: string
  readonly subject: string
  readonly notAfter: number
  readonly firstSeenAt: number
  readonly lastSeenAt: number
}

export interface Registry {
  get(identity: string): Promise<ChargePointRecord | null>
  /** In the order of `identities`; not in one transaction. */
  getAll(identities: readonly string[]): Promise<readonly (ChargePointRecord | null)[]>
  findBySerialNumber(serialNumber: string): Promise<ChargePointRecord | null>
  list(query: ChargePointQuery): Promise<readonly ChargePointRecord[]>
  count(): Promise<number>
  /** Throws ProxyError `charge_point_exists` or `serial_number_taken`. */
  add(identity: string, fields: ChargePointPatch): Promise<ChargePointRecord>
  /** Throws ProxyError `charge_point_unknown` or `serial_number_taken`. */
  update(identity: string, patch: ChargePointPatch): Promise<ChargePointRecord>
  /** Adds or updates all of them in one transaction: all or nothing. */
  addAll(
    entries: readonly { readonly identity: string; readonly fields: ChargePointPatch }[],
  ): Promise<number>
  /** Removes the charge point, its renewal, and frees its keys. False when there was none. */
  remove(identity: string): Promise<boolean>
  /**
   * A charge point was admitted and the central system took it. Moves the ratchet in the same
   * transaction: `securityProfile` never goes down here, and `upgradeTo` ends when it is reached.
   */
  recordSuccess(identity: string, seen: SuccessfulConnection): Promise<void>
  /**
   * Offers a new password: it is admitted beside the old one from now on. A change that is under way
   * is replaced; its `next` is then forgotten, unless it was accepted and the charge point has not
   * come back with the old one since: then it is the old one from now on. Durable when fulfilled.
   * Throws ProxyError `charge_point_unknown`.
   */
  beginCredentialChange(
    identity: string,
    change: Pick<CredentialChange, 'next' | 'nextUpstreamSecret' | 'origin'>,
    now: number,
  ): Promise<CredentialChange>
  /**
   * A step of the change that began at `startedAt`; false: it is not the present one any more, or does not
   * stand any more as it was `seen`. The first answer is the one whose time is kept. Durable when fulfilled.
   */
  stepCredentialChange(
    identity: string,
    startedAt: number,
    step: CredentialStep,
    now: number,
    seen?: Pick<CredentialChange, 'phase' | 'oldSeenAt'>,
  ): Promise<boolean>
  /** Charge points whose change is not settled and began before `before`, oldest first. */
  listCredentialChanges(before: number, limit: number): Promise<readonly ChargePointRecord[]>
  /**
   * How the upgrade to `to` that the proxy has opened `at` goes on; `close`: it will not come, and what was
   * open `before` is open again. False: it was reached, or somebody has opened or shut something since.
   * Durable when fulfilled.
   */
  stepUpgrade(
    identity: string,
    upgrade: { readonly to: SecurityProfile; readonly at: number },
    step: Exclude<UpgradePhase, 'offered'> | 'close',
    now: number,
  ): Promise<boolean>
  /**
   * A step of the onboarding of this `expectedAt`; false: it is not the present one any more. Durable
   * when fulfilled.
   */
  stepOnboarding(identity: string, expectedAt: number, step: OnboardingStep, now: number): Promise<boolean>
  /**
   * Binds a public key to an identity, unless it is bound already. Returns the identity that owns
   * it, which is another one when the key is shared (A00.FR.427). Atomic.
   */
  claimKey(
    identity: string,
    key: Omit<CertificateKeyRecord, 'identity' | 'firstSeenAt' | 'lastSeenAt'>,
    now: number,
  ): Promise<string>
  /** Who owns a key, without claiming it. */
  keyOwner(keyFingerprint: string): Promise<string | null>
  keysOf(identity: string): Promise<readonly CertificateKeyRecord[]>
  /** What ends first comes first; for each charge point only the key that it was seen with last. */
  listExpiringKeys(query: ExpiringKeyQuery): Promise<readonly CertificateKeyRecord[]>
}

export interface ExpiringKeyQuery {
  /** Only certificates with a notAfter before this, in milliseconds since the epoch. */
  readonly before: number
  /** Only what comes after this one: the last of the page before. */
  readonly after?: Pick<CertificateKeyRecord, 'notAfter' | 'keyFingerprint'>
  readonly limit: number
}

export interface SuccessfulConnection {
  readonly profile: SecurityProfile
  readonly address: string
  readonly tls: string | null
  readonly passwordForm: PasswordForm | null
  /**
   * Which password it was: `next` settles the change (the old one ends), `current` is noted in
   * `oldSeenAt` of a change that is under way. null: none (profiles 0 and 3).
   */
  readonly credential: 'current' | 'next' | null
  /**
   * `startedAt` of the change that the password was checked against: where another one has begun
   * since, nothing is settled, because its password was not proven. Left out: whatever stands now.
   */
  readonly changeStartedAt?: number | null
  readonly offersMandatorySuites: boolean | null
  /**
   * What it says about an onboarding; in the same transaction. Where one begins, the kept profile stays:
   * what a manufacturer made proves nothing of the operator. Left out: nothing.
   */
  readonly onboarding?: OnboardingSeen | null
  /**
   * perChargePoint: the central system refused the first of these sealed passwords and took the other,
   * which is kept in its place, unless somebody has set another one meanwhile. In the same transaction as
   * all else: with the end of a change of the password the other one would be forgotten.
   */
  readonly upstreamSecret?: { readonly refused: string | null; readonly taken: string }
  /** `unleased`: that somebody was here is written, and nothing else (`isVisit`). */
  readonly fence?: Fence
  readonly at: number
}

/** A refusal as it is kept: the security event of the proxy (A00.FR.323, A00.FR.408). */
export interface RejectionRecord {
  /** Ascending; given by the store. */
  readonly id: number
  /** The last time, where `count` is more than one. */
  readonly at: number
  /**
   * How many there were. Refusals of strangers at stage tcp that have listener, reason, mode, address
   * and detail in common are one record a minute, with the port and the facts of the first: a flood
   * must not fill the store.
   */
  readonly count: number
  readonly reason: ReasonCode
  readonly stage: Stage
  readonly mode: Extract<CheckMode, 'enforce' | 'report'>
  /** The type of security event, null when the refusal is no matter of security. */
  readonly event: string | null
  readonly listener: string
  readonly profile: SecurityProfile
  readonly address: string
  readonly port: number
  readonly identity: string | null
  readonly detail: string
  /** Facts of the connection for the operator: ClientHello, TLS, certificate subject. JSON. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** One refusal, or as many as `count` says. */
export type NewRejection = Omit<RejectionRecord, 'id' | 'count'> & { readonly count?: number }

export interface RejectionQuery {
  readonly identity?: string
  readonly address?: string
  readonly reason?: ReasonCode
  readonly since?: number
  /**
   * Only records with a greater id, oldest first: a cursor. Without it: newest first. A record keeps
   * its id when its `count` grows.
   */
  readonly afterId?: number
  readonly limit: number
}

export interface RejectionCount {
  readonly reason: ReasonCode
  readonly mode: string
  readonly count: number
  readonly lastAt: number
}

export interface RejectionLog {
  /**
   * Durable when the promise is fulfilled. `batch` grows with each call: what comes once more with the number
   * of the last one, because its answer was lost, is written once.
   */
  append(records: readonly NewRejection[], batch?: number): Promise<void>
  list(query: RejectionQuery): Promise<readonly RejectionRecord[]>
  summary(since: number): Promise<readonly RejectionCount[]>
  /** Removes what is older than `before`, and the oldest above `keep`. Returns how many went. */
  prune(before: number, keep: number): Promise<number>
}

export interface Store {
  readonly registry: Registry
  readonly rejections: RejectionLog
  readonly events: SecurityEventLog
  readonly campaigns: CampaignStore
  readonly denied: DenyList
  readonly ocspAnswers: OcspAnswers
  readonly issued: IssuedCertificates
  readonly renewals: Renewals
  readonly roots: RootStore
  readonly firmware: FirmwareStore
  /** What replicas share; left out: this process is alone with its store. */
  readonly shared?: SharedStore
  /** Throws when the store cannot be written to now; for readiness. */
  check(): Promise<void>
  /** Another number whenever another process has written; left out: `shared.changesAfter` tells. */
  outsideVersion?(): number
  /** What is free on its disk; left out: the store is not on a disk of ours. */
  freeBytes?(): Promise<number>
  close(): Promise<void>
}
