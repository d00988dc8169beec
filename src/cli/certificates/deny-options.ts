import type { Command } from 'commander'
import type { DenyRequest } from '../../admin/deny.ts'
import { table } from '../output.ts'

/** The words that name certificates for `revoke`, `allow` and `denied`. */
export interface DenyOptions {
  readonly fingerprint?: string
  readonly serial?: string
  readonly issuer?: string
  readonly identity?: string
  readonly note?: string
}

/** An entry as the API and the store show it. */
export interface DeniedRow {
  readonly key: string
  readonly fingerprint: string | null
  readonly serialNumber: string | null
  readonly issuer: string | null
  readonly note: string
  readonly by: string
  readonly identity: string | null
  readonly at: string
  readonly expiresAt: string | null
}

export function withDenyOptions(command: Command): Command {
  return command
    .option(
      '--fingerprint <sha256>',
      'the certificate, by the SHA-256 of its DER (openssl x509 -fingerprint)',
    )
    .option('--serial <number>', 'by its serial number, hexadecimal')
    .option('--issuer <name>', 'of this issuer, as `rejections show` has it; else of whatever issuer')
    .option('--identity <identity>', 'all certificates that this charge point has shown or was given')
}

export function requestOf({ serial, ...rest }: DenyOptions): DenyRequest {
  const { fingerprint, issuer, identity, note } = rest
  return {
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(serial === undefined ? {} : { serialNumber: serial }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(identity === undefined ? {} : { identity }),
    ...(note === undefined ? {} : { note }),
  }
}

export function deniedTable(rows: readonly DeniedRow[]): string {
  const cells = rows.map((row) => [
    row.fingerprint ?? `serial ${row.serialNumber ?? ''}${row.issuer === null ? '' : ` of ${row.issuer}`}`,
    row.identity ?? '-',
    row.by,
    row.at.replace(/\.\d+Z$/, 'Z'),
    row.note,
  ])
  return table(['CERTIFICATE', 'CHARGE POINT', 'BY', 'SINCE', 'NOTE'], cells)
}
