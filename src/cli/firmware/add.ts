import type { Command } from 'commander'
import { type FirmwareAnswer, firmwareView } from '../../admin/firmware-view.ts'
import { ProxyError } from '../../policy/error.ts'
import { type EntryRequest, entryOf } from '../../usecases/signed-firmware/entry.ts'
import { printable } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { guarded, noteChange, usageError } from '../store-command.ts'
import { certificatesOfFile, factsOfImage, signatureOfFile } from './image.ts'
import { whyNotSigned } from './not-signed.ts'
import { pathOf } from './view.ts'

interface AddOptions extends ChangeOptions {
  readonly image?: string
  readonly fetch?: string
  readonly signature: string
  readonly certificate: string
  readonly location?: string
  readonly unverified?: true
}

/** `firmware add`: an image for the catalogue, its signature verified here. */
export function addCommand(shell: Shell): Command {
  const files = '--signature v2.sig --certificate signing.pem'
  const examples = [
    `firmware add v2 --image v2.bin ${files} --location https://files.example.com/v2.bin`,
    `firmware add v2 --fetch https://files.example.com/v2.bin ${files}`,
    `firmware add v2 --image v2.bin ${files} --location 'https://files.example.com/*/v2.bin'`,
  ]
  return changeCommand('add', shell, examples)
    .description('add an image to the catalogue; the signature over it is verified first (L01.FR.04)')
    .argument('<name>', 'letters, digits, . _ and -')
    .option('--image <file>', 'the image; read here, and sent nowhere')
    .option('--fetch <url>', 'the same from an http or https server')
    .requiredOption(
      '--signature <file>',
      'over the whole image, RSA-PSS or ECDSA with SHA-256; base64 or binary',
    )
    .requiredOption('--certificate <file>', 'PEM: the signing certificate first, then those above it')
    .option(
      '--location <url>',
      'where charge points get it, * for any characters but a slash; the URL of --fetch unless given',
    )
    .option(
      '--unverified',
      'add it although the signature does not fit (test tools; see firmware.verifyImage)',
    )
    .action((name: string, options: AddOptions) => guarded(shell, () => add(shell, name, options)))
}

async function add(shell: Shell, name: string, options: AddOptions): Promise<void> {
  const request = await requestOf(name, options)
  // What is wrong with it is said before anybody is asked.
  const entry = entryOf(request, shell.now())
  await withProxyOrStore(shell, options, 'create', {
    proxy: async (api) => {
      const { name: _name, ...body } = request
      await tell(shell, options, (await api.call('PUT', pathOf(name), body)) as FirmwareAnswer)
    },
    store: async (opened) => {
      await opened.store.firmware.put(entry)
      await noteChange(opened, shell, null, `firmware add ${name}`)
      await tell(shell, options, firmwareView(entry))
    },
  })
}

async function requestOf(name: string, options: AddOptions): Promise<EntryRequest> {
  const location = options.location ?? options.fetch
  if (location === undefined) throw usageError('--image needs --location: where charge points get it')
  const [signature, certificates] = [
    signatureOfFile(options.signature),
    certificatesOfFile(options.certificate),
  ]
  const { isSigned, size, sha256 } = await factsOfImage(options, certificates, signature)
  if (!isSigned && options.unverified === undefined) {
    const message = 'the signature is not over this image, or not by the key of the certificate'
    const why = whyNotSigned(options.signature, certificates, { signature, sha256 })
    throw new ProxyError('signature_invalid', 'operator', `${message} (${why})`)
  }
  return { name, location, size, sha256, signature, certificates, verified: isSigned }
}

async function tell(shell: Shell, { json }: ChangeOptions, answer: FirmwareAnswer): Promise<void> {
  if (json) return shell.out(`${JSON.stringify(answer, null, 2)}\n`)
  const { name, size, location, verifiedAt, signer } = answer
  const how = verifiedAt === null ? 'its signature is NOT verified' : `signed by ${signer}`
  await shell.out(printable(`added ${name}: ${size} bytes for ${location}, ${how}\n`))
}
