import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { certificateFacts, parseCertificate, splitPem } from '../pki/certificate.ts'
import { describeCertificate } from '../pki/describe.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { CertificateFacts } from '../policy/facts.ts'
import { fields, table, time } from './output.ts'
import { bulkCommand } from './pki/bulk.ts'
import { inspectCommand } from './pki/inspect.ts'
import { issueCommands } from './pki/issue.ts'
import { pkcs12Command } from './pki/pkcs12.ts'
import { processShell, type Shell } from './shell.ts'
import { guarded, plainCommand, usageError } from './store-command.ts'

const exitCodes = 'Exit codes: 0 fine, 1 found wrong, 2 used wrong'

/** `pki`: for people who make certificates, and who want to know what is wrong with one. */
export function pkiCommand(shell: Shell = processShell()): Command {
  const group = plainCommand('pki', shell).description(
    'authorities, certificates and PKCS #12: made, read and judged',
  )
  const commands = [
    initCommand(shell),
    ...issueCommands(shell),
    bulkCommand(shell),
    pkcs12Command(shell),
    showCommand(shell),
    inspectCommand(shell),
  ]
  for (const command of commands) group.addCommand(command)
  return group
}

interface InitOptions {
  readonly dir: string
  readonly names: string
  readonly cpo: string
  readonly force?: true
  readonly json?: true
}

function initCommand(shell: Shell): Command {
  return plainCommand('init', shell)
    .description('make or complete the development PKI; what is valid is kept')
    .option('--dir <folder>', 'where to', 'certs')
    .option(
      '--names <names>',
      'names and addresses of this proxy; the first is the CN',
      'localhost,127.0.0.1',
    )
    .option('--cpo <name>', 'organization of the CPO', 'Example CPO')
    .option('--force', 'make everything anew')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      `\nExample:\n  ocpp-security-proxy pki init --names ocpp.example.com\n\n${exitCodes}`,
    )
    .action((options: InitOptions) => guarded(shell, () => init(shell, options)))
}

async function init(shell: Shell, options: InitOptions): Promise<void> {
  const names = options.names.split(',').map((name) => name.trim())
  if (names.includes('')) throw usageError('--names holds an empty name')
  // Issuing brings its library along, which takes a third of a second: no other command should wait for it.
  const { initDevelopmentPki } = await import('../pki/development.ts')
  const request = { directory: options.dir, names, organization: options.cpo, now: shell.now() }
  const files = await naming(options.dir, () =>
    initDevelopmentPki({ ...request, force: options.force === true }),
  )
  if (options.json) return shell.out(`${JSON.stringify(files, null, 2)}\n`)
  const rows = files.map((one) => [one.action, one.file, one.subject, time(one.notAfter)])
  await shell.out(table(['', 'file', 'subject', 'until'], rows))
}

function showCommand(shell: Shell): Command {
  return plainCommand('show', shell)
    .description('print what the certificates of a PEM or DER file say')
    .argument('<file>')
    .option('--json', 'write JSON')
    .addHelpText('after', `\nExample:\n  ocpp-security-proxy pki show certs/server-rsa.pem\n\n${exitCodes}`)
    .action((file: string, options: { readonly json?: true }) =>
      guarded(shell, () => show(shell, file, options)),
    )
}

async function show(shell: Shell, file: string, options: { readonly json?: true }): Promise<void> {
  const all = await naming(file, async () => factsOfFile(await readFile(file)))
  if (options.json) return shell.out(`${JSON.stringify(all, null, 2)}\n`)
  await shell.out(all.map((facts) => fields(describeCertificate(facts))).join('\n'))
}

/** A file without a PEM frame is taken for DER. */
function factsOfFile(content: Buffer): CertificateFacts[] {
  const blocks = splitPem(content.toString('latin1'))
  if (blocks.length === 0) return [certificateFacts(parseCertificate(content))]
  return blocks.map((block) => certificateFacts(parseCertificate(block)))
}

/** Errors of the file system and of certificates with the path they are about. */
async function naming<Result>(path: string, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body()
  } catch (cause) {
    throw new ProxyError('pki_file', 'operator', `${path}: ${messageOf(cause)}`, { cause })
  }
}
