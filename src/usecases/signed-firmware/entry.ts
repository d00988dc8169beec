import type { X509Certificate } from 'node:crypto'
import { certificateFacts } from '../../pki/certificate.ts'
import { readSignature } from '../../pki/firmware-signature.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import type { CertificateFacts } from '../../policy/facts.ts'
import { isFirmwareName, locationProblem, maxCertificatesText, maxSignature } from '../../policy/firmware.ts'
import type { FirmwareEntry } from '../../store/store.ts'
import { readSigningChain } from './certificate.ts'

/** What an operator says of an image. */
export interface EntryRequest {
  readonly name: string
  readonly location: string
  /** Bytes. */
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
  /** Base64. */
  readonly signature: string
  /** PEM: the signing certificate first. */
  readonly certificates: string
  /** Whoever asks has verified the signature over the image. */
  readonly verified: boolean
}

/**
 * The entry that is meant. Throws ProxyError `field_invalid`. Whether the certificate is trusted is asked
 * when it is used, because that may change.
 */
export function entryOf(request: EntryRequest, now: number): FirmwareEntry {
  const { name, location, size, certificates, verified } = request
  if (!isFirmwareName(name)) throw invalid('the name must be letters, digits, . _ and -, at most 64')
  const problem = locationProblem(location)
  if (problem !== null) throw invalid(`the location: ${problem}`)
  const sha256 = request.sha256.toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw invalid('sha256 must be 64 hexadecimal digits')
  if (!Number.isSafeInteger(size) || size < 1) throw invalid('the image is empty')
  const signature = readSignature(request.signature)?.toString('base64')
  if (signature === undefined) throw invalid('the signature is no base64')
  if (signature.length > maxSignature) throw invalid(`the signature has more than ${maxSignature} characters`)
  return {
    ...{ name, location, size, sha256, signature },
    ...chainOf(certificates),
    addedAt: now,
    verifiedAt: verified ? now : null,
    problem: null,
  }
}

/** The blocks alone, without what stood around them. */
function chainOf(certificates: string): Pick<FirmwareEntry, 'chain' | 'signer' | 'signerNotAfter'> {
  if (certificates.length > maxCertificatesText) throw invalid('the certificates are too large')
  // Whoever gives a key by mistake must hear of it: it would go to every charge point.
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(certificates)) throw invalid('a private key was given')
  const chain = readSigningChain(certificates)
  if ('code' in chain) throw invalid(`the certificates: ${chain.detail}`)
  const [leaf] = chain as readonly [X509Certificate, ...X509Certificate[]]
  const { subject, notAfter } = factsOf(leaf)
  return {
    chain: chain.map((certificate) => certificate.toString()).join(''),
    signer: subject,
    signerNotAfter: notAfter,
  }
}

function factsOf(leaf: X509Certificate): CertificateFacts {
  try {
    return certificateFacts(leaf)
  } catch (error) {
    throw invalid(`the signing certificate: ${messageOf(error)}`)
  }
}

function invalid(message: string): ProxyError {
  return new ProxyError('field_invalid', 'operator', message)
}
