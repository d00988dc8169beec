import { constants, type KeyObject, verify } from 'node:crypto'
import { isStrongSignature } from '../policy/key-strength.ts'
import { bitsOf } from './certificate-fields.ts'
import {
  childrenOf,
  type DerElement,
  derTag,
  encodingOf,
  expectTag,
  readElement,
  readOid,
  readPositiveInteger,
  unreadable,
} from './der.ts'
import { hashes, rsaPssSignature, signatures } from './oids.ts'

/**
 * What certificates, CRLs and OCSP answers have in common: a body, the algorithm and the signature
 * (RFC 5280 4.1.1).
 */
export interface SignedData {
  readonly body: DerElement
  readonly algorithm: DerElement
  readonly signature: Buffer
  /** What follows the signature: the certificates of an OCSP answer. */
  readonly rest: readonly DerElement[]
}

/** Why a signature proves nothing. */
export type SignatureProblem = 'signature_algorithm' | 'signature_weak' | 'signature_invalid'

/** RFC 4055 3.1: what stands when the parameters of RSASSA-PSS leave something out. */
const pssDefaults = { hash: 'sha1', saltLength: 20 } as const
const mgf1 = '1.2.840.113549.1.1.8'

/** Splits signed data that fill `der` to its end. Throws ProxyError `certificate_unreadable`. */
export function readSignedData(der: Buffer, what: string): SignedData {
  const whole = expectTag(readElement(der), derTag.sequence, what)
  if (whole.end !== der.length) throw unreadable(`bytes follow ${what}`)
  const [body, algorithm, signature, ...rest] = childrenOf(whole)
  return {
    body: expectTag(body, derTag.sequence, `the body of ${what}`),
    algorithm: expectTag(algorithm, derTag.sequence, 'the signature algorithm'),
    signature: bitsOf(signature, 'the bits of the signature'),
    rest,
  }
}

interface Algorithm {
  readonly kind: string
  readonly hash: string
  /** RSASSA-PSS only. */
  readonly saltLength: number | null
}

/**
 * null: `key` made this signature, with SHA-256 or better (A00.FR.506). Throws ProxyError
 * `certificate_unreadable` when the algorithm cannot be read, and nothing else.
 */
export function signatureProblem(data: SignedData, key: KeyObject): SignatureProblem | null {
  const algorithm = readAlgorithm(data.algorithm)
  if (algorithm === null || !fits(algorithm.kind, key)) return 'signature_algorithm'
  if (!isStrongSignature({ signatureKind: algorithm.kind, signatureHash: algorithm.hash }))
    return 'signature_weak'
  return verifies(algorithm, data, key) ? null : 'signature_invalid'
}

function verifies({ hash, saltLength }: Algorithm, data: SignedData, key: KeyObject): boolean {
  const padding = saltLength === null ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
  try {
    return verify(hash === 'none' ? null : hash, encodingOf(data.body), { key, ...padding }, data.signature)
  } catch {
    // Keys that OpenSSL cannot use for this prove nothing.
    return false
  }
}

/** The key decides what its signatures can be, not the one who presents them. */
function fits(kind: string, key: KeyObject): boolean {
  const type = key.asymmetricKeyType
  if (kind === 'ecdsa') return type === 'ec'
  if (kind === 'rsa-pss') return type === 'rsa' || type === 'rsa-pss'
  return kind === type
}

function readAlgorithm(algorithm: DerElement): Algorithm | null {
  const [type, parameters] = childrenOf(algorithm)
  const oid = readOid(type, 'the signature algorithm')
  if (oid === rsaPssSignature) return readPss(parameters)
  const known = signatures[oid]
  return known === undefined ? null : { ...known, saltLength: null }
}

/** RFC 4055 3.1. null: a mask that is not MGF1 with the hash of the signature, or another trailer. */
function readPss(parameters: DerElement | undefined): Algorithm | null {
  const fields = parameters?.tag === derTag.sequence ? childrenOf(parameters) : []
  const tagged = (number: number): DerElement | undefined => {
    const field = fields.find(({ tag }) => tag === 0xa0 + number)
    return field === undefined ? undefined : childrenOf(field)[0]
  }
  const [hashField, maskField, saltField] = [tagged(0), tagged(1), tagged(2)]
  const hash = hashField === undefined ? pssDefaults.hash : hashOf(hashField)
  const maskHash = maskField === undefined ? pssDefaults.hash : maskHashOf(maskField)
  // The only trailer there is may be left out, and some write it.
  const trailer = tagged(3)
  if (trailer !== undefined && smallNumber(trailer) !== 1) return null
  if (hash === null || hash !== maskHash) return null
  return {
    kind: 'rsa-pss',
    hash,
    saltLength: saltField === undefined ? pssDefaults.saltLength : smallNumber(saltField),
  }
}

function hashOf(algorithm: DerElement): string | null {
  const [type] = childrenOf(expectTag(algorithm, derTag.sequence, 'a hash algorithm'))
  return hashes[readOid(type, 'a hash algorithm')] ?? null
}

function maskHashOf(algorithm: DerElement): string | null {
  const [type, parameters] = childrenOf(expectTag(algorithm, derTag.sequence, 'the mask generation'))
  if (readOid(type, 'the mask generation') !== mgf1 || parameters === undefined) return null
  return hashOf(parameters)
}

/** Salts are as long as a hash; everything above a byte is made up. */
function smallNumber(element: DerElement): number {
  const number = readPositiveInteger(element, 'a number of the signature algorithm')
  if (number === null) return 0
  if (number.length > 1) throw unreadable('a number of the signature algorithm is too large')
  return number[0] ?? 0
}

/** The hash of an AlgorithmIdentifier by Node's name; null: not known. Throws `certificate_unreadable`. */
export function readHashAlgorithm(algorithm: DerElement | undefined): string | null {
  return hashOf(expectTag(algorithm, derTag.sequence, 'a hash algorithm'))
}
