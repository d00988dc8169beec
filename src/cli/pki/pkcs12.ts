import type { X509Certificate } from 'node:crypto'
import type { Command } from 'commander'
import { certificatesAbove } from '../../pki/above.ts'
import { certificateFacts, parseCertificate, splitPem } from '../../pki/certificate.ts'
import { privateKeyPem } from '../../pki/keys.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { table, time } from '../output.ts'
import type { Shell } from '../shell.ts'
import { guarded, plainCommand } from '../store-command.ts'
import { publicMode, readInput, readPassphrase, secretMode, writeFiles } from './files.ts'
import { pkiSubcommand, readPrivateKey, type WriteOptions } from './options.ts'

interface ImportOptions extends WriteOptions {
  readonly out: string
  readonly passphraseFile: string
  readonly keyPassphraseFile?: string
}

interface ExportOptions extends WriteOptions {
  readonly out: string
  readonly key?: string
  readonly keyPassphraseFile?: string
  readonly passphraseFile: string
  readonly name?: string
  readonly legacy?: true
}

/** `pki pkcs12 import | export`: PKCS #12 into PEM and back. */
export function pkcs12Command(shell: Shell): Command {
  return plainCommand('pkcs12', shell)
    .description('PKCS #12 (.p12, .pfx) into PEM files, and PEM files into PKCS #12')
    .addCommand(importCommand(shell))
    .addCommand(exportCommand(shell))
}

function importCommand(shell: Shell): Command {
  const examples = ['pki pkcs12 import server.p12 --passphrase-file server.passphrase --out certs/server']
  return pkiSubcommand('import', shell, examples)
    .description('take key and certificates out; old RC2 and 3DES files too, which OpenSSL 3 refuses')
    .argument('<file.p12>')
    .requiredOption('--passphrase-file <file>', 'file with its passphrase')
    .requiredOption('--out <name>', 'where to: <name>.pem (certificate, then those above it) and <name>.key')
    .option('--key-passphrase-file <file>', 'encrypt the key file with the passphrase in this file')
    .action((file: string, options: ImportOptions) =>
      guarded(shell, async () => {
        const { readPkcs12 } = await import('../../pki/pkcs12.ts')
        const bundle = readInput(file)
        const passphrase = readPassphrase(options.passphraseFile) ?? ''
        const { certificate, chain, privateKey } = named(file, () => readPkcs12(bundle, passphrase))
        const above = certificatesAbove(certificate, chain)
        const keyPem = privateKeyPem(privateKey, readPassphrase(options.keyPassphraseFile))
        const [pem, key] = [`${options.out}.pem`, `${options.out}.key`]
        await writeFiles(
          [
            { path: key, content: keyPem, mode: secretMode },
            { path: pem, content: [certificate, ...above].join(''), mode: publicMode },
          ],
          options.force === true,
        )
        await tell(shell, options, [certificate, ...above], [key, pem])
      }),
    )
}

function exportCommand(shell: Shell): Command {
  const examples = [
    'pki pkcs12 export certs/cp.pem --passphrase-file cp.passphrase --out cp.p12',
    'pki pkcs12 export certs/cp.pem --key keys/cp.key --passphrase-file cp.passphrase --legacy --out cp.p12',
  ]
  return pkiSubcommand('export', shell, examples)
    .description('put a key with its certificates into one encrypted file')
    .argument('<file.pem>', 'the certificate, then those above it')
    .requiredOption('--passphrase-file <file>', 'file with the passphrase for it, in ASCII')
    .requiredOption('--out <file.p12>', 'where to')
    .option('--key <file>', 'its private key; default: the file beside it that ends with .key')
    .option('--key-passphrase-file <file>', 'file with the passphrase of that key')
    .option('--name <text>', 'friendly name, which key stores show')
    .option('--legacy', '3DES and SHA-1, for devices and tools that know nothing newer')
    .action((file: string, options: ExportOptions) =>
      guarded(shell, async () => {
        const { writePkcs12 } = await import('../../pki/pkcs12-write.ts')
        const all = readCertificates(file)
        const keyFile = options.key ?? file.replace(/\.[^./\\]*$/, '.key')
        const privateKey = readPrivateKey(keyFile, options.keyPassphraseFile)
        const certificate = all.find((one) => one.checkPrivateKey(privateKey))
        if (certificate === undefined)
          throw new ProxyError('pki_key', 'operator', `${keyFile} is the key of no certificate in ${file}`)
        const chain = all.filter((one) => one !== certificate)
        const passphrase = readPassphrase(options.passphraseFile) ?? ''
        const { name } = options
        const content = writePkcs12({ certificate, privateKey, chain }, passphrase, {
          legacy: options.legacy === true,
          ...(name === undefined ? {} : { name }),
        })
        await writeFiles([{ path: options.out, content, mode: secretMode }], options.force === true)
        await tell(shell, options, [certificate, ...chain], [options.out])
      }),
    )
}

function readCertificates(file: string): readonly X509Certificate[] {
  const blocks = splitPem(readInput(file).toString('latin1'))
  if (blocks.length === 0) throw new ProxyError('pki_file', 'operator', `${file} holds no certificate in PEM`)
  return named(file, () => blocks.map((block) => parseCertificate(block)))
}

function named<Result>(file: string, read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    throw new ProxyError('pki_file', 'operator', `${file}: ${messageOf(cause)}`, { cause })
  }
}

async function tell(
  shell: Shell,
  { json }: WriteOptions,
  certificates: readonly X509Certificate[],
  files: readonly string[],
): Promise<void> {
  const read = certificates.map((one) => certificateFacts(one))
  if (json) {
    const items = read.map(({ subject, serialNumber, fingerprint, notAfter }) => {
      return { subject, serialNumber, fingerprint, notAfter: new Date(notAfter) }
    })
    return shell.out(`${JSON.stringify({ files, certificates: items }, null, 2)}\n`)
  }
  await shell.out(`${files.map((file) => `wrote ${file}\n`).join('')}`)
  await shell.out(
    table(
      ['certificate', 'until'],
      read.map(({ subject, notAfter }) => [subject, time(notAfter)]),
    ),
  )
}
