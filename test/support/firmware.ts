import { constants, createHash, randomBytes, sign } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { FirmwareEntry } from '../../src/store/store.ts'
import { type Authority, type Issued, makeAuthority } from './authority.ts'
import { startFileServer } from './file-server.ts'

export const codeSigning = '1.3.6.1.5.5.7.3.3'

/** A manufacturer who signs firmware, and a file server that has it. */
export interface Maker {
  readonly root: Authority
  readonly signer: Issued
  readonly image: Buffer
  /** What the server gives for the image from now on; null: 404. */
  serve(image: Buffer | null): void
  /** Requests get no answer from now on. */
  hold(): void
  /** Requests that the server has seen. */
  readonly requests: () => number
  /** Of the image as it was signed. */
  readonly url: string
  entry(more?: Partial<FirmwareEntry>): FirmwareEntry
}

/** Over the whole file: RSA-PSS or ECDSA with SHA-256 (L01.FR.04). Base64. */
export function signatureOf(image: Buffer, { credentials }: Issued): string {
  const key = credentials.privateKey
  const isRsa = key.asymmetricKeyType === 'rsa'
  return sign(
    'sha256',
    image,
    isRsa ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : key,
  ).toString('base64')
}

export async function makeMaker(
  t: Pick<TestContext, 'after'>,
  kind: 'rsa' | 'ecdsa' = 'ecdsa',
): Promise<Maker> {
  const root = await makeAuthority({ name: 'Maker root', o: 'Maker' })
  const signer = await root.chargePoint({ cn: 'Firmware signing', o: 'Maker', key: kind, eku: [codeSigning] })
  const image = randomBytes(100_000)
  let served: Buffer | null = image
  let isHeld = false
  const { url, seen } = await startFileServer(t, (_request, response) => {
    if (isHeld) return
    if (served === null) response.writeHead(404).end()
    else response.end(served)
  })
  return {
    root,
    signer,
    image,
    url: `${url}/firmware/v2.bin`,
    requests: () => seen.length,
    hold() {
      isHeld = true
    },
    serve(next) {
      served = next
    },
    entry: (more = {}) => ({
      name: 'v2',
      location: `${url}/firmware/v2.bin`,
      size: image.length,
      sha256: createHash('sha256').update(image).digest('hex'),
      signature: signatureOf(image, signer),
      chain: signer.chain,
      signer: 'Firmware signing',
      signerNotAfter: Date.parse(signer.x509.validTo),
      addedAt: 1,
      verifiedAt: null,
      problem: null,
      ...more,
    }),
  }
}

/** The section `firmware` of a proxy that trusts the maker; the file goes with `files` of the proxy. */
export const makerSection = {
  trust: ['maker-root.pem'],
  networks: ['127.0.0.0/8'],
} as const
