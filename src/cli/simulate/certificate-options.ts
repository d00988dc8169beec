import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import {
  type CertificateBehaviour,
  obedientCertificates,
  type SignedFault,
  signedFaults,
  triggerAnswers,
} from '../../simulator/certificate-commands.ts'
import type { ChargePointOptions } from '../../simulator/charge-point.ts'
import { type RequestFault, requestFaults } from '../../simulator/csr.ts'
import type { OwnCertificate } from '../../simulator/own-certificates.ts'
import { parseInteger, usageError } from '../store-command.ts'
import { oneOf } from './options.ts'

export interface CertificateFlags {
  readonly keyType: string
  readonly onTrigger: string
  readonly request: string
  readonly onSigned: string
  readonly reconnect?: true
  readonly renewBefore: string
  readonly cpoName?: string
  readonly saveCertificate?: true
  readonly cert?: string
  readonly key?: string
}

const requests = Object.keys(requestFaults) as readonly RequestFault[]
const answers = Object.keys(signedFaults) as readonly SignedFault[]
const dayMs = 86_400_000

/** The flags that say how a charge point renews its certificate (A02, A03). */
export function addCertificateFlags(command: Command): Command {
  return command
    .option('--key-type <type>', 'keys that it makes for certificate requests: rsa or ec', 'ec')
    .option(
      '--on-trigger <status>',
      `answer to the trigger of a request: ${triggerAnswers.join(', ')}`,
      'Accepted',
    )
    .option('--request <how>', `what is wrong with its requests: ${requests.join(', ')}`, 'good')
    .option('--on-signed <how>', `answer to CertificateSigned: ${answers.join(', ')}`, 'obey')
    .option('--reconnect', 'connect again at once with a certificate that it has taken')
    .option('--renew-before <days>', 'ask for a new certificate so long before the end; 0: never', '30')
    .option('--cpo-name <name>', 'CpoName that it has from the start (O of its requests)')
    .option('--save-certificate', 'write a new certificate and its key to --cert and --key')
}

export function certificatesOf(
  flags: CertificateFlags,
  count: number,
): Pick<ChargePointOptions, 'certificateBehaviour' | 'renewBeforeMs' | 'cpoName' | 'onCertificate'> {
  const behaviour: CertificateBehaviour = {
    ...obedientCertificates,
    keyType: oneOf(flags.keyType, '--key-type', ['rsa', 'ec']),
    trigger: oneOf(flags.onTrigger, '--on-trigger', triggerAnswers),
    request: oneOf(flags.request, '--request', requests),
    signed: oneOf(flags.onSigned, '--on-signed', answers),
    reconnects: flags.reconnect === true,
  }
  return {
    certificateBehaviour: behaviour,
    renewBeforeMs: parseInteger(flags.renewBefore, '--renew-before', 0, 3650) * dayMs,
    ...(flags.cpoName === undefined ? {} : { cpoName: flags.cpoName }),
    ...(flags.saveCertificate === true ? { onCertificate: saver(flags, count) } : {}),
  }
}

/** Before the charge point answers: what it has accepted, it has. */
function saver({ cert, key }: CertificateFlags, count: number): (own: OwnCertificate) => void {
  if (cert === undefined || key === undefined) throw usageError('--save-certificate needs --cert and --key')
  if (count > 1) throw usageError('--save-certificate is for one charge point: a fleet would share the files')
  return (own) => {
    writeFileSync(key, own.key, { mode: 0o600 })
    writeFileSync(cert, own.certificate)
  }
}

/** What --help says of each fault. */
export function certificateHelp(): string {
  const width = Math.max(...[...requests, ...answers].map((name) => name.length))
  const list = (table: Readonly<Record<string, string>>): string =>
    Object.entries(table)
      .map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
      .join('\n')
  return `\nCertificate requests:\n${list(requestFaults)}\n\nAnswers to CertificateSigned:\n${list(signedFaults)}\n`
}
