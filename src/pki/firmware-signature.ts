import { constants, createHash, createVerify, type X509Certificate } from 'node:crypto'
import type { FirmwareProblem } from '../policy/firmware-certificate.ts'

/** Reads an image piece by piece: its size, its hash, and whether the signature is over it. */
export interface ImageCheck {
  update(chunk: Uint8Array): void
  /** Once, at the end. */
  end(): ImageFacts
}

export interface ImageFacts {
  readonly size: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly isSigned: boolean
}

/** Keys that make signatures of L01.FR.04; ECDSA is what the field knows as its elliptic one. */
const keyTypes: ReadonlySet<string> = new Set(['rsa', 'rsa-pss', 'ec'])

/** null: the key of the certificate can sign firmware. */
export function signatureAlgorithmProblem({ publicKey }: X509Certificate): FirmwareProblem | null {
  const type = publicKey.asymmetricKeyType ?? 'unknown'
  if (keyTypes.has(type)) return null
  return { code: 'signature_algorithm', detail: `a key of type ${type} signs neither RSA-PSS nor ECDSA` }
}

/**
 * L01.FR.04: RSA-PSS or ECDSA with SHA-256 over the whole file. `signature` in binary; of ECDSA as DER,
 * as OpenSSL writes it, or as the two bare numbers (IEEE P1363).
 */
export function createImageCheck(certificate: X509Certificate, signature: Buffer): ImageCheck {
  const { publicKey } = certificate
  const isEc = publicKey.asymmetricKeyType === 'ec'
  const digest = createHash('sha256')
  const verify = createVerify('sha256')
  let size = 0
  const isSigned = (): boolean => {
    if (signatureAlgorithmProblem(certificate) !== null) return false
    try {
      return isEc
        ? verify.verify({ key: publicKey, dsaEncoding: encodingOf(signature) }, signature)
        : verify.verify(
            {
              key: publicKey,
              padding: constants.RSA_PKCS1_PSS_PADDING,
              saltLength: constants.RSA_PSS_SALTLEN_AUTO,
            },
            signature,
          )
    } catch {
      // What OpenSSL cannot read is no signature.
      return false
    }
  }
  return {
    update(chunk) {
      size += chunk.length
      digest.update(chunk)
      verify.update(chunk)
    },
    end: () => ({ size, sha256: digest.digest('hex'), isSigned: isSigned() }),
  }
}

/** A SEQUENCE of two INTEGERs that fill it is DER: two bare numbers look like that less than once in 2^40. */
function encodingOf(signature: Buffer): 'der' | 'ieee-p1363' {
  const isLong = signature[1] === 0x81
  const start = isLong ? 3 : 2
  const length = signature[isLong ? 2 : 1] ?? -1
  if (signature[0] !== 0x30 || start + length !== signature.length) return 'ieee-p1363'
  const second = endOfInteger(signature, start)
  return endOfInteger(signature, second) === signature.length ? 'der' : 'ieee-p1363'
}

/** Behind the INTEGER that begins at `at`; NaN: there is none. */
function endOfInteger(bytes: Buffer, at: number): number {
  const length = bytes[at + 1] ?? 0
  return bytes[at] === 0x02 && length > 0 && length < 0x80 ? at + 2 + length : Number.NaN
}

/** Base64 of firmware.signature, in binary; null: it is none. */
export function readSignature(text: string): Buffer | null {
  const bare = text.replace(/\s+/g, '')
  if (bare === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(bare)) return null
  const bytes = Buffer.from(bare, 'base64')
  return bytes.toString('base64').replace(/=+$/, '') === bare.replace(/=+$/, '') ? bytes : null
}
