import type { SQLInputValue } from 'node:sqlite'
import type { PasswordForm, SecurityProfile } from '../../policy/facts.ts'
import { upgradePhases } from '../../policy/profile.ts'
import { type CredentialState, parseCredentialChange } from '../credential-change.ts'
import { parseCredentialHash } from '../credential-hash.ts'
import { parseOnboarding } from '../onboarding.ts'
import type {
  ChargePointRecord,
  CredentialChange,
  CredentialHash,
  Onboarding,
  OpenedUpgrade,
} from '../store.ts'
import { integer, integerOrNull, oneOf, parseJson, type Row, text, textOrNull } from './rows.ts'

/** Between a charge point record and its row. */

const profiles: readonly SecurityProfile[] = [0, 1, 2, 3]
const passwordForms: readonly PasswordForm[] = ['raw', 'hex-lower', 'hex-upper', 'text']

export const chargePointColumns = [
  'identity',
  'serial_number',
  'security_profile',
  'upgrade_to',
  'upgrade_opened',
  'legacy_tls',
  'blocked',
  'credential',
  'password_form',
  'upstream_secret',
  'learned',
  'created_at',
  'updated_at',
  'last_seen_at',
  'last_address',
  'last_tls',
  'offers_mandatory_suites',
  'migrating',
  'credential_change',
  'onboarding',
  'onboarding_state',
] as const

/** Throws ProxyError `store_corrupt`. */
export function toRecord(row: Row): ChargePointRecord {
  const mandatory = integerOrNull(row, 'offers_mandatory_suites')
  return {
    identity: text(row, 'identity'),
    serialNumber: textOrNull(row, 'serial_number'),
    securityProfile: oneOf(profiles, integerOrNull(row, 'security_profile'), 'security_profile'),
    upgradeTo: oneOf(profiles, integerOrNull(row, 'upgrade_to'), 'upgrade_to'),
    upgradeOpened: toUpgradeOpened(row),
    legacyTls: integer(row, 'legacy_tls') === 1,
    migrating: integer(row, 'migrating') === 1,
    blocked: integer(row, 'blocked') === 1,
    onboarding: toOnboarding(row),
    credential: toCredential(row),
    credentialChange: toCredentialChange(row),
    passwordForm: oneOf(passwordForms, textOrNull(row, 'password_form'), 'password_form'),
    upstreamSecret: textOrNull(row, 'upstream_secret'),
    learned: integer(row, 'learned') === 1,
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
    lastSeenAt: integerOrNull(row, 'last_seen_at'),
    lastAddress: textOrNull(row, 'last_address'),
    lastTls: textOrNull(row, 'last_tls'),
    offersMandatorySuites: mandatory === null ? null : mandatory === 1,
  }
}

/** In the order of `chargePointColumns`. */
export function toValues(record: ChargePointRecord): SQLInputValue[] {
  const { credential, upstreamSecret, change } = credentialValues(record)
  return [
    record.identity,
    record.serialNumber,
    record.securityProfile,
    record.upgradeTo,
    record.upgradeOpened === null ? null : JSON.stringify(record.upgradeOpened),
    Number(record.legacyTls),
    Number(record.blocked),
    credential,
    record.passwordForm,
    upstreamSecret,
    Number(record.learned),
    record.createdAt,
    record.updatedAt,
    record.lastSeenAt,
    record.lastAddress,
    record.lastTls,
    record.offersMandatorySuites === null ? null : Number(record.offersMandatorySuites),
    Number(record.migrating),
    change,
    ...onboardingValues(record.onboarding),
  ]
}

/** Passwords as they are kept. */
export function credentialValues({ credential, upstreamSecret, credentialChange }: CredentialState) {
  return {
    credential: credential === null ? null : JSON.stringify(credential),
    upstreamSecret,
    change: credentialChange === null ? null : JSON.stringify(credentialChange),
  }
}

/** In the order of the columns: as it is kept, and its state. */
export function onboardingValues(onboarding: Onboarding | null): [string | null, string | null] {
  return onboarding === null ? [null, null] : [JSON.stringify(onboarding), onboarding.state]
}

function toCredential(row: Row): CredentialHash | null {
  const value = parseJson(row, 'credential')
  // A hash that cannot be read means that nobody gets in with a password: closed, and the rest of the fleet works.
  return value === null ? null : parseCredentialHash(value)
}

function toCredentialChange(row: Row): CredentialChange | null {
  const value = parseJson(row, 'credential_change')
  return value === null ? null : parseCredentialChange(value)
}

export function toOnboarding(row: Row): Onboarding | null {
  const json = textOrNull(row, 'onboarding')
  if (json === null) return null
  try {
    return parseOnboarding(JSON.parse(json))
  } catch {
    return parseOnboarding(null)
  }
}

/** One that cannot be read is nobody's: `upgradeTo` stays until an operator looks. */
function toUpgradeOpened(row: Row): OpenedUpgrade | null {
  const value = parseJson(row, 'upgrade_opened')
  if (typeof value !== 'object' || value === null) return null
  const { before, phase, at } = value as Record<string, unknown>
  const known = upgradePhases.find((one) => one === phase)
  if ((before !== null && !isProfile(before)) || known === undefined || !Number.isSafeInteger(at)) return null
  return { before, phase: known, at: Number(at) }
}

function isProfile(value: unknown): value is SecurityProfile {
  return profiles.some((one) => one === value)
}
