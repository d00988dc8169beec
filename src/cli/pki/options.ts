import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Command } from 'commander'
import { parseDuration } from '../../config/values.ts'
import type { Issuer } from '../../pki/authority/issuer.ts'
import { certificateFacts } from '../../pki/certificate.ts'
import type { IssueRequest } from '../../pki/issue.ts'
import { backdateMs } from '../../pki/times.ts'
import { ProxyError } from '../../policy/error.ts'
import { type KeyTypeName, keyTypeNames } from '../../policy/key-types.ts'
import type { Shell } from '../shell.ts'
import { plainCommand, usageError } from '../store-command.ts'
import { readInput, readPassphrase } from './files.ts'

/** What the pki commands have in common. */

export interface WriteOptions {
  readonly force?: true
  readonly json?: true
}

export interface IssueOptions extends WriteOptions {
  readonly out: string
  readonly key: string
  readonly lifetime: string
  readonly organization?: string
  readonly passphraseFile?: string
  readonly pss?: true
}

export interface IssuerOptions {
  readonly issuer: string
  readonly issuerKey?: string
  readonly issuerPassphraseFile?: string
}

/** A pki command with its examples, one a line, without the program's name. */
export function pkiSubcommand(name: string, shell: Shell, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ocpp-security-proxy ${example}`)
  return plainCommand(name, shell)
    .option('--force', 'write over files that exist')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      `\nExamples:\n${lines.join('\n')}\n\nExit codes: 0 fine, 1 found wrong, 2 used wrong`,
    )
}

export function withIssueOptions(command: Command, lifetime: string): Command {
  return command
    .requiredOption('--out <name>', 'where to: <name>.pem and <name>.key')
    .option('--key <type>', `kind of its key: ${keyTypeNames.join(', ')}`, 'p-256')
    .option('--lifetime <duration>', 'how long it is valid, such as 23h or 730d', lifetime)
    .option('--passphrase-file <file>', 'encrypt the new key with the passphrase in this file')
    .option('--pss', 'an RSA key signs with RSASSA-PSS; many charge points refuse that (A00.FR.505)')
}

export function withIssuer(command: Command): Command {
  return command
    .requiredOption('--issuer <file>', 'who signs: PEM (certificate, then those above it) or PKCS #12')
    .option('--issuer-key <file>', 'its private key; default: the file beside it that ends with .key')
    .option('--issuer-passphrase-file <file>', 'file with the passphrase of that key or PKCS #12')
}

/** Throws ProxyError `usage`. */
export function keyTypeOf(text: string, option = '--key'): KeyTypeName {
  const name = keyTypeNames.find((one) => one === text.toLowerCase())
  if (name !== undefined) return name
  throw usageError(`${option} must be one of ${keyTypeNames.join(', ')}`)
}

/** Milliseconds. Throws ProxyError `usage`. */
export function lifetimeOf(text: string): number {
  const ms = parseDuration(text)
  const hundredYears = 36_525 * 86_400_000
  if (ms !== null && ms >= 1000 && ms <= hundredYears) return ms
  throw usageError('--lifetime must be a time with its unit, such as 23h or 730d')
}

/** A name of the subject: not empty, short enough for RFC 5280, printable. Throws ProxyError `usage`. */
export function nameOf(text: string, option: string): string {
  const fits = text.trim() === text && text !== '' && [...text].length <= 64
  if (fits && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return text
  throw usageError(`${option} must be 1 to 64 printable characters`)
}

/** Reads the issuer. Throws ProxyError: `usage` for files that are not there, others for what they hold. */
export async function readIssuer({
  issuer,
  issuerKey,
  issuerPassphraseFile,
}: IssuerOptions): Promise<Issuer> {
  const { issuerFromPem, issuerFromPkcs12 } = await import('../../pki/authority/issuer.ts')
  const passphrase = readPassphrase(issuerPassphraseFile) ?? null
  if (isBundle(issuer)) return issuerFromPkcs12(readInput(issuer), passphrase ?? '')
  const key = issuerKey ?? issuer.replace(/\.[^./\\]*$/, '.key')
  const certificates = readInput(issuer).toString('utf8')
  return issuerFromPem({ certificates, key: readInput(key).toString('utf8'), passphrase })
}

export function isBundle(path: string): boolean {
  return /\.(p12|pfx)$/i.test(path)
}

/** The organization of the subject: as named, or that of the issuer. Throws ProxyError `usage`. */
export function organizationOf(options: Pick<IssueOptions, 'organization'>, issuer: Issuer): string {
  const own = certificateFacts(issuer.certificate).organizationNames[0]
  const name = options.organization ?? own
  if (name === undefined) throw usageError('--organization is needed: the issuer has none')
  return nameOf(name, '--organization')
}

/**
 * From five minutes ago for the given time, within the life of everybody above: what outlives its
 * issuer fails the path check (RFC 5280 6.1.3). Throws ProxyError `issuing_failed`.
 */
export function datesUnder(
  issuer: Issuer | null,
  now: number,
  lifetimeMs: number,
): Pick<IssueRequest, 'notBefore' | 'notAfter'> {
  const above = issuer === null ? [] : [issuer.certificate, ...issuer.chain]
  const begins = Math.max(now - backdateMs, ...above.map((one) => one.validFromDate.getTime()))
  const ends = Math.min(now + lifetimeMs, ...above.map((one) => one.validToDate.getTime()))
  if (begins <= now && ends > now) return { notBefore: begins, notAfter: ends }
  throw new ProxyError('issuing_failed', 'operator', 'the certificate of the issuer is not valid now')
}

/** Throws ProxyError `pki_key`; OpenSSL's words, which may quote the file, are left out. */
export function readPrivateKey(path: string, passphraseFile: string | undefined): KeyObject {
  const pem = readInput(path).toString('utf8')
  const passphrase = readPassphrase(passphraseFile)
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch {
    const message = `${path}: no private key in PEM, or its passphrase is wrong or missing`
    throw new ProxyError('pki_key', 'operator', message)
  }
}
