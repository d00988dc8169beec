import { createHmac, createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { ProxyError } from '../policy/error.ts'
import { childrenOf, encodeElement, encodingOf, readElement } from './der.ts'
import {
  bitString,
  explicit,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from './der-write.ts'
import type { Credentials } from './profiles.ts'

/**
 * PKCS #12 (RFC 7292) for operators: bundles in and out. node-forge decrypts them, the RC2 and 3DES ones
 * of old tools included, which OpenSSL 3 refuses. It reads RSA only, so keys and certificates that it
 * does not know are taken out as DER, and node:crypto reads them. Never for what a peer sent.
 */
export interface Pkcs12Content extends Credentials {
  /** The other certificates, in the order of the bundle. */
  readonly chain: readonly X509Certificate[]
}

const maxBundleBytes = 1024 * 1024
const oid = {
  data: '1.2.840.113549.1.7.1',
  certBag: '1.2.840.113549.1.12.10.1.3',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  localKeyId: '1.2.840.113549.1.9.21',
  friendlyName: '1.2.840.113549.1.9.20',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

/**
 * Reads one private key with its certificate. Throws ProxyError `pkcs12_unreadable` (also for a wrong
 * passphrase: the two look alike) and `pkcs12_incomplete`; neither tells anything of the content.
 */
export function readPkcs12(bundle: Buffer, passphrase: string): Pkcs12Content {
  if (bundle.length > maxBundleBytes) throw unreadable(`it is larger than ${maxBundleBytes} bytes`)
  const bags = open(bundle, passphrase).safeContents.flatMap(({ safeBags }) => safeBags)
  const keys = bags.filter(({ type }) => type === forge.pki.oids.keyBag || type === oid.shroudedKeyBag)
  const certificates = bags.filter(({ type }) => type === oid.certBag).map(certificateOf)
  const [bag, second] = keys
  if (bag === undefined || second !== undefined)
    throw incomplete(`it holds ${keys.length} private keys, and one is needed`)
  const privateKey = keyOf(bag)
  const certificate = certificates.find((one) => one.checkPrivateKey(privateKey))
  if (certificate === undefined) throw incomplete('no certificate in it belongs to its private key')
  return { privateKey, certificate, chain: certificates.filter((one) => one !== certificate) }
}

function open(bundle: Buffer, passphrase: string): forge.pkcs12.Pkcs12Pfx {
  try {
    return forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bundle.toString('latin1')), true, passphrase)
  } catch {
    // The cause is left out: forge's errors carry the structure that they stumbled over.
    const letters = isAscii(passphrase) ? '' : ' (tools disagree about letters outside of ASCII in it)'
    throw unreadable(`it is no PKCS #12, or the passphrase is wrong${letters}`)
  }
}

function keyOf(bag: forge.pkcs12.Bag): KeyObject {
  try {
    const info = bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1
    return createPrivateKey({ key: derOf(info), format: 'der', type: 'pkcs8' })
  } catch {
    throw unreadable('its private key cannot be read')
  }
}

function certificateOf(bag: forge.pkcs12.Bag): X509Certificate {
  try {
    return new X509Certificate(bag.cert ? derOfCertificate(bag.cert) : derOf(bag.asn1))
  } catch {
    throw unreadable('a certificate in it cannot be read')
  }
}

/**
 * forge writes RSASSA-PSS parameters in another way than it read them. The body is kept as it was, and
 * names the algorithm as the signature must (RFC 5280 4.1.1.2).
 */
function derOfCertificate(certificate: forge.pki.Certificate): Buffer {
  const body = derOf(Reflect.get(certificate, 'tbsCertificate'))
  const fields = childrenOf(readElement(body))
  const algorithm = fields[fields[0]?.tag === 0xa0 ? 2 : 1]
  if (algorithm === undefined) throw new TypeError('the certificate names no signature algorithm')
  return sequence(body, encodingOf(algorithm), bitString(Buffer.from(certificate.signature, 'latin1')))
}

function derOf(element: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(element).getBytes(), 'latin1')
}

function unreadable(message: string): ProxyError {
  return new ProxyError('pkcs12_unreadable', 'operator', `the PKCS #12 bundle cannot be read: ${message}`)
}

function incomplete(message: string): ProxyError {
  return new ProxyError('pkcs12_incomplete', 'operator', `the PKCS #12 bundle is not whole: ${message}`)
}

export interface Pkcs12Options {
  /** Shown by key stores. */
  readonly name?: string
  /** 3DES and SHA-1, for devices and tools that know nothing newer; default AES-256 and SHA-256. */
  readonly legacy?: boolean
  readonly random?: (bytes: number) => Buffer
}

const iterations = 10_000
const saltBytes = 16

/** RFC 7292 B.1 wants UTF-16 in one place and RFC 8018 bytes in another: only ASCII is read alike by all. */
function isAscii(passphrase: string): boolean {
  return /^[\x20-\x7e]*$/.test(passphrase)
}

/**
 * Writes a key with its certificates. The key is encrypted, and everything is under the MAC; the
 * certificates are public and stay readable. Write it to a file of mode 0600. Throws ProxyError
 * `pkcs12_passphrase` when there is none, which would make a plain key, or when it is not ASCII.
 */
export function writePkcs12(content: Pkcs12Content, passphrase: string, options: Pkcs12Options = {}): Buffer {
  if (passphrase === '' || !isAscii(passphrase))
    throw new ProxyError('pkcs12_passphrase', 'operator', 'a PKCS #12 bundle needs a passphrase in ASCII')
  // Tells readers which certificate the key belongs to.
  const attributes = attributesOf(Buffer.from([1]), options.name)
  const certificates = [
    certificateBag(content.certificate, [attributes]),
    ...content.chain.map((one) => certificateBag(one, [])),
  ]
  const shrouded = shroud(content.privateKey, passphrase, options.legacy ?? false)
  const key = sequence(objectIdentifier(oid.shroudedKeyBag), explicit(0, shrouded), attributes)
  const safe = sequence(contentInfo(sequence(...certificates)), contentInfo(sequence(key)))
  return sequence(integer(3), contentInfo(safe), macOf(safe, passphrase, options))
}

function contentInfo(content: Buffer): Buffer {
  return sequence(objectIdentifier(oid.data), explicit(0, octetString(content)))
}

function certificateBag(certificate: X509Certificate, attributes: readonly Buffer[]): Buffer {
  const bag = sequence(objectIdentifier(oid.x509Certificate), explicit(0, octetString(certificate.raw)))
  return sequence(objectIdentifier(oid.certBag), explicit(0, bag), ...attributes)
}

function attributesOf(keyId: Buffer, name: string | undefined): Buffer {
  const local = sequence(objectIdentifier(oid.localKeyId), set(octetString(keyId)))
  if (name === undefined) return set(local)
  const text = encodeElement(0x1e, Buffer.from(name, 'utf16le').swap16())
  return set(sequence(objectIdentifier(oid.friendlyName), set(text)), local)
}

function shroud(key: KeyObject, passphrase: string, legacy: boolean): Buffer {
  const plain = key.export({ type: 'pkcs8', format: 'der' })
  const info = forge.asn1.fromDer(plain.toString('latin1'))
  const algorithm = legacy
    ? ({ algorithm: '3des', count: iterations, saltSize: saltBytes } as const)
    : ({ algorithm: 'aes256', count: iterations, saltSize: saltBytes, prfAlgorithm: 'sha256' } as const)
  return derOf(forge.pki.encryptPrivateKeyInfo(info, passphrase, algorithm))
}

/** MacData (RFC 7292 section 4 and appendix B): the key is derived with ID 3. */
function macOf(safe: Buffer, passphrase: string, { legacy, random = randomBytes }: Pkcs12Options): Buffer {
  const [name, digestOid, bytes] = legacy
    ? (['sha1', oid.sha1, 20] as const)
    : (['sha256', oid.sha256, 32] as const)
  const salt = random(saltBytes)
  const derived = forge.pkcs12.generateKey(
    passphrase,
    forge.util.createBuffer(salt.toString('latin1')),
    3,
    iterations,
    bytes,
    forge.md[name].create(),
  )
  const mac = createHmac(name, Buffer.from(derived.getBytes(), 'latin1')).update(safe).digest()
  const digest = sequence(sequence(objectIdentifier(digestOid), nullValue), octetString(mac))
  return sequence(digest, octetString(salt), integer(iterations))
}
