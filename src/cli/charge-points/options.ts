import type { SecurityProfile } from '../../policy/facts.ts'
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

/** The fields that were named. Throws a usage error. */
export function patchOf(options: ChargePointOptions): ChargePointPatch {
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
