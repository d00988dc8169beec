import { createHmac, type KeyObject, randomBytes, type X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { ProxyError } from '../policy/error.ts'
import { encodeElement } from './der.ts'
import { explicit, integer, nullValue, objectIdentifier, octetString, sequence, set } from './der-write.ts'
import { isAscii, type Pkcs12Content } from './pkcs12.ts'

/** PKCS #12 (RFC 7292) out. The structure is ours, so that every kind of key goes in; node-forge encrypts. */

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

export interface Pkcs12Options {
  /** Shown by key stores. */
  readonly name?: string
  /** 3DES and SHA-1, for devices and tools that know nothing newer; default AES-256 and SHA-256. */
  readonly legacy?: boolean
  readonly random?: (bytes: number) => Buffer
}

const iterations = 10_000
const saltBytes = 16

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
  const shrouded = forge.pki.encryptPrivateKeyInfo(info, passphrase, algorithm)
  return Buffer.from(forge.asn1.toDer(shrouded).getBytes(), 'latin1')
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
