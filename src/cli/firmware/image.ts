import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { readFileBounded } from '../../config/read.ts'
import { parseCertificate, splitPem } from '../../pki/certificate.ts'
import {
  createImageCheck,
  type ImageCheck,
  type ImageFacts,
  readSignature,
} from '../../pki/firmware-signature.ts'
import { createFetch } from '../../pki/revocation/fetch.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { isFetchable } from '../../policy/firmware.ts'
import { usageError } from '../store-command.ts'

/** The files of `firmware add`. Every function throws a usage error for what it cannot read. */

/** What `maxImageBytes` may be at most. */
const maxImageBytes = 4096 * 1024 * 1024 - 1
const fetchTimeoutMs = 3_600_000
const maxRedirects = 3
const maxSmallBytes = 65_536

/** Base64 of a signature that stands in a file as base64, as PEM-like text, or in binary. */
export function signatureOfFile(file: string): string {
  const content = readSmall(file, '--signature')
  const text = content
    .toString('latin1')
    .replace(/-----[^-]*-----/g, '')
    .trim()
  const read = /^[A-Za-z0-9+/=\s]+$/.test(text) ? readSignature(text) : null
  return (read ?? content).toString('base64')
}

/** PEM of the certificates in a file: one in DER, or several in PEM with the signing one first. */
export function certificatesOfFile(file: string): string {
  const content = readSmall(file, '--certificate')
  const text = content.toString('latin1')
  // A key must not leave this machine, not even towards the proxy.
  if (text.includes('PRIVATE KEY-----')) throw usageError(`--certificate ${file} holds a private key`)
  const blocks = splitPem(text)
  try {
    const certificates = blocks.length === 0 ? [content] : blocks
    return certificates.map((one) => parseCertificate(one).toString()).join('')
  } catch {
    throw usageError(`--certificate ${file} holds no certificate`)
  }
}

export function readSmall(file: string, option: string): Buffer {
  try {
    return readFileBounded(file, maxSmallBytes)
  } catch (error) {
    throw usageError(`${option} ${file}: ${messageOf(error)}`)
  }
}

/** Reads the image piece by piece, from a file or a URL, and verifies the signature over it. */
export async function factsOfImage(
  source: { readonly image?: string; readonly fetch?: string },
  certificates: string,
  signature: string,
): Promise<ImageFacts> {
  const { image, fetch } = source
  if ((image === undefined) === (fetch === undefined)) throw usageError('say either --image or --fetch')
  const leaf = parseCertificate(splitPem(certificates)[0] ?? '')
  const check = createImageCheck(leaf, Buffer.from(signature, 'base64'))
  if (image !== undefined) await readImage(image, check)
  else await fetchImage(fetch ?? '', check)
  const facts = check.end()
  if (facts.size === 0) throw usageError('the image is empty')
  return facts
}

async function readImage(file: string, check: ImageCheck): Promise<void> {
  try {
    const { size } = await stat(file).then((facts) => (facts.isFile() ? facts : { size: -1 }))
    if (size < 0) throw new Error('is not a regular file')
    if (size > maxImageBytes) throw new Error(`is larger than ${maxImageBytes} bytes`)
    for await (const chunk of createReadStream(file)) check.update(chunk as Buffer)
  } catch (error) {
    throw usageError(`--image ${file}: ${messageOf(error)}`)
  }
}

/** The operator has named the address himself: it may be anywhere. */
async function fetchImage(url: string, check: ImageCheck): Promise<void> {
  if (!isFetchable(url)) throw usageError('--fetch takes http and https; fetch it yourself, and give --image')
  const fetch = createFetch({
    allowsHost: () => true,
    allowsAddress: () => true,
    timeoutMs: fetchTimeoutMs,
    maxBytes: maxImageBytes,
    maxRedirects,
  })
  const fetched = await fetch({ method: 'GET', url, sink: (chunk) => check.update(chunk) })
  if (!fetched.ok) {
    throw new ProxyError('image_unreachable', 'operator', `the image: ${fetched.detail} (${fetched.code})`)
  }
}
