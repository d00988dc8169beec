// @peculiar/x509 resolves its parts by decorators and needs this polyfill to be there first.
import 'reflect-metadata'
import {
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { messageOf, ProxyError } from '../policy/error.ts'
import { childrenOf, contentOf, derTag, expectTag, readElement } from './der.ts'
import { subjectKeyIdentifier } from './extensions.ts'

/** An attribute of a subject in its order: short name or dotted OID, value, and how it is written. */
export type SubjectAttribute = readonly [
  type: string,
  value: string,
  encoding?: 'utf8String' | 'printableString' | 'bmpString',
]

export type KeyUsage = Exclude<keyof typeof x509.KeyUsageFlags, number>

/** SHA-1 is here for the wrong certificates of the demo and the tests: every policy refuses it. */
export type SignatureHash = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'

export interface IssueRequest {
  readonly subject: readonly SubjectAttribute[]
  readonly publicKey: KeyObject
  /** `certificate: null` makes a self-signed certificate; the key must then be the subject's own. */
  readonly issuer: { readonly certificate: X509Certificate | null; readonly key: KeyObject }
  /** Milliseconds since the epoch; certificates count in seconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** Hexadecimal; left out: 16 random bytes, see `randomSerialNumber`. */
  readonly serialNumber?: string
  /** Left out: no CA. */
  readonly ca?: { readonly pathLength?: number }
  /** Left out or empty: no key usage extension. */
  readonly keyUsage?: readonly KeyUsage[]
  /** Dotted OIDs. The white paper asks for none (A00.FR.512 speaks of key usage only). */
  readonly extendedKeyUsage?: readonly string[]
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly string[]
  /** Left out: the hash that fits the key. */
  readonly signatureHash?: SignatureHash
  /** How an RSA key signs (A00.FR.505). PKCS #1 v1.5 is the default: charge points and test tools refuse PSS. */
  readonly rsaPadding?: 'pkcs1' | 'pss'
  /** Other extensions: dotted OID, criticality, DER of the value. */
  readonly extensions?: readonly {
    readonly oid: string
    readonly critical: boolean
    readonly value: Buffer
  }[]
}

/**
 * A positive serial number of 16 bytes, of which 126 bits are random (A00.FR.508; RFC 5280 4.1.2.2
 * allows 20 bytes). `random` gives that many bytes.
 */
export function randomSerialNumber(random: (bytes: number) => Buffer = randomBytes): string {
  const bytes = random(16)
  // The top bit would make it negative; the next one keeps it at full length.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex').toUpperCase()
}

/**
 * Issues an X.509 version 3 certificate with key identifiers, and proves its signature before it is
 * given away. Signing keys: RSA, RSA-PSS, P-256, P-384, P-521, Ed25519; subject keys: any. Throws ProxyError
 * `issuer_key_mismatch` and `issuing_failed`.
 */
export async function issueCertificate(request: IssueRequest): Promise<X509Certificate> {
  const signingKey = createPublicKey(request.issuer.key)
  checkIssuer(request, signingKey)
  try {
    const certificate = await generate(request, signingKey)
    if (!certificate.verify(signingKey)) throw new Error('the new signature does not verify')
    return certificate
  } catch (cause) {
    throw new ProxyError('issuing_failed', 'operator', `no certificate was issued: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function checkIssuer(request: IssueRequest, signingKey: KeyObject): void {
  const claimed = request.issuer.certificate?.publicKey ?? request.publicKey
  if (claimed.equals(signingKey)) return
  throw new ProxyError(
    'issuer_key_mismatch',
    'operator',
    'the signing key is not that of the issuer certificate',
  )
}

async function generate(request: IssueRequest, signingKey: KeyObject): Promise<X509Certificate> {
  const subject = new x509.Name(
    request.subject.map(([type, value, encoding = 'utf8String']) => ({ [type]: [{ [encoding]: value }] })),
  )
  const issuer = request.issuer.certificate
  const algorithm = signatureAlgorithm(request, signingKey)
  const issued = await x509.X509CertificateGenerator.create(
    {
      serialNumber: request.serialNumber ?? randomSerialNumber(),
      subject,
      issuer: issuer === null ? subject : new x509.X509Certificate(issuer.raw).subjectName,
      notBefore: new Date(request.notBefore),
      notAfter: new Date(request.notAfter),
      publicKey: new x509.PublicKey(spkiOf(request.publicKey)),
      signingKey: webKeyOf(request.issuer.key).toCryptoKey(algorithm, false, ['sign']),
      signingAlgorithm: algorithm,
      extensions: extensionsOf(request, signingKey),
    },
    webcrypto,
  )
  return new X509Certificate(Buffer.from(issued.rawData))
}

/** Web Crypto does not take keys that are marked for PSS: the number inside is any RSA key's (RFC 8017 A.1.2). */
function webKeyOf(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa-pss') return key
  const info = childrenOf(readElement(key.export({ type: 'pkcs8', format: 'der' })))
  const inner = contentOf(expectTag(info[2], derTag.octetString, 'the private key'))
  return createPrivateKey({ key: inner, format: 'der', type: 'pkcs1' })
}

function extensionsOf(request: IssueRequest, signingKey: KeyObject): x509.Extension[] {
  const issuer = request.issuer.certificate
  const issuerKeyId = (issuer && subjectKeyIdentifier(issuer.raw)) ?? keyIdentifier(signingKey)
  const extensions: x509.Extension[] = []
  // Written for end entities too, and never critical there: some charge points insist on seeing CA:FALSE.
  extensions.push(
    new x509.BasicConstraintsExtension(
      request.ca !== undefined,
      request.ca?.pathLength,
      request.ca !== undefined,
    ),
  )
  if (request.keyUsage !== undefined && request.keyUsage.length > 0) {
    const flags = request.keyUsage.reduce((sum, usage) => sum | x509.KeyUsageFlags[usage], 0)
    extensions.push(new x509.KeyUsagesExtension(flags, true))
  }
  if (request.extendedKeyUsage !== undefined) {
    extensions.push(new x509.ExtendedKeyUsageExtension([...request.extendedKeyUsage], false))
  }
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ]
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names))
  extensions.push(new x509.SubjectKeyIdentifierExtension(keyIdentifier(request.publicKey)))
  extensions.push(new x509.AuthorityKeyIdentifierExtension(issuerKeyId))
  for (const { oid, critical, value } of request.extensions ?? []) {
    extensions.push(new x509.Extension(oid, critical, value))
  }
  return extensions
}

/** RFC 7093 section 2 method 4 with 160 bits: SHA-256 and not the SHA-1 of RFC 5280 (A00.FR.506). */
export function keyIdentifier(key: KeyObject): string {
  return hash('sha256', spkiOf(key), 'hex').slice(0, 40)
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

type SigningAlgorithm =
  | { name: 'RSASSA-PKCS1-v1_5'; hash: SignatureHash }
  | { name: 'RSA-PSS'; hash: SignatureHash; saltLength: number }
  | { name: 'ECDSA'; namedCurve: string; hash: SignatureHash }
  | { name: 'Ed25519' }

const webCurves: Readonly<Record<string, { readonly name: string; readonly hash: SignatureHash }>> = {
  prime256v1: { name: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'P-521', hash: 'SHA-512' },
}

const saltLengths = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 } as const

function signatureAlgorithm(request: IssueRequest, key: KeyObject): SigningAlgorithm {
  const curve = webCurves[key.asymmetricKeyDetails?.namedCurve ?? '']
  const hashName = request.signatureHash ?? curve?.hash ?? 'SHA-256'
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return request.rsaPadding === 'pss'
        ? { name: 'RSA-PSS', hash: hashName, saltLength: saltLengths[hashName] }
        : { name: 'RSASSA-PKCS1-v1_5', hash: hashName }
    // The key itself says that it signs with PSS and nothing else (RFC 4055 1.2).
    case 'rsa-pss':
      return { name: 'RSA-PSS', hash: hashName, saltLength: saltLengths[hashName] }
    case 'ec':
      if (curve === undefined) break
      return { name: 'ECDSA', namedCurve: curve.name, hash: hashName }
    case 'ed25519':
      return { name: 'Ed25519' }
    default:
      break
  }
  throw new ProxyError(
    'issuing_failed',
    'operator',
    `keys of this kind do not sign here: ${key.asymmetricKeyType}`,
  )
}
