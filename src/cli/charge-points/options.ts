import type { OnboardingRequest } from '../../admin/charge-point-change.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import { parseFingerprint } from '../../policy/fingerprint.ts'
import { identityProblem } from '../../policy/identity.ts'
import { serialNumberProblem } from '../../policy/serial-number.ts'
import type { ChargePointPatch } from '../../store/store.ts'
import { usageError } from '../store-command.ts'

/** Options and columns that describe a charge point, and what is right for them. */

export interface ChargePointOptions {
  readonly serial?: string
  readonly profile?: string
  readonly upgradeTo?: string
  readonly legacyTls?: boolean
  readonly migrating?: boolean
  readonly onboarding?: string
  readonly factoryCertificate?: string
}

/** Throws a usage error. */
export function requireIdentity(text: string): string {
  const problem = identityProblem(text)
  if (problem !== null) throw usageError(problem)
  return text
}

/** Null: it is none. */
export function parseProfile(text: string): SecurityProfile | null {
  switch (text) {
    case '0':
      return 0
    case '1':
      return 1
    case '2':
      return 2
    case '3':
      return 3
    default:
      return null
  }
}

/** As the admin API takes it; undefined: it was not named. Throws a usage error. */
export function onboardingOf(options: ChargePointOptions): OnboardingRequest | null | undefined {
  const { onboarding, factoryCertificate } = options
  const certificate = factoryCertificate === undefined ? null : parseFingerprint(factoryCertificate)
  if (factoryCertificate !== undefined && (certificate === null || onboarding !== 'certificate')) {
    throw usageError('--factory-certificate is a SHA-256 fingerprint, and goes with --onboarding certificate')
  }
  switch (onboarding) {
    case undefined:
      return undefined
    case 'none':
      return null
    case 'password':
    case 'certificate':
      return { via: onboarding, ...(certificate === null ? {} : { certificate }) }
    default:
      throw usageError('--onboarding must be certificate, password or none')
  }
}

/** The fields that were named, but for `onboarding`. Throws a usage error. */
export function patchOf(options: ChargePointOptions): Omit<ChargePointPatch, 'onboarding'> {
  const { serial, profile, upgradeTo, legacyTls, migrating } = options
  return {
    ...(serial === undefined ? {} : { serialNumber: serial === 'none' ? null : requireSerialNumber(serial) }),
    ...(profile === undefined ? {} : { securityProfile: requireProfile(profile, '--profile') }),
    ...(upgradeTo === undefined
      ? {}
      : { upgradeTo: upgradeTo === 'none' ? null : requireProfile(upgradeTo, '--upgrade-to') }),
    ...(legacyTls === undefined ? {} : { legacyTls }),
    ...(migrating === undefined ? {} : { migrating }),
  }
}

export function requireProfile(text: string, option: string): SecurityProfile {
  const profile = parseProfile(text)
  if (profile === null) throw usageError(`${option} must be 0, 1, 2 or 3`)
  return profile
}

function requireSerialNumber(text: string): string {
  const problem = serialNumberProblem(text)
  if (problem !== null) throw usageError(problem)
  return text
}
