import { checkCommonName, checkKeyOwner } from '../policy/certificate.ts'
import type { IdentityFacts, PasswordForm, SecurityProfile } from '../policy/facts.ts'
import { expectedOnboarding } from '../policy/onboarding.ts'
import { candidates, parseBasicAuthorization } from '../policy/password.ts'
import { checkProfile, checkUnsecured } from '../policy/profile.ts'
import type { CheckMode, ReasonCode } from '../policy/reasons.ts'
import { checkLegacyChargePoint } from '../policy/tls.ts'
import { admitted, refused, type Verdict } from '../policy/verdict.ts'
import type { ChargePointRecord, CredentialHash, Registry } from '../store/store.ts'
import type { ConnectionFacts } from './connection.ts'
import { hashKey } from './credentials/hash.ts'
import type { Lockout } from './credentials/lockout.ts'
import type { PasswordVerifier } from './credentials/verifier.ts'

export interface AdmissionDeps {
  readonly registry: Registry
  readonly verifier: Pick<PasswordVerifier, 'verifyEither'>
  readonly lockout: Lockout
  readonly now: () => number
}

export interface AdmissionRequest {
  readonly profile: SecurityProfile
  readonly identity: IdentityFacts
  readonly authorization: string | undefined
  readonly facts: ConnectionFacts
  /** `admission.unknownChargePoints` is learn. */
  readonly learn: boolean
  readonly modeOf: (reason: ReasonCode) => CheckMode
  /** A check found something that is not enforced. */
  readonly report: (reason: ReasonCode, detail: string) => void
}

/** A01: the password that is kept, or the one that was offered and waits for its first use. */
export type CredentialUse = 'current' | 'next' | null

export type AdmissionResult =
  | {
      readonly ok: true
      /** null: not registered yet; `learn` does that. */
      readonly chargePoint: ChargePointRecord | null
      readonly passwordForm: PasswordForm | null
      /** Which of its passwords it was; null: it proved itself without one. */
      readonly credential: CredentialUse
      /**
       * For a charge point that is to be learned: registers it. Called once the central system has
       * taken it, or a manufacturer vouches for it, so that strangers cannot fill the registry.
       */
      readonly learn: (() => Promise<void>) | null
    }
  | {
      readonly ok: false
      readonly reason: ReasonCode
      readonly detail: string
      readonly chargePoint: ChargePointRecord | null
    }

/**
 * Decides whether this identity may connect: who it is (password, or certificate bound to it), then
 * whether it may. The order matters: nothing about a charge point is told to somebody who has not
 * proven to be it.
 */
export async function admit(request: AdmissionRequest, deps: AdmissionDeps): Promise<AdmissionResult> {
  const known = await deps.registry.get(request.identity.identity)
  const proof = await prove(request, known, deps)
  if (!proof.verdict.ok) return { ...proof.verdict, chargePoint: known }
  if (known === null) return admitUnknown(request, proof, deps)
  for (const check of [checkBlocked, checkLane, checkKept]) {
    const verdict = weigh(check(request, known), request)
    if (!verdict.ok) return { ...verdict, chargePoint: known }
  }
  return {
    ok: true,
    chargePoint: known,
    passwordForm: proof.form,
    credential: proof.credential,
    learn: null,
  }
}

interface Proof {
  readonly verdict: Verdict
  readonly form: PasswordForm | null
  readonly credential: CredentialUse
  /** What an unknown charge point presented, to be learned. */
  readonly password: Buffer | null
}

function prove(
  request: AdmissionRequest,
  known: ChargePointRecord | null,
  deps: AdmissionDeps,
): Promise<Proof> {
  switch (request.profile) {
    case 0:
      return Promise.resolve(proven)
    case 1:
    case 2:
      return provePassword(request, known, deps)
    case 3:
      return proveCertificate(request, known, deps)
    default:
      return request.profile satisfies never
  }
}

/** A00.FR.202 to 205, 301 to 304: HTTP Basic, checked before the upgrade is answered. */
async function provePassword(
  request: AdmissionRequest,
  known: ChargePointRecord | null,
  { verifier, lockout }: AdmissionDeps,
): Promise<Proof> {
  const basic = parseBasicAuthorization(request.authorization, request.identity)
  if (!basic.ok) return failed(refused(basic.reason, basic.detail))
  // Nothing is no proof; above all it must not be learned as one.
  if (basic.password.length === 0) return failed(refused('credentials_missing', 'the password is empty'))
  const { identity } = request.identity
  const { address } = request.facts.remote
  const version = known?.credential?.salt
  const lock = lockout.check(identity, address, known?.lastAddress ?? null, version)
  if (lock.locked) return failed(lockedOut(lock.until))
  if (known === null && request.learn) return { ...proven, password: basic.password }
  const stored = { current: known?.credential ?? null, next: known?.credentialChange?.next ?? null }
  const result = await verifier.verifyEither(stored, basic.password, identity)
  if ('overloaded' in result) return failed(refused('capacity', 'too many passwords to check at once'))
  // CWE-307: of many guesses at once, those that come after the lock are told nothing.
  const late = lockout.recheck(identity, address, version)
  if (late.locked) return failed(lockedOut(late.until))
  if (result.ok) {
    lockout.succeed(identity, address, version)
    return { verdict: admitted, form: result.form, credential: result.credential, password: null }
  }
  lockout.fail(identity, address, version)
  if (known === null) return failed(unknownChargePoint(identity))
  const detail =
    known.credential === null ? 'no password is set for this charge point' : 'the password is wrong'
  return failed(refused('credentials_invalid', detail))
}

/** A00.FR.405, 427: the certificate belongs to this charge point, and its key to nobody else. */
async function proveCertificate(
  request: AdmissionRequest,
  known: ChargePointRecord | null,
  { registry }: AdmissionDeps,
): Promise<Proof> {
  const leaf = request.facts.chain?.leaf
  if (leaf === undefined) return failed(refused('client_cert_missing', 'no client certificate'))
  const { identity } = request.identity
  if (known === null && !request.learn) return failed(unknownChargePoint(identity))
  const owner = await registry.keyOwner(leaf.keyFingerprint)
  const verdicts = [
    known === null ? admitted : checkCommonName(leaf, known.serialNumber),
    checkKeyOwner(owner, identity),
  ]
  for (const verdict of verdicts) {
    const weighed = weigh(verdict, request)
    if (!weighed.ok) return failed(weighed)
  }
  return proven
}

/** Trust on first use: what it proved itself with is what it has to come with from now on. */
async function admitUnknown(
  request: AdmissionRequest,
  proof: Proof,
  { registry, now }: AdmissionDeps,
): Promise<AdmissionResult> {
  const { identity } = request.identity
  const { tls, chain } = request.facts
  const serialNumber = chain?.leaf.commonNames[0] ?? null
  const isTaken = serialNumber !== null && (await registry.findBySerialNumber(serialNumber)) !== null
  // Profile 0 proves nothing, so there is nothing to learn from it.
  if (!request.learn || request.profile === 0 || isTaken) {
    return { ...unknownChargePoint(identity), chargePoint: null }
  }
  // A00.FR.406: it gets a certificate of the operator first, and its profile with that.
  const isFactory = request.facts.entry === 'factory-certificate'
  const learn = async () => {
    const key = proof.password === null ? undefined : candidates(proof.password).at(-1)
    await registry.add(identity, {
      learned: true,
      serialNumber,
      credential: key === undefined ? null : await hashKey(key.key, key.form === 'text'),
      ...(isFactory
        ? { onboarding: expectedOnboarding('certificate', null, now()) }
        : { securityProfile: request.profile }),
      legacyTls: tls?.lane === 'legacy',
      lastSeenAt: now(),
    })
  }
  const credential = proof.password === null ? null : 'current'
  return { ok: true, chargePoint: null, passwordForm: null, credential, learn }
}

function checkBlocked(_request: AdmissionRequest, chargePoint: ChargePointRecord): Verdict {
  return chargePoint.blocked ? refused('charge_point_blocked', 'blocked by the operator') : admitted
}

function checkLane(request: AdmissionRequest, chargePoint: ChargePointRecord): Verdict {
  const { tls } = request.facts
  return tls === null ? admitted : checkLegacyChargePoint(tls, chargePoint.legacyTls)
}

function checkKept(request: AdmissionRequest, chargePoint: ChargePointRecord): Verdict {
  return checkProfileOf(request.profile, chargePoint)
}

function checkProfileOf(profile: SecurityProfile, chargePoint: ChargePointRecord): Verdict {
  return profile === 0 ? checkUnsecured(chargePoint) : checkProfile(profile, chargePoint)
}

/** What a charge point was admitted on. */
export interface AdmittedOn {
  readonly record: ChargePointRecord
  readonly credential: CredentialUse
  readonly profile: SecurityProfile
}

export type SecondLook =
  | {
      readonly ok: true
      /** As the record has it by now: a change of the password may have been settled meanwhile. */
      readonly credential: CredentialUse
      /** `startedAt` of the change that this login says something about; null: of none. */
      readonly changeStartedAt: number | null
    }
  | Extract<Verdict, { readonly ok: false }>

/**
 * Whether what was decided on `before` still holds for the record as it is `now`: waiting for a turn
 * and for the central system takes seconds, in which an operator may block the charge point or change
 * its password, a change of it may be settled (A01.FR.03), and another connection may move the ratchet
 * (A05.FR.09).
 */
export function stillHolds(
  before: AdmittedOn,
  now: ChargePointRecord | null,
  profileMode: CheckMode,
): SecondLook {
  if (now === null) return unknownChargePoint(before.record.identity)
  if (now.blocked)
    return { ok: false, reason: 'charge_point_blocked', detail: 'blocked by the operator meanwhile' }
  const credential = presentUse(before, now)
  if (credential === undefined) {
    return { ok: false, reason: 'credentials_invalid', detail: 'the password was changed meanwhile' }
  }
  // On profile 0 nothing else was checked, so this check cannot be switched.
  const isEnforced = profileMode === 'enforce' || before.profile === 0
  const verdict = isEnforced ? checkProfileOf(before.profile, now) : admitted
  if (!verdict.ok) return verdict
  const changeStartedAt = now.credentialChange?.startedAt ?? null
  // A login with the old password that was before the offer says nothing about it.
  const isOlder = credential !== 'next' && before.record.credentialChange?.startedAt !== changeStartedAt
  return { ok: true, credential, changeStartedAt: isOlder ? null : changeStartedAt }
}

/** What the password that was shown is in the record of now; undefined: it is no good any more. */
function presentUse({ record, credential }: AdmittedOn, now: ChargePointRecord): CredentialUse | undefined {
  if (credential === null) return null
  const shown = credential === 'next' ? (record.credentialChange?.next ?? null) : record.credential
  if (isSame(shown, now.credentialChange?.next ?? null)) return 'next'
  return isSame(shown, now.credential) ? 'current' : undefined
}

/** Every hash has a salt of its own, so the same hash is the same setting of a password. */
function isSame(one: CredentialHash | null, other: CredentialHash | null): boolean {
  return one !== null && other !== null && one.salt === other.salt && one.hash === other.hash
}

/**
 * A finding in report mode is reported, one that is off forgotten; both are admitted. Not so on profile
 * 0, where nobody has proven anything: who may come there is all that stands in a stranger's way.
 */
function weigh(verdict: Verdict, request: AdmissionRequest): Verdict {
  if (verdict.ok || request.profile === 0) return verdict
  const mode = request.modeOf(verdict.reason)
  if (mode === 'enforce') return verdict
  if (mode === 'report') request.report(verdict.reason, verdict.detail)
  return admitted
}

function unknownChargePoint(identity: string): Verdict & { ok: false } {
  return {
    ok: false,
    reason: 'charge_point_unknown',
    detail: `${JSON.stringify(identity)} is not registered`,
  }
}

function lockedOut(until: number): Verdict {
  return refused('credentials_locked', `until ${new Date(until).toISOString()}`)
}

/** Without a password. */
const proven: Proof = Object.freeze({ verdict: admitted, form: null, credential: null, password: null })

function failed(verdict: Verdict): Proof {
  return { ...proven, verdict }
}
