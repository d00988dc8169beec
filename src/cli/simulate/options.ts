import { readFileSync } from 'node:fs'
import type { SecureVersion } from 'node:tls'
import { messageOf } from '../../policy/error.ts'
import type { PasswordForm } from '../../policy/facts.ts'
import { keyFromHex, type Password, passwordFromFile } from '../../simulator/credentials.ts'
import { usageError } from '../store-command.ts'

/** Reading the options of `simulate`. Every function throws a usage error (exit code 2) for what it cannot read. */

export function readOption(path: string, option: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw usageError(`${option}: ${messageOf(error)}`)
  }
}

/** Seconds, fractions too, as milliseconds. */
export function milliseconds(text: string, option: string): number {
  const seconds = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(seconds)) throw usageError(`${option} must be a number of seconds`)
  return seconds * 1000
}

export function oneOf<T extends string>(text: string, option: string, values: readonly T[]): T {
  const found = values.find((value) => value === text)
  if (found === undefined) throw usageError(`${option} must be one of ${values.join(', ')}`)
  return found
}

const versions: Readonly<Record<string, SecureVersion>> = {
  '1.0': 'TLSv1',
  '1.1': 'TLSv1.1',
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
}

export interface VersionRange {
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion
}

/** `1.2`: only this one; `1.0..1.2`: a range. */
export function tlsVersions(text: string): VersionRange {
  const [from = '', to = from, ...rest] = text.split('..')
  const minVersion = versions[from]
  const maxVersion = versions[to]
  if (minVersion === undefined || maxVersion === undefined || rest.length > 0 || from > to) {
    throw usageError('--tls must be 1.0, 1.1, 1.2 or 1.3, or a range such as 1.0..1.2')
  }
  return { minVersion, maxVersion }
}

export const passwordForms = [
  'raw',
  'hex-lower',
  'hex-upper',
  'text',
] as const satisfies readonly PasswordForm[]

/** The password out of a file or, for simulators only, out of the command line. */
export function passwordOption(options: {
  readonly passwordFile?: string
  readonly keyHex?: string
  readonly form?: string
}): Password | null {
  const form = options.form === undefined ? undefined : oneOf(options.form, '--form', passwordForms)
  if (options.passwordFile !== undefined && options.keyHex !== undefined) {
    throw usageError('give either --password-file or --key-hex')
  }
  if (options.passwordFile !== undefined) {
    return passwordFromFile(readOption(options.passwordFile, '--password-file'), form)
  }
  if (options.keyHex === undefined) return null
  const bytes = keyFromHex(options.keyHex)
  if (bytes === null) throw usageError('--key-hex must be 32 to 40 hexadecimal digits')
  return { bytes, form: form ?? 'raw' }
}

/** The examples and exit codes that --help ends with. */
export function helpTail(examples: readonly string[], exitCodes: string): string {
  const lines = examples.map((example) => `  ocpp-security-proxy simulate ${example}`)
  return `\nExamples:\n${lines.join('\n')}\n\nExit codes: ${exitCodes}`
}
