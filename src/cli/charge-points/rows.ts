import { messageOf } from '../../policy/error.ts'
import { parseFingerprint } from '../../policy/fingerprint.ts'
import { identityProblem } from '../../policy/identity.ts'
import { expectedOnboarding } from '../../policy/onboarding.ts'
import { type CanonicalKey, canonicalKey } from '../../policy/password.ts'
import { serialNumberProblem } from '../../policy/serial-number.ts'
import { parseCredentialHash } from '../../store/credential-hash.ts'
import type { ChargePointPatch, Onboarding } from '../../store/store.ts'
import { parseProfile } from './options.ts'

/** One charge point of an import, as text by column. Where: "line 7" or "item 3". */
export interface RawRow {
  readonly where: string
  readonly values: Readonly<Record<string, string>>
}

/** One charge point of an import, checked; its password waits to be hashed. */
export interface ImportRow {
  readonly where: string
  readonly identity: string
  readonly fields: ChargePointPatch
  readonly password: CanonicalKey | null
}

/** Never holds a password. */
export interface RowProblem {
  readonly where: string
  readonly text: string
}

export const importColumns = [
  'identity',
  'serialNumber',
  'securityProfile',
  'upgradeTo',
  'legacyTls',
  'migrating',
  'blocked',
  'onboarding',
  'factoryCertificate',
  'password',
  'passwordHash',
] as const

/**
 * Checks one row by itself: all that is wrong with it. An empty value was not given. `now`: since when an
 * onboarding is expected (milliseconds since the epoch).
 */
export function checkRow(
  { where, values }: RawRow,
  now: number,
): {
  readonly row: ImportRow
  readonly problems: RowProblem[]
} {
  const problems: RowProblem[] = []
  const given = (column: (typeof importColumns)[number]) => values[column] || undefined

  function read<Value>(
    column: (typeof importColumns)[number],
    parse: (text: string) => Value | null,
    words: string,
  ): Value | undefined {
    const text = given(column)
    if (text === undefined) return undefined
    const value = parse(text)
    if (value === null) problems.push({ where, text: `${column} ${words}` })
    return value ?? undefined
  }

  /** A00.FR.803: what a manufacturer's list says about how its charge points come. */
  function readOnboarding(): Onboarding | null | undefined {
    const via = read('onboarding', parseVia, 'must be certificate, password or none')
    const certificate = read('factoryCertificate', parseFingerprint, 'is no SHA-256 fingerprint')
    if (certificate !== undefined && via !== 'certificate') {
      problems.push({ where, text: 'factoryCertificate goes with onboarding certificate only' })
    }
    if (via === undefined || via === 'none') return via === undefined ? undefined : null
    return expectedOnboarding(via, certificate ?? null, now)
  }

  const identity = given('identity') ?? ''
  const wrong = [identityProblem(identity), serialProblemOf(given('serialNumber'))]
  for (const text of wrong) if (text !== null) problems.push({ where, text })
  const credential = read('passwordHash', parseHash, 'is none that this version can check')
  const password = readPassword(given('password'), where, problems)
  if (credential !== undefined && password !== null) {
    problems.push({ where, text: 'password and passwordHash exclude each other' })
  }
  const fields = {
    serialNumber: given('serialNumber'),
    securityProfile: read('securityProfile', parseProfile, 'must be 0, 1, 2 or 3'),
    upgradeTo: read('upgradeTo', parseProfile, 'must be 0, 1, 2 or 3'),
    legacyTls: read('legacyTls', parseBoolean, 'must be true or false'),
    migrating: read('migrating', parseBoolean, 'must be true or false'),
    blocked: read('blocked', parseBoolean, 'must be true or false'),
    credential,
    onboarding: readOnboarding(),
  }
  return { row: { where, identity, fields: withoutUndefined(fields), password }, problems }
}

function serialProblemOf(text: string | undefined): string | null {
  return text === undefined ? null : serialNumberProblem(text)
}

function readPassword(text: string | undefined, where: string, problems: RowProblem[]): CanonicalKey | null {
  if (text === undefined) return null
  try {
    return canonicalKey({ text })
  } catch (error) {
    problems.push({ where, text: `password: ${messageOf(error)}` })
    return null
  }
}

function parseBoolean(text: string): boolean | null {
  switch (text.toLowerCase()) {
    case 'true':
    case 'yes':
    case '1':
      return true
    case 'false':
    case 'no':
    case '0':
      return false
    default:
      return null
  }
}

function parseVia(text: string): 'certificate' | 'password' | 'none' | null {
  return text === 'certificate' || text === 'password' || text === 'none' ? text : null
}

function parseHash(text: string) {
  try {
    return parseCredentialHash(JSON.parse(text))
  } catch {
    return null
  }
}

type Loose<Fields> = { readonly [Key in keyof Fields]: Fields[Key] | undefined }

function withoutUndefined(fields: Loose<ChargePointPatch>): ChargePointPatch {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
