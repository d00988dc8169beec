import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { readFileBounded } from '../../config/read.ts'
import { withoutRoots } from '../../pki/authority/authority.ts'
import type { Issuer } from '../../pki/authority/issuer.ts'
import { certificateFacts } from '../../pki/certificate.ts'
import { generateKey, keySpecOf, privateKeyPem } from '../../pki/keys.ts'
import { splitPem } from '../../pki/pem.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { csvLine } from '../charge-points/csv.ts'
import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'
import { guarded, usageError } from '../store-command.ts'
import { type ListedChargePoint, parseBulkList } from './bulk-list.ts'
import { type OutputFile, publicMode, readPassphrase, requireFree, secretMode, writeFiles } from './files.ts'
import {
  datesUnder,
  type IssuerOptions,
  keyTypeOf,
  lifetimeOf,
  organizationOf,
  pkiSubcommand,
  readIssuer,
  type WriteOptions,
  withIssuer,
} from './options.ts'

interface BulkOptions extends WriteOptions, IssuerOptions {
  readonly outDir: string
  readonly key: string
  readonly lifetime: string
  readonly organization?: string
  readonly format: string
  readonly passphraseFile?: string
  readonly factory?: true
  readonly pss?: true
  readonly continue?: true
}

const maxListBytes = 32 * 1024 * 1024
/** Key pairs are made by the thread pool, which has four threads. */
const workers = 4
const shownProblems = 20

/** `pki bulk`: certificates for a whole list, and what `charge-points import` needs of them. */
export function bulkCommand(shell: Shell): Command {
  const examples = [
    'pki bulk batch-17.csv --issuer factory.pem --factory --out-dir batch-17',
    'pki bulk batch-17.csv --issuer factory.pem --factory --key rsa-2048 --format pkcs12 --passphrase-file batch-17.passphrase --out-dir batch-17',
    'charge-points import batch-17/index.csv',
  ]
  return withIssuer(pkiSubcommand('bulk', shell, examples))
    .description(
      'make certificates for a list: CSV with the columns identity, and where they are there serialNumber (else the identity is it) and key. index.csv in the folder is for charge-points import',
    )
    .argument('<file.csv>', 'the list')
    .requiredOption('--out-dir <folder>', 'where to')
    .option('--key <type>', 'kind of their keys, where the list does not say it', 'p-256')
    .option('--lifetime <duration>', 'how long they are valid, such as 730d', '730d')
    .option('--organization <name>', 'O: the manufacturer, or the CPO; default: that of the issuer')
    .option('--format <format>', 'pem (certificate and key) or pkcs12', 'pem')
    .option('--passphrase-file <file>', 'encrypt the keys with the passphrase in this file')
    .option('--factory', 'they are for onboarding: index.csv says so, with fingerprints (A00.FR.803)')
    .option('--pss', 'an RSA issuer signs with RSASSA-PSS; many charge points refuse that (A00.FR.505)')
    .option('--continue', 'go on with a folder that is half done: what is there is kept')
    .action((file: string, options: BulkOptions) => guarded(shell, () => bulk(shell, file, options)))
}

async function bulk(shell: Shell, file: string, options: BulkOptions): Promise<void> {
  if (options.format !== 'pem' && options.format !== 'pkcs12')
    throw usageError('--format must be pem or pkcs12')
  if (options.force && options.continue) throw usageError('--force and --continue exclude each other')
  const list = readList(file, options)
  const maker = await createMaker(shell, options)
  const index = join(options.outDir, 'index.csv')
  const files = list.flatMap((one) => maker.filesOf(one))
  requireFree(options.continue ? [] : [index, ...files], options.force === true)
  const fingerprints = await makeAll(shell, list, maker)
  const rows = list.map((one, at) => indexRow(one, fingerprints[at] ?? '', options.factory === true))
  const header = indexColumns.slice(0, options.factory ? undefined : 2)
  const content = [header, ...rows].map(csvLine).join('')
  await writeFiles([{ path: index, content, mode: publicMode }], options.force ?? options.continue ?? false)
  if (options.json) {
    const items = list.map((one, at) => ({
      ...one,
      files: maker.filesOf(one),
      fingerprint: fingerprints[at],
    }))
    return shell.out(`${JSON.stringify({ index, items }, null, 2)}\n`)
  }
  await shell.out(`${list.length} certificates in ${printable(options.outDir)}; import ${printable(index)}\n`)
}

/** Of `charge-points import`; the last two for factory certificates only. */
const indexColumns = ['identity', 'serialNumber', 'onboarding', 'factoryCertificate'] as const

function indexRow({ identity, serialNumber }: ListedChargePoint, fingerprint: string, isFactory: boolean) {
  return isFactory ? [identity, serialNumber, 'certificate', fingerprint] : [identity, serialNumber]
}

function readList(file: string, { key }: BulkOptions): readonly ListedChargePoint[] {
  let bytes: Buffer
  try {
    bytes = readFileBounded(file, maxListBytes)
  } catch (error) {
    throw usageError(`the file ${file} ${messageOf(error)}`)
  }
  const { chargePoints, problems } = parseBulkList(bytes.toString('utf8'), keyTypeOf(key))
  if (problems.length === 0) return chargePoints
  const lines = problems.slice(0, shownProblems).map((text) => `\n  ${text}`)
  const more = problems.length > shownProblems ? `\n  and ${problems.length - shownProblems} more` : ''
  throw new ProxyError('bulk_list', 'operator', `${file}: nothing was made${lines.join('')}${more}`)
}

interface Maker {
  filesOf(one: ListedChargePoint): readonly string[]
  /** Makes the files, or keeps those that are there; the fingerprint of the certificate. */
  make(one: ListedChargePoint): Promise<string>
}

async function createMaker(shell: Shell, options: BulkOptions): Promise<Maker> {
  const isBundle = options.format === 'pkcs12'
  const issuer = await readIssuer(options)
  const organization = organizationOf(options, issuer)
  const passphrase = readPassphrase(options.passphraseFile)
  if (isBundle && passphrase === undefined) throw usageError('--format pkcs12 needs --passphrase-file')
  const dates = datesUnder(issuer, shell.now(), lifetimeOf(options.lifetime))
  const { issueCertificate } = await import('../../pki/issue.ts')
  const { chargePointProfile } = await import('../../pki/profiles.ts')
  const { writePkcs12 } = await import('../../pki/pkcs12-write.ts')
  const above = withoutRoots([issuer.certificate, ...issuer.chain])
  const pathOf = ({ fileName }: ListedChargePoint, ending: string) =>
    join(options.outDir, `${fileName}.${ending}`)
  const filesOf = (one: ListedChargePoint) =>
    (isBundle ? ['p12'] : ['key', 'pem']).map((ending) => pathOf(one, ending))

  const issue = async (one: ListedChargePoint): Promise<string> => {
    const keys = await generateKey(keySpecOf(one.keyType))
    const certificate = await issueCertificate({
      publicKey: keys.publicKey,
      issuer: { certificate: issuer.certificate, key: issuer.privateKey },
      ...dates,
      ...(options.pss ? { rsaPadding: 'pss' as const } : {}),
      ...chargePointProfile(one.serialNumber, organization),
    })
    const { privateKey } = keys
    const chain = [certificate, ...above].join('')
    const files: OutputFile[] = isBundle
      ? [
          {
            path: pathOf(one, 'p12'),
            content: writePkcs12({ certificate, privateKey, chain: above }, passphrase ?? '', {
              name: one.serialNumber,
            }),
            mode: secretMode,
          },
        ]
      : [
          { path: pathOf(one, 'key'), content: privateKeyPem(privateKey, passphrase), mode: secretMode },
          { path: pathOf(one, 'pem'), content: chain, mode: publicMode },
        ]
    await writeFiles(files, options.force === true)
    return certificateFacts(certificate).fingerprint
  }

  return {
    filesOf,
    make: async (one) => {
      const there = options.continue ? filesOf(one).filter((path) => existsSync(path)) : []
      if (there.length === 0) return issue(one)
      if (there.length < filesOf(one).length)
        throw new ProxyError(
          'pki_exists',
          'operator',
          `${there[0]} is there without its other half; remove it`,
        )
      return fingerprintOf(one, there.at(-1) ?? '', issuer, passphrase ?? '')
    },
  }
}

/** Of a certificate that an earlier run made; throws ProxyError `pki_file` when it is another one's. */
async function fingerprintOf(
  { serialNumber }: ListedChargePoint,
  path: string,
  issuer: Issuer,
  passphrase: string,
): Promise<string> {
  try {
    const content = readFileBounded(path, 1024 * 1024)
    const { readPkcs12 } = await import('../../pki/pkcs12.ts')
    const certificate = path.endsWith('.p12')
      ? readPkcs12(content, passphrase).certificate
      : new X509Certificate(splitPem(content.toString('latin1'))[0] ?? '')
    const { commonNames, fingerprint } = certificateFacts(certificate)
    if (commonNames[0] === serialNumber && certificate.verify(issuer.certificate.publicKey))
      return fingerprint
  } catch (cause) {
    throw new ProxyError('pki_file', 'operator', `${path}: ${messageOf(cause)}`, { cause })
  }
  throw new ProxyError('pki_file', 'operator', `${path} is not for ${serialNumber}, or by another issuer`)
}

/** A few at a time; the first that fails ends it. Fingerprints in the order of the list. */
async function makeAll(
  shell: Shell,
  list: readonly ListedChargePoint[],
  maker: Maker,
): Promise<readonly string[]> {
  const fingerprints: string[] = new Array(list.length).fill('')
  let next = 0
  let done = 0
  const progress = setInterval(() => {
    if (shell.isTerminal) shell.err(`\r\u001b[K${done} of ${list.length} certificates`)
  }, 1000)
  const work = async (): Promise<void> => {
    for (let at = next++; at < list.length; at = next++) {
      const one = list[at]
      if (one === undefined) return
      fingerprints[at] = await maker.make(one)
      done += 1
    }
  }
  try {
    await Promise.all(Array.from({ length: workers }, work))
  } finally {
    // Whatever failed: nobody takes another one.
    next = list.length
    clearInterval(progress)
    if (shell.isTerminal) shell.err('\r\u001b[K')
  }
  return fingerprints
}
