import type { Command } from 'commander'
import { hashAlgorithms } from '../../pki/hash-data.ts'
import { hashForms, type RootBehaviour, type RootFault, rootFaults } from '../../simulator/root-commands.ts'
import type { RootSettings } from '../../simulator/root-store.ts'
import { parseInteger, usageError } from '../store-command.ts'
import { oneOf, readOption } from './options.ts'

export interface RootFlags {
  readonly manufacturerRoot?: string
  readonly v2gRoot?: string
  readonly moRoot?: string
  readonly plugAndCharge?: true
  readonly rootCheck?: true
  readonly rootStore: string
  readonly rootHash: string
  readonly rootHashForm: string
  readonly onRootInstall: string
  readonly onRootDelete: string
  readonly onRootList: string
}

const faults = Object.keys(rootFaults) as readonly RootFault[]

/** The flags about root certificates (M03 to M05). */
export function addRootFlags(command: Command): Command {
  return command
    .option(
      '--manufacturer-root <file>',
      'its ManufacturerRootCertificates; --ca are those of the central system',
    )
    .option('--plug-and-charge', 'it has ISO 15118; in OCPP 1.6 inside DataTransfer')
    .option('--v2g-root <file>', 'its V2GRootCertificates, with --plug-and-charge')
    .option('--mo-root <file>', 'its MORootCertificates, with --plug-and-charge')
    .option('--root-check', 'AdditionalRootCertificateCheck: one root, and the old one signs the new one')
    .option('--root-store <n>', 'CertificateStoreMaxLength', '10')
    .option(
      '--root-hash <algorithm>',
      `of the hash data that it reports: ${hashAlgorithms.join(', ')}`,
      'SHA256',
    )
    .option('--root-hash-form <form>', `how it writes them: ${hashForms.join(', ')}`, 'lower')
    .option('--on-root-install <how>', `answer to InstallCertificate: ${faults.join(', ')}`, 'obey')
    .option('--on-root-delete <how>', 'answer to DeleteCertificate: as for --on-root-install', 'obey')
    .option('--on-root-list <how>', 'answer to GetInstalledCertificateIds: as for --on-root-install', 'obey')
}

/** Throws a usage error. */
export function rootsOf(flags: RootFlags): {
  readonly roots: Omit<RootSettings, 'centralSystem'>
  readonly rootBehaviour: RootBehaviour
  readonly plugAndCharge: boolean
} {
  const { manufacturerRoot, v2gRoot, moRoot } = flags
  const plugAndCharge = flags.plugAndCharge === true
  if (!plugAndCharge && (v2gRoot !== undefined || moRoot !== undefined))
    throw usageError('--v2g-root and --mo-root need --plug-and-charge')
  return {
    plugAndCharge,
    roots: {
      ...(v2gRoot === undefined ? {} : { v2g: readOption(v2gRoot, '--v2g-root').toString() }),
      ...(moRoot === undefined ? {} : { mo: readOption(moRoot, '--mo-root').toString() }),
      ...(manufacturerRoot === undefined
        ? {}
        : { manufacturer: readOption(manufacturerRoot, '--manufacturer-root').toString() }),
      hashAlgorithm: oneOf(flags.rootHash, '--root-hash', hashAlgorithms),
      maxLength: parseInteger(flags.rootStore, '--root-store', 0, 1000),
      additionalCheck: flags.rootCheck === true,
    },
    rootBehaviour: {
      install: oneOf(flags.onRootInstall, '--on-root-install', faults),
      remove: oneOf(flags.onRootDelete, '--on-root-delete', faults),
      list: oneOf(flags.onRootList, '--on-root-list', faults),
      form: oneOf(flags.rootHashForm, '--root-hash-form', hashForms),
    },
  }
}

/** What --help says of each behaviour. */
export function rootHelp(): string {
  const width = Math.max(...faults.map((name) => name.length))
  const lines = faults.map((name) => `  ${name.padEnd(width)}  ${rootFaults[name]}`)
  return `\nAnswers about root certificates:\n${lines.join('\n')}\n`
}
