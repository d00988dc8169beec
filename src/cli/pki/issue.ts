import type { KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Command } from 'commander'
import { isHostName } from '../../config/values.ts'
import { withoutRoots } from '../../pki/authority/authority.ts'
import type { Issuer } from '../../pki/authority/issuer.ts'
import { certificateFacts } from '../../pki/certificate.ts'
import type { IssueRequest } from '../../pki/issue.ts'
import { generateKey, keySpecOf, privateKeyPem } from '../../pki/keys.ts'
import type { CertificateProfile } from '../../pki/profiles.ts'
import { commonNameProblem } from '../../policy/common-name.ts'
import { ProxyError } from '../../policy/error.ts'
import { table, time } from '../output.ts'
import type { Shell } from '../shell.ts'
import { guarded, usageError } from '../store-command.ts'
import { requestedKey } from './csr.ts'
import { type OutputFile, publicMode, readPassphrase, requireFree, secretMode, writeFiles } from './files.ts'
import {
  datesUnder,
  type IssueOptions,
  type IssuerOptions,
  keyTypeOf,
  lifetimeOf,
  nameOf,
  organizationOf,
  pkiSubcommand,
  readIssuer,
  withIssueOptions,
  withIssuer,
} from './options.ts'

/** `pki root | intermediate | server | charge-point`: one certificate, with its key or for a request. */

interface AuthorityOptions extends IssueOptions {
  readonly name: string
}

interface ServerOptions extends IssueOptions, IssuerOptions {
  readonly names: string
  readonly csr?: string
}

interface ChargePointOptions extends IssueOptions, IssuerOptions {
  readonly serialNumber: string
  readonly csr?: string
}

export function issueCommands(shell: Shell): readonly Command[] {
  return [rootCommand(shell), intermediateCommand(shell), serverCommand(shell), chargePointCommand(shell)]
}

const authority = { ca: {}, keyUsage: ['keyCertSign', 'cRLSign'] } as const

function rootCommand(shell: Shell): Command {
  const examples = [
    'pki root --name "Example CPO root" --organization "Example CPO" --out ca/root',
    'pki root --name "Example CPO root RSA" --organization "Example CPO" --key rsa-4096 --passphrase-file ca/root.passphrase --out ca/root-rsa',
  ]
  return withIssueOptions(pkiSubcommand('root', shell, examples), '3650d')
    .description('make a root: a self-signed authority (A00.FR.601)')
    .requiredOption('--name <name>', 'its commonName')
    .requiredOption('--organization <name>', 'its organizationName (A00.FR.509)')
    .action((options: AuthorityOptions) =>
      guarded(shell, () => {
        const organization = nameOf(options.organization ?? '', '--organization')
        return issue(shell, options, null, () => ({
          ...authority,
          subject: [
            ['O', organization],
            ['CN', nameOf(options.name, '--name')],
          ],
        }))
      }),
    )
}

function intermediateCommand(shell: Shell): Command {
  const examples = [
    'pki intermediate --issuer ca/root.pem --name "Example CPO charge points" --out ca/charge-points',
  ]
  return withIssuer(withIssueOptions(pkiSubcommand('intermediate', shell, examples), '1825d'))
    .description('make an authority below another one, for end entities only')
    .requiredOption('--name <name>', 'its commonName')
    .option('--organization <name>', 'its organizationName; default: that of the issuer')
    .action((options: AuthorityOptions & IssuerOptions) =>
      guarded(shell, async () => {
        const issuer = await readIssuer(options)
        if (certificateFacts(issuer.certificate).pathLength === 0)
          throw new ProxyError('issuer_unfit', 'operator', 'this issuer allows no authority below it')
        return issue(shell, options, issuer, () => ({
          ...authority,
          ca: { pathLength: 0 },
          subject: [
            ['O', organizationOf(options, issuer)],
            ['CN', nameOf(options.name, '--name')],
          ],
        }))
      }),
    )
}

function serverCommand(shell: Shell): Command {
  const examples = [
    'pki server --issuer ca/root.pem --names ocpp.example.com --out certs/server-ecdsa',
    'pki server --issuer ca/root.pem --names ocpp.example.com,10.8.0.1 --key rsa-2048 --lifetime 90d --out certs/server-rsa',
    'pki server --issuer ca/root.pem --names ocpp.example.com --csr server.csr --out certs/server',
  ]
  return withIssuer(withIssueOptions(pkiSubcommand('server', shell, examples), '90d'))
    .description("make a central system's certificate; the first name is the CN (A00.FR.510)")
    .requiredOption('--names <names>', 'host names and addresses, by commas')
    .option('--organization <name>', 'its organizationName; default: that of the issuer')
    .option('--csr <file>', 'for the key of this request (PKCS #10 in PEM), instead of a new one')
    .action((options: ServerOptions) =>
      guarded(shell, async () => {
        const { serverProfile } = await import('../../pki/profiles.ts')
        const names = namesOf(options.names)
        const issuer = await readIssuer(options)
        const organization = organizationOf(options, issuer)
        const key = options.csr === undefined ? undefined : requestedKey(options.csr, null)
        await issue(shell, options, issuer, (own) => serverProfile(names, organization, own), key)
      }),
    )
}

/** Throws ProxyError `usage`. */
function namesOf(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => isIP(name) === 0 && !isHostName(name))
  if (wrong !== undefined)
    throw usageError(`--names: ${JSON.stringify(wrong)} is no host name and no address`)
  if ((names[0] ?? '').length > 64)
    throw usageError('--names: the first is the CN, which holds 64 characters; put a shorter one first')
  return names
}

function chargePointCommand(shell: Shell): Command {
  const examples = [
    'pki charge-point --issuer ca/charge-points.pem --serial-number SN-0001 --out out/SN-0001',
    'pki charge-point --issuer ca/charge-points.pem --serial-number SN-0001 --csr SN-0001.csr --out out/SN-0001',
  ]
  return withIssuer(withIssueOptions(pkiSubcommand('charge-point', shell, examples), '730d'))
    .description("make a charge point's certificate; its serial number is the CN (A00.FR.405)")
    .requiredOption('--serial-number <text>', 'its serial number')
    .option('--organization <name>', 'O: the CPO, or the manufacturer; default: that of the issuer')
    .option('--csr <file>', 'for the key of this request (PKCS #10 in PEM), instead of a new one')
    .action((options: ChargePointOptions) =>
      guarded(shell, async () => {
        const { chargePointProfile } = await import('../../pki/profiles.ts')
        const { serialNumber } = options
        const problem = commonNameProblem(serialNumber)
        if (problem !== null) throw usageError(`--serial-number ${problem} (A00.FR.511)`)
        const issuer = await readIssuer(options)
        const organization = organizationOf(options, issuer)
        const expected = { cpoNames: [organization], serialNumber }
        const key = options.csr === undefined ? undefined : requestedKey(options.csr, expected)
        await issue(shell, options, issuer, () => chargePointProfile(serialNumber, organization), key)
      }),
    )
}

type Profile = CertificateProfile & Pick<IssueRequest, 'ca'>

/** Makes the key, unless `requested` is one; signs; writes; tells. `issuer` null: self-signed. */
async function issue(
  shell: Shell,
  options: IssueOptions,
  issuer: Issuer | null,
  profileOf: (key: KeyObject) => Profile,
  requested?: KeyObject,
): Promise<void> {
  const [pem, keyFile] = [`${options.out}.pem`, `${options.out}.key`]
  requireFree(requested === undefined ? [pem, keyFile] : [pem], options.force === true)
  const spec = keySpecOf(keyTypeOf(options.key))
  const dates = datesUnder(issuer, shell.now(), lifetimeOf(options.lifetime))
  const passphrase = readPassphrase(options.passphraseFile)
  // Issuing brings its library along, which takes a third of a second: no other command should wait for it.
  const { issueCertificate } = await import('../../pki/issue.ts')
  const own = requested === undefined ? await generateKey(spec) : null
  const publicKey = own?.publicKey ?? requested
  const signingKey = issuer?.privateKey ?? own?.privateKey
  if (publicKey === undefined || signingKey === undefined) throw new TypeError('a root has a key of its own')
  const certificate = await issueCertificate({
    publicKey,
    issuer: { certificate: issuer?.certificate ?? null, key: signingKey },
    ...dates,
    ...(options.pss ? { rsaPadding: 'pss' as const } : {}),
    ...profileOf(publicKey),
  })
  const above = issuer === null ? [] : withoutRoots([issuer.certificate, ...issuer.chain])
  const files: OutputFile[] = [{ path: pem, content: [certificate, ...above].join(''), mode: publicMode }]
  if (own !== null)
    files.unshift({ path: keyFile, content: privateKeyPem(own.privateKey, passphrase), mode: secretMode })
  await writeFiles(files, options.force === true)
  await tell(shell, options, certificate, pem, own === null ? null : keyFile)
}

async function tell(
  shell: Shell,
  { json }: IssueOptions,
  certificate: X509Certificate,
  pem: string,
  key: string | null,
): Promise<void> {
  const { subject, serialNumber, fingerprint, notAfter } = certificateFacts(certificate)
  if (json) {
    const view = { certificate: pem, key, subject, serialNumber, fingerprint, notAfter: new Date(notAfter) }
    return shell.out(`${JSON.stringify(view, null, 2)}\n`)
  }
  const rows = [...(key === null ? [] : [[key, 'private key', '']]), [pem, subject, time(notAfter)]]
  await shell.out(table(['file', '', 'until'], rows))
}
