import { constants, createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import type { CsrFacts, CsrProblem } from '../policy/csr.ts'
import { messageOf } from '../policy/error.ts'
import { alternativeNames } from './alternative-names.ts'
import { readSignature } from './certificate.ts'
import {
  childrenOf,
  contentOf,
  type DerElement,
  derTag,
  encodingOf,
  expectTag,
  readElement,
  readOid,
  unreadable,
} from './der.ts'
import { readExtensions } from './extensions.ts'
import { readName } from './name.ts'
import { readPublicKey } from './public-key.ts'

/** A certificate signing request that could be read. Whether it may be signed, `checkCsr` says. */
export interface Csr {
  readonly facts: CsrFacts
  readonly der: Buffer
  /** Written anew from the DER, so that an authority sees nothing but the request. */
  readonly pem: string
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
}

export type CsrReading =
  | { readonly ok: true; readonly csr: Csr }
  | { readonly ok: false; readonly problem: CsrProblem }

/** The limit of SignCertificate.csr, in characters. */
export const maxCsrCharacters = 5500

/** RFC 7468 section 7; "NEW" is what older tools write. */
const frame =
  /^\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END \1CERTIFICATE REQUEST-----\s*$/

/** PKCS #9, and what Microsoft's tools write in its place. */
const extensionRequests: ReadonlySet<string> = new Set(['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14'])

/**
 * Reads a PKCS #10 in PEM (A00.FR.507): exactly one block, and nothing but white space around it.
 * The signature is verified, nothing is judged. Total: says what is wrong, and never throws.
 */
export function readCsr(text: string, maxCharacters: number = maxCsrCharacters): CsrReading {
  if (text.length > maxCharacters) {
    const detail = `it has ${text.length} characters, more than ${maxCharacters}`
    return { ok: false, problem: { code: 'csr_too_large', detail } }
  }
  try {
    return { ok: true, csr: csrOf(derOf(text)) }
  } catch (error) {
    return { ok: false, problem: { code: 'csr_unreadable', detail: messageOf(error) } }
  }
}

function derOf(text: string): Buffer {
  const [, , body = ''] = frame.exec(text) ?? []
  const base64 = body.replace(/\s+/g, '')
  if (base64 === '') throw unreadable('it is not exactly one PEM block of a certificate request')
  const der = Buffer.from(base64, 'base64')
  // Buffer skips what it does not understand: only what it would write itself was base64.
  if (der.toString('base64') !== base64) throw unreadable('the PEM block is no base64')
  return der
}

function csrOf(der: Buffer): Csr {
  const whole = expectTag(readElement(der), derTag.sequence, 'the request')
  if (whole.end !== der.length) throw unreadable('there are bytes behind the request')
  const [info, algorithm, bits, ...more] = childrenOf(whole)
  const body = expectTag(info, derTag.sequence, 'the body of the request')
  const signature = contentOf(expectTag(bits, derTag.bitString, 'the signature'))
  if (more.length > 0 || signature[0] !== 0) throw unreadable('the request has not the form of a PKCS #10')
  const [version, subject, key, attributes, ...rest] = childrenOf(body)
  if (
    rest.length > 0 ||
    !contentOf(expectTag(version, derTag.integer, 'the version')).equals(Buffer.from([0]))
  )
    throw unreadable('the body of the request has not the form of a PKCS #10')
  const publicKey = encodingOf(expectTag(key, derTag.sequence, 'the public key'))
  const { commonNames, organizationNames, text } = readName(
    expectTag(subject, derTag.sequence, 'the subject'),
  )
  const kind = readSignature(expectTag(algorithm, derTag.sequence, 'the signature algorithm'))
  const extensions = requestedExtensions(attributes)
  const { isCa, keyUsage, extendedKeyUsage } = readExtensions(extensions)
  const facts: CsrFacts = {
    ...{ commonNames, organizationNames, subject: text },
    key: readPublicKey(readElement(publicKey)),
    keyFingerprint: hash('sha256', publicKey, 'hex'),
    ...kind,
    signatureVerified: isSigned(encodingOf(body), signature.subarray(1), publicKey, kind),
    ...{ wantsCa: isCa, keyUsage, extendedKeyUsage },
    alternativeNames: alternativeNames(extensions),
  }
  return { facts, der, pem: pemOf(der), publicKey }
}

/**
 * The SET that holds the Extensions of the extensionRequest attribute (RFC 2985 5.4.2). Two of them
 * are refused: the authority could read the other one.
 */
function requestedExtensions(attributes: DerElement | undefined): DerElement | undefined {
  // RFC 2986 wants the [0] even when it is empty; old stacks leave it out.
  if (attributes === undefined) return undefined
  const sets: DerElement[] = []
  for (const attribute of childrenOf(expectTag(attributes, 0xa0, 'the attributes'))) {
    const [type, values] = childrenOf(expectTag(attribute, derTag.sequence, 'an attribute'))
    if (extensionRequests.has(readOid(type, 'an attribute')))
      sets.push(expectTag(values, derTag.set, 'the requested extensions'))
  }
  const [first, second] = sets
  if (second !== undefined || (first !== undefined && childrenOf(first).length !== 1))
    throw unreadable('extensions are requested more than once')
  return first
}

/** Does the signature fit the body, the key, and what is said of it? Keys that OpenSSL cannot use prove nothing. */
function isSigned(
  body: Buffer,
  signature: Buffer,
  publicKey: Buffer,
  { signatureKind, signatureHash }: Pick<CsrFacts, 'signatureKind' | 'signatureHash'>,
): boolean {
  try {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
    return verifies(key, signatureKind, signatureHash, body, signature)
  } catch {
    return false
  }
}

function verifies(key: KeyObject, kind: string, hashName: string, body: Buffer, signature: Buffer): boolean {
  const type = key.asymmetricKeyType
  switch (kind) {
    case 'rsa':
      return type === 'rsa' && verify(hashName, body, key, signature)
    case 'rsa-pss': {
      if (type !== 'rsa' && type !== 'rsa-pss') return false
      const padding = constants.RSA_PKCS1_PSS_PADDING
      const saltLength = constants.RSA_PSS_SALTLEN_AUTO
      return verify(hashName, body, { key, padding, saltLength }, signature)
    }
    case 'ecdsa':
      return type === 'ec' && verify(hashName, body, key, signature)
    case 'ed25519':
    case 'ed448':
      return type === kind && verify(null, body, key, signature)
    default:
      return false
  }
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`
}
