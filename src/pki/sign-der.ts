import { constants, type KeyObject, sign } from 'node:crypto'
import { ProxyError } from '../policy/error.ts'
import { explicit, integer, nullValue, objectIdentifier, sequence } from './der-write.ts'
import { rsaPssSignature } from './oids.ts'

/** How an RSA key signs (A00.FR.505): PKCS #1 v1.5 unless PSS is asked for; test tools refuse PSS. */
export type RsaPadding = 'pkcs1' | 'pss'

const sha256 = '2.16.840.1.101.3.4.2.1'
const mgf1 = '1.2.840.113549.1.1.8'
const pssSaltBytes = 32

const curveSignatures: Readonly<Record<string, { readonly oid: string; readonly hash: string }>> = {
  prime256v1: { oid: '1.2.840.10045.4.3.2', hash: 'sha256' },
  secp384r1: { oid: '1.2.840.10045.4.3.3', hash: 'sha384' },
  secp521r1: { oid: '1.2.840.10045.4.3.4', hash: 'sha512' },
}

/** A way to sign, with its AlgorithmIdentifier: CRLs name it inside of what is signed, so it is known before. */
export interface DerSigner {
  readonly algorithm: Buffer
  sign(bytes: Buffer): Buffer
}

/**
 * The way in which `key` signs: RSA with SHA-256, ECDSA with the hash that fits the curve (A00.FR.504),
 * Ed25519. Throws ProxyError `issuing_failed` for other keys.
 */
export function signerOf(key: KeyObject, padding: RsaPadding = 'pkcs1'): DerSigner {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return padding === 'pss' ? pssSigner(key) : pkcs1Signer(key)
    case 'rsa-pss':
      return pssSigner(key)
    case 'ec': {
      const curve = curveSignatures[key.asymmetricKeyDetails?.namedCurve ?? '']
      if (curve === undefined) break
      return {
        algorithm: sequence(objectIdentifier(curve.oid)),
        sign: (bytes) => sign(curve.hash, bytes, key),
      }
    }
    case 'ed25519':
      return { algorithm: sequence(objectIdentifier('1.3.101.112')), sign: (bytes) => sign(null, bytes, key) }
    default:
      break
  }
  throw new ProxyError(
    'issuing_failed',
    'operator',
    `keys of this kind do not sign here: ${key.asymmetricKeyType}`,
  )
}

function pkcs1Signer(key: KeyObject): DerSigner {
  return {
    algorithm: sequence(objectIdentifier('1.2.840.113549.1.1.11'), nullValue),
    sign: (bytes) => sign('sha256', bytes, key),
  }
}

/** RFC 4055 3.1: hash, mask and salt are named, none of them is the default of SHA-1 and 20. */
function pssSigner(key: KeyObject): DerSigner {
  const hash = sequence(objectIdentifier(sha256), nullValue)
  const mask = sequence(objectIdentifier(mgf1), hash)
  const parameters = sequence(explicit(0, hash), explicit(1, mask), explicit(2, integer(pssSaltBytes)))
  return {
    algorithm: sequence(objectIdentifier(rsaPssSignature), parameters),
    sign: (bytes) =>
      sign('sha256', bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: pssSaltBytes }),
  }
}
