import { newRecord } from '../charge-point-record.ts'
import { parseCredentialChange } from '../credential-change.ts'
import { parseCredentialHash } from '../credential-hash.ts'
import { parseOnboarding } from '../onboarding.ts'
import type { ChargePointRecord } from '../store.ts'
import { corrupt } from './errors.ts'
import { parseObject } from './json.ts'

/** A charge point as it is kept: its record, and when its last change of password began. */
export interface KeptChargePoint {
  readonly record: ChargePointRecord
  /** It stays when that has ended, so that no other begins at the same time. */
  readonly lastChangeAt: number | null
}

export function chargePointText({ record, lastChangeAt }: KeptChargePoint): string {
  return JSON.stringify({ ...record, lastChangeAt })
}

/**
 * Fields that an older version did not know have the value of a new charge point. A hash that cannot be
 * read means that nobody gets in with a password: closed, and the rest of the fleet works. Throws
 * ProxyError `store_corrupt`.
 */
export function parseChargePoint(text: string): KeptChargePoint {
  const { lastChangeAt, ...fields } = parseObject(text, 'a charge point')
  const { identity, createdAt, updatedAt, credential, credentialChange, onboarding } = fields
  if (typeof identity !== 'string' || typeof createdAt !== 'number' || typeof updatedAt !== 'number') {
    throw corrupt('a charge point')
  }
  const known = newRecord(identity, {}, createdAt)
  const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => name in known))
  const record: ChargePointRecord = {
    ...known,
    ...kept,
    identity,
    createdAt,
    updatedAt,
    credential: parseCredentialHash(credential),
    credentialChange: parseCredentialChange(credentialChange),
    // Closed: what cannot be read stays an onboarding.
    onboarding: onboarding === undefined || onboarding === null ? null : parseOnboarding(onboarding),
  }
  for (const flag of ['legacyTls', 'migrating', 'blocked'] as const) {
    if (typeof record[flag] !== 'boolean') throw corrupt(`${flag} of a charge point`)
  }
  for (const profile of [record.securityProfile, record.upgradeTo]) {
    if (profile !== null && ![0, 1, 2, 3].includes(profile)) throw corrupt('a profile of a charge point')
  }
  return { record, lastChangeAt: typeof lastChangeAt === 'number' ? lastChangeAt : null }
}
