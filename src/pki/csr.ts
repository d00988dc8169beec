import { createPublicKey, hash } from 'node:crypto'
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
  readOid,
  unreadable,
} from './der.ts'
import { readExtensions } from './extensions.ts'
import { readName } from './name.ts'
import { readPublicKey } from './public-key.ts'
import { readSignedData, type SignedData, signatureProblem } from './signed-data.ts'

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
  /^\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/

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

/** CertificationRequest and CertificationRequestInfo (RFC 2986 section 4), to the letter. */
function csrOf(der: Buffer): Csr {
  const signed = readSignedData(der, 'the request')
  const [version, subject, key, attributes, ...rest] = childrenOf(signed.body)
  const number = contentOf(expectTag(version, derTag.integer, 'the version'))
  if (signed.rest.length > 0 || rest.length > 0 || !number.equals(Buffer.from([0])))
    throw unreadable('the request has not the form of a PKCS #10')
  const keyInfo = expectTag(key, derTag.sequence, 'the public key')
  const publicKey = encodingOf(keyInfo)
  const { commonNames, organizationNames, text } = readName(
    expectTag(subject, derTag.sequence, 'the subject'),
  )
  const facts: CsrFacts = {
    ...{ commonNames, organizationNames, subject: text },
    key: readPublicKey(keyInfo),
    keyFingerprint: hash('sha256', publicKey, 'hex'),
    ...readSignature(signed.algorithm),
    signature: proofOf(signed, publicKey),
    ...requested(attributes),
  }
  return { facts, der, pem: pemOf(der), publicKey }
}

/** Keys that OpenSSL cannot use prove nothing. */
function proofOf(signed: SignedData, publicKey: Buffer): CsrFacts['signature'] {
  try {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
    const problem = signatureProblem(signed, key)
    if (problem === null) return 'verified'
    return problem === 'signature_weak' ? 'weak' : 'invalid'
  } catch {
    return 'invalid'
  }
}

type RequestedFacts = Pick<CsrFacts, 'wantsCa' | 'keyUsage' | 'extendedKeyUsage' | 'alternativeNames'>

/**
 * The extensionRequest attribute (RFC 2985 5.4.2). Two of them are refused: the authority could read
 * the other one. RFC 2986 wants the list of attributes even when it is empty; old stacks leave it out.
 */
function requested(attributes: DerElement | undefined): RequestedFacts {
  const sets: DerElement[] = []
  const list = attributes === undefined ? [] : childrenOf(expectTag(attributes, 0xa0, 'the attributes'))
  for (const attribute of list) {
    const [type, values] = childrenOf(expectTag(attribute, derTag.sequence, 'an attribute'))
    if (extensionRequests.has(readOid(type, 'an attribute')))
      sets.push(expectTag(values, derTag.set, 'the requested extensions'))
  }
  const [first, second] = sets
  if (first === undefined)
    return { wantsCa: false, keyUsage: null, extendedKeyUsage: null, alternativeNames: [] }
  const [extensions, more] = childrenOf(first)
  if (second !== undefined || extensions === undefined || more !== undefined)
    throw unreadable('extensions are requested more than once')
  const { isCa, keyUsage, extendedKeyUsage } = readExtensions(first)
  return { wantsCa: isCa, keyUsage, extendedKeyUsage, alternativeNames: alternativeNames(extensions) }
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`
}
