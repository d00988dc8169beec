import type { Config } from '../config/schema.ts'
import type { CertificateFacts, ChainFacts, SecurityProfile } from '../policy/facts.ts'
import {
  checkEntry,
  type OnboardingEntry,
  type OnboardingVerdict,
  onboardingVerdict,
  type Stage,
} from '../policy/onboarding-stage.ts'
import type { ReasonCode } from '../policy/reasons.ts'
import { admitted, refused, type Verdict } from '../policy/verdict.ts'
import type {
  CertificateKeyRecord,
  ChargePointRecord,
  Onboarding,
  OnboardingSeen,
  Registry,
  Renewals,
} from '../store/store.ts'
import type { CredentialUse } from './admission.ts'
import { modeOf } from './mode.ts'

/** The gate's side of the onboarding: who comes in for that, and for nothing else (A00.FR.406, A00.FR.806). */

type EntryConfig = Pick<Config, 'edition' | 'onboarding' | 'certificateAuthority' | 'admission'>

/** Edition 4, A00.FR.430: an expired certificate is a way to a new one, where somebody can issue that. */
export function mayBeExpired({ edition, onboarding, certificateAuthority }: EntryConfig): boolean {
  return edition === 4 && onboarding?.expiredCertificates === 'admit' && certificateAuthority !== undefined
}

/** What a certificate is good for beside the usual; null: it is judged as one of the operator's charge points. */
export function entryOf(chain: ChainFacts, config: EntryConfig, now: number): OnboardingEntry | null {
  if (config.onboarding === undefined || chain.anchor === null) return null
  if (chain.anchor === 'factory') return 'factory-certificate'
  // Where an operator has switched the check, expired certificates are admitted to everything.
  const isRefused = modeOf(config.admission.checks, 'client_cert_expired') === 'enforce'
  return now >= chain.leaf.notAfter && isRefused && mayBeExpired(config) ? 'expired-certificate' : null
}

/** What is known of the certificates of charge points. */
export interface KnownCertificates {
  readonly registry: Pick<Registry, 'findBySerialNumber' | 'keysOf'>
  readonly renewals: Pick<Renewals, 'get'>
}

/** Before any HTTP is read: the CN names a charge point that may come in this way now. */
export async function mayEnter(
  entry: OnboardingEntry,
  { leaf }: ChainFacts,
  config: EntryConfig,
  known: KnownCertificates,
  now: number,
): Promise<Verdict> {
  const serialNumber = leaf.commonNames[0] ?? ''
  const record = await known.registry.findBySerialNumber(serialNumber)
  if (record !== null) {
    const verdict = checkEntry(entry, record, leaf.fingerprint, now)
    if (!verdict.ok || entry === 'factory-certificate') return verdict
    return checkLast(record.identity, leaf, known)
  }
  if (entry === 'factory-certificate' && learnsFactory(config)) return admitted
  const detail = `no charge point with serial number ${JSON.stringify(serialNumber)} is registered`
  return refused('client_cert_common_name', detail)
}

/**
 * Whoever has found a key that was replaced long ago must not get a new certificate for it: the deny list
 * forgets what has expired, so only the certificate that the charge point came with last is a way in. One
 * that it took and never came with does not count: it may have to come with the old one until it restarts.
 */
export async function checkLast(
  identity: string,
  { fingerprint, keyFingerprint }: Pick<CertificateFacts, 'fingerprint' | 'keyFingerprint'>,
  {
    registry,
    renewals,
  }: { readonly registry: Pick<Registry, 'keysOf'>; readonly renewals: Pick<Renewals, 'get'> },
): Promise<Verdict> {
  const renewal = await renewals.get(identity)
  const isUnseen = (key: CertificateKeyRecord): boolean =>
    renewal?.certificateFingerprint === key.certificateFingerprint &&
    renewal.phase !== 'seen' &&
    key.firstSeenAt === key.lastSeenAt
  const last = (await registry.keysOf(identity)).find((key) => !isUnseen(key))
  if (last === undefined) return admitted
  // The same key again: whoever has the old certificate could come with the new one.
  if (last.certificateFingerprint === fingerprint || last.keyFingerprint === keyFingerprint) return admitted
  return refused(
    'client_cert_expired',
    'it has expired, and the charge point has come with a newer certificate',
  )
}

export function learnsFactory({ onboarding }: EntryConfig): boolean {
  return onboarding?.unknownChargePoints === 'learn'
}

/** A connection whose charge point has proven who it is. */
export interface Proven {
  readonly profile: SecurityProfile
  readonly entry: OnboardingEntry | null
  /** Of its certificate. */
  readonly fingerprint: string | null
  readonly credential: CredentialUse
}

/** How a connection stands to the onboarding. */
export interface Standing {
  readonly stage: Stage
  /** As `recordSuccess` keeps it. */
  readonly seen: OnboardingSeen | null
  /** Whether its certificate is good for onboarding still: between handshake and here one may have ended. */
  readonly verdict: Verdict
}

/** What a connection is good for. `record`: null for one that is to be learned. */
export function standingOf(
  record: ChargePointRecord | null,
  { profile, entry, fingerprint, credential }: Proven,
  config: EntryConfig,
  now: number,
): Standing {
  const isNext = credential === 'next'
  const used = isNext ? record?.credentialChange?.next : record?.credential
  const salt = credential === null ? null : (used?.salt ?? null)
  const { endOnProfile = null } = config.onboarding ?? {}
  const onboarding = record?.onboarding ?? null
  const verdict = onboardingVerdict(onboarding, { profile, entry, salt, isNext }, endOnProfile)
  return {
    stage: verdict.stage,
    seen: seenOf(verdict, onboarding),
    verdict: entry === null || record === null ? admitted : checkEntry(entry, record, fingerprint ?? '', now),
  }
}

function seenOf(
  { via, isOver, factorySalt }: OnboardingVerdict,
  onboarding: Onboarding | null,
): OnboardingSeen | null {
  if (via !== null) return { kind: 'begins', via, factorySalt }
  return isOver && onboarding !== null ? { kind: 'over', expectedAt: onboarding.expectedAt } : null
}

/**
 * Whether a charge point of this stage may be served now. `hasRoom`: fewer than `onboarding.sessions`.
 * Closed: where onboarding is not configured, factory credentials are good for nothing.
 */
export function mayBeServed(
  { stage, verdict }: Standing,
  profile: SecurityProfile,
  config: EntryConfig,
  hasRoom: () => boolean,
): Verdict {
  if (stage === 'operation' || !verdict.ok) return verdict
  if (config.onboarding === undefined) {
    return refused(reasonOf(profile), 'it has factory credentials still, and onboarding is not configured')
  }
  const { sessions } = config.onboarding
  return hasRoom() ? admitted : refused('capacity', `${sessions} charge points are in onboarding already`)
}

/** An operator, or the end of its onboarding, has changed meanwhile what it may do: it comes again. */
export function changedMeanwhile(profile: SecurityProfile): Verdict & { readonly ok: false } {
  return { ok: false, reason: reasonOf(profile), detail: 'its onboarding was changed meanwhile' }
}

/** In the words of what it came with. */
function reasonOf(profile: SecurityProfile): ReasonCode {
  switch (profile) {
    case 0:
      return 'profile_mismatch'
    case 1:
    case 2:
      return 'credentials_invalid'
    case 3:
      return 'client_cert_organization'
    default:
      return profile satisfies never
  }
}
