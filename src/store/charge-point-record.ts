import { ProxyError } from '../policy/error.ts'
import { movesRatchet } from '../policy/profile.ts'
import { changeAtSuccess } from './credential-change.ts'
import { onboardingAtSuccess } from './onboarding.ts'
import type { ChargePointPatch, ChargePointRecord, Registry, SuccessfulConnection } from './store.ts'

/** What becomes of a charge point's record, for every store the same. Pure; each store makes it atomic. */

/** A new charge point: nothing is known but what the fields say. */
export function newRecord(identity: string, fields: ChargePointPatch, now: number): ChargePointRecord {
  return {
    serialNumber: null,
    securityProfile: null,
    upgradeTo: null,
    upgradeOpened: null,
    legacyTls: false,
    migrating: false,
    blocked: false,
    onboarding: null,
    credential: null,
    passwordForm: null,
    upstreamSecret: null,
    learned: false,
    lastSeenAt: null,
    lastAddress: null,
    lastTls: null,
    offersMandatorySuites: null,
    ...withoutUndefined(fields),
    credentialChange: null,
    identity,
    createdAt: now,
    updatedAt: now,
  }
}

/**
 * A password that an operator sets ends a change that is under way: it is the only one from here on. So does
 * a profile that it opens or shuts: from then on no upgrade of the proxy's takes that back.
 */
export function patched(record: ChargePointRecord, patch: ChargePointPatch, now: number): ChargePointRecord {
  const { identity, createdAt } = record
  const credentialChange = patch.credential === undefined ? record.credentialChange : null
  const upgradeOpened =
    patch.upgradeOpened === undefined && patch.upgradeTo !== undefined ? { upgradeOpened: null } : {}
  const fields = { ...withoutUndefined(patch), ...upgradeOpened, credentialChange }
  return { ...record, ...fields, identity, createdAt, updatedAt: now }
}

/** What the step changes; null: this upgrade is not the present one any more. */
export function upgradeStep(
  { upgradeTo, upgradeOpened }: ChargePointRecord,
  { to, at }: Parameters<Registry['stepUpgrade']>[1],
  step: Parameters<Registry['stepUpgrade']>[2],
): ChargePointPatch | null {
  if (upgradeTo !== to || upgradeOpened?.at !== at) return null
  return step === 'close'
    ? { upgradeTo: upgradeOpened.before }
    : { upgradeOpened: { ...upgradeOpened, phase: step } }
}

/** A field that is present and undefined changes nothing. */
function withoutUndefined(patch: ChargePointPatch): ChargePointPatch {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
}

/**
 * After a successful connection. A05.FR.09: the kept profile never goes down here, and an upgrade ends
 * when it is reached. Profile 0 proves nothing: kept from a stranger's visit, it would shut the other
 * profiles to the real one (A00.FR.002). What a login means for a change of the password is A01.
 */
export function afterSuccess(record: ChargePointRecord, seen: SuccessfulConnection): ChargePointRecord {
  const onboards = seen.onboarding ?? null
  // As on profile 0: nothing is proven that the profile could be kept by.
  const profile = onboards?.kind === 'begins' ? 0 : seen.profile
  const kept = record.securityProfile
  const settled = changeAtSuccess(record, seen)
  // That the old password was seen is no news of the record; that a change has ended is.
  const isNews = onboards !== null || (settled !== null && settled.credentialChange === null)
  return {
    ...record,
    ...settled,
    onboarding:
      onboards === null ? record.onboarding : onboardingAtSuccess(record.onboarding, onboards, seen.at),
    updatedAt: isNews ? seen.at : record.updatedAt,
    securityProfile: profile === 0 || (kept !== null && kept > profile) ? kept : profile,
    ...(record.upgradeTo !== null && record.upgradeTo <= profile
      ? { upgradeTo: null, upgradeOpened: null }
      : {}),
    upstreamSecret: secretAfter(settled?.upstreamSecret ?? record.upstreamSecret, seen),
    lastSeenAt: seen.at,
    lastAddress: seen.address,
    lastTls: seen.tls,
    passwordForm: seen.passwordForm ?? record.passwordForm,
    offersMandatorySuites: seen.offersMandatorySuites ?? record.offersMandatorySuites,
  }
}

/** Does a login say no more than that it was here, and may be? Then nothing that lasts is decided by it. */
export function isVisit(record: ChargePointRecord, seen: SuccessfulConnection): boolean {
  const kept = record.securityProfile
  const moves = seen.profile !== 0 && (kept === null || movesRatchet(kept, seen.profile))
  const isPlain = record.credentialChange === null && record.onboarding === null && record.upgradeTo === null
  return (
    !record.blocked &&
    !moves &&
    isPlain &&
    (seen.onboarding ?? null) === null &&
    seen.upstreamSecret === undefined
  )
}

/** The other of two passwords, which the central system took; unless somebody has set another one meanwhile. */
function secretAfter(kept: string | null, { upstreamSecret: told }: SuccessfulConnection): string | null {
  return told !== undefined && told.refused === kept ? told.taken : kept
}

export function unknownChargePoint(identity: string): ProxyError {
  return new ProxyError('charge_point_unknown', 'operator', `no charge point ${identity} is registered`)
}

export function chargePointExists(identity: string): ProxyError {
  return new ProxyError('charge_point_exists', 'operator', `charge point ${identity} exists already`)
}

export function serialNumberTaken(serialNumber: string, owner: string | null): ProxyError {
  const message = `serial number ${serialNumber} belongs to charge point ${owner ?? 'of another identity'} already`
  return new ProxyError('serial_number_taken', 'operator', message)
}
