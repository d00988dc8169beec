import { checkCommonName, checkKeyOwner } from '../policy/certificate.ts'
import type { IdentityFacts, PasswordForm, SecurityProfile } from '../policy/facts.ts'
import { candidates, parseBasicAuthorization } from '../policy/password.ts'
import { checkProfile } from '../policy/profile.ts'
import type { CheckMode, ReasonCode } from '../policy/reasons.ts'
import { checkLegacyChargePoint } from '../policy/tls.ts'
import { admitted, refused, type Verdict } from '../policy/verdict.ts'
import type { ChargePointRecord, Registry } from '../store/store.ts'
import type { ConnectionFacts } from './connection.ts'
import { hashKey } from './credentials/hash.ts'
import type { Lockout } from './credentials/lockout.ts'
import type { PasswordVerifier } from './credentials/verifier.ts'

export interface AdmissionDeps {
  readonly registry: Registry
  readonly verifier: PasswordVerifier
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

export type AdmissionResult =
  | {
      readonly ok: true
      /** null: not registered yet; `learn` does that. */
      readonly chargePoint: ChargePointRecord | null
      readonly passwordForm: PasswordForm | null
      /**
       * For a charge point that is to be learned: registers it. Called once the central system has
       * taken it, so that strangers cannot fill the registry.
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
  return { ok: true, chargePoint: known, passwordForm: proof.form, learn: null }
}

interface Proof {
  readonly verdict: Verdict
  readonly form: PasswordForm | null
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
      return Promise.resolve({ verdict: admitted, form: null, password: null })
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
  const lock = lockout.check(identity, address, known?.lastAddress ?? null)
  if (lock.locked) {
    return failed(refused('credentials_locked', `until ${new Date(lock.until).toISOString()}`))
  }
  if (known === null && request.learn) return { verdict: admitted, form: null, password: basic.password }
  const result = await verifier.verify(known?.credential ?? null, basic.password, identity)
  if ('overloaded' in result) return failed(refused('capacity', 'too many passwords to check at once'))
  if (result.ok) {
    lockout.succeed(identity, address)
    return { verdict: admitted, form: result.form, password: null }
  }
  lockout.fail(identity, address)
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
  return { verdict: admitted, form: null, password: null }
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
  const learn = async () => {
    const key = proof.password === null ? undefined : candidates(proof.password).at(-1)
    await registry.add(identity, {
      learned: true,
      serialNumber,
      credential: key === undefined ? null : await hashKey(key.key, key.form === 'text'),
      securityProfile: request.profile,
      legacyTls: tls?.lane === 'legacy',
      lastSeenAt: now(),
    })
  }
  return { ok: true, chargePoint: null, passwordForm: null, learn }
}

function checkBlocked(_request: AdmissionRequest, chargePoint: ChargePointRecord): Verdict {
  return chargePoint.blocked ? refused('charge_point_blocked', 'blocked by the operator') : admitted
}

function checkLane(request: AdmissionRequest, chargePoint: ChargePointRecord): Verdict {
  const { tls } = request.facts
  return tls === null ? admitted : checkLegacyChargePoint(tls, chargePoint.legacyTls)
}

function checkKept(request: AdmissionRequest, chargePoint: ChargePointRecord): Verdict {
  // Profile 0 asks for no proof at all: only a charge point that is kept on it may use it.
  if (request.profile === 0 && chargePoint.securityProfile !== 0) {
    return refused('profile_mismatch', 'not kept on profile 0')
  }
  return checkProfile(request.profile, chargePoint)
}

/**
 * Whether what was decided on `before` still holds for the record as it is `now`: waiting for a turn
 * and for the central system takes seconds, in which an operator may block the charge point or change
 * its password, and another connection may move the ratchet (A05.FR.09).
 */
export function stillHolds(
  before: ChargePointRecord,
  now: ChargePointRecord | null,
  profile: AdmissionRequest['profile'],
  profileMode: CheckMode,
): Verdict {
  if (now === null) return unknownChargePoint(before.identity)
  if (now.blocked) return refused('charge_point_blocked', 'blocked by the operator meanwhile')
  if (JSON.stringify(now.credential) !== JSON.stringify(before.credential)) {
    return refused('credentials_invalid', 'the password was changed meanwhile')
  }
  return profileMode === 'enforce' ? checkProfile(profile, now) : admitted
}

/** A finding in report mode is reported, one that is off forgotten; both are admitted. */
function weigh(verdict: Verdict, request: AdmissionRequest): Verdict {
  if (verdict.ok) return verdict
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

function failed(verdict: Verdict): Proof {
  return { verdict, form: null, password: null }
}
