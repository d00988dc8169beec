import { ProxyError } from '../policy/error.ts'
import { parseFingerprint } from '../policy/fingerprint.ts'
import { identityProblem } from '../policy/identity.ts'
import { expectedOnboarding } from '../policy/onboarding.ts'
import { serialNumberProblem } from '../policy/serial-number.ts'
import type { ChargePointPatch, ChargePointRecord, CredentialHash, Registry } from '../store/store.ts'

/** What is right for a change of the registry, beyond the form of the request. */

export function unknownChargePoint(identity: string): ProxyError {
  return new ProxyError('charge_point_unknown', 'operator', `no charge point ${identity} is registered`)
}

/** Throws ProxyError `charge_point_unknown`; also for what cannot be an identity at all. */
export async function requireChargePoint(registry: Registry, identity: string): Promise<ChargePointRecord> {
  const record = identityProblem(identity) === null ? await registry.get(identity) : null
  if (record === null) throw unknownChargePoint(identity)
  return record
}

/** Throws ProxyError `identity_invalid`. */
export function requireIdentity(identity: string): string {
  const problem = identityProblem(identity)
  if (problem !== null) throw new ProxyError('identity_invalid', 'operator', problem)
  return identity
}

/**
 * Throws ProxyError `field_invalid`. An upgrade that leads nowhere would be admitted as nothing, and
 * puzzle later.
 */
export function checkPatch(before: ChargePointRecord | null, patch: ChargePointPatch): void {
  const { serialNumber, securityProfile, upgradeTo } = patch
  const serialProblem = typeof serialNumber === 'string' ? serialNumberProblem(serialNumber) : null
  if (serialProblem !== null) throw invalid(serialProblem)
  const kept = securityProfile ?? before?.securityProfile ?? null
  if (kept === null || upgradeTo === undefined || upgradeTo === null || upgradeTo > kept) return
  throw invalid(`upgradeTo must be higher than profile ${kept}, on which the charge point is kept`)
}

/** How operators ask for an onboarding; null: it is not, or no longer, wanted. */
export interface OnboardingRequest {
  readonly via: 'certificate' | 'password'
  readonly certificate?: string
}

/** The fields of a request as those of the registry. Throws ProxyError `field_invalid`. */
export function patchOfRequest<Rest extends object>(
  { onboarding, ...rest }: Rest & { readonly onboarding?: OnboardingRequest | null },
  now: number,
): Omit<Rest, 'onboarding'> & Pick<ChargePointPatch, 'onboarding'> {
  if (onboarding === undefined) return rest
  if (onboarding === null) return { ...rest, onboarding: null }
  const { via, certificate } = onboarding
  const fingerprint = certificate === undefined ? null : parseFingerprint(certificate)
  if (certificate !== undefined && (fingerprint === null || via === 'password')) {
    throw invalid('onboarding.certificate must be the SHA-256 fingerprint of a factory certificate')
  }
  return { ...rest, onboarding: expectedOnboarding(via, fingerprint, now) }
}

function invalid(message: string): ProxyError {
  return new ProxyError('field_invalid', 'operator', message)
}

/**
 * Sets the password by hand; null: it has none. A change that was under way (A01) ends with it: what
 * the operator set is the password. In this order, so that a process that is killed in between leaves
 * a password too many, never one too few. Throws ProxyError `charge_point_unknown`.
 */
export async function setCredential(
  registry: Registry,
  identity: string,
  credential: CredentialHash | null,
  now: number,
): Promise<void> {
  const { credentialChange } = await registry.update(identity, { credential })
  if (credentialChange === null) return
  await registry.stepCredentialChange(identity, credentialChange.startedAt, 'revert', now)
}
