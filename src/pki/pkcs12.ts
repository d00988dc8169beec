import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { ProxyError } from '../policy/error.ts'
import { childrenOf, encodingOf, readElement } from './der.ts'
import { bitString, integer, octetString, sequence } from './der-write.ts'
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
const certBag = '1.2.840.113549.1.12.10.1.3'
const shroudedKeyBag = '1.2.840.113549.1.12.10.1.2'

/**
 * Reads one private key with its certificate. Throws ProxyError `pkcs12_unreadable` (also for a wrong
 * passphrase: the two look alike) and `pkcs12_incomplete`; neither tells anything of the content.
 */
export function readPkcs12(bundle: Buffer, passphrase: string): Pkcs12Content {
  if (bundle.length > maxBundleBytes) throw unreadable(`it is larger than ${maxBundleBytes} bytes`)
  const bags = open(bundle, passphrase).safeContents.flatMap(({ safeBags }) => safeBags)
  const keys = bags.filter(({ type }) => type === forge.pki.oids.keyBag || type === shroudedKeyBag)
  const certificates = bags.filter(({ type }) => type === certBag).map(certificateOf)
  const [bag, second] = keys
  if (bag === undefined || second !== undefined)
    throw incomplete(`it holds ${keys.length} private keys, and one is needed`)
  const key = keyOf(bag)
  for (const certificate of certificates) {
    const privateKey = keyFor(certificate, key)
    if (!certificate.checkPrivateKey(privateKey)) continue
    return { privateKey, certificate, chain: certificates.filter((one) => one !== certificate) }
  }
  throw incomplete('no certificate in it belongs to its private key')
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

/**
 * forge forgets that an RSA key is marked for PSS; a certificate for it still says so. The mark of the
 * certificate's key is then put back (RFC 4055 1.2).
 */
function keyFor(certificate: X509Certificate, key: KeyObject): KeyObject {
  const { publicKey } = certificate
  if (publicKey.asymmetricKeyType !== 'rsa-pss' || key.asymmetricKeyType !== 'rsa') return key
  const [algorithm] = childrenOf(readElement(publicKey.export({ type: 'spki', format: 'der' })))
  if (algorithm === undefined) return key
  const numbers = octetString(key.export({ type: 'pkcs1', format: 'der' }))
  const info = sequence(integer(0), encodingOf(algorithm), numbers)
  return createPrivateKey({ key: info, format: 'der', type: 'pkcs8' })
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

/** RFC 7292 B.1 wants UTF-16 in one place and RFC 8018 bytes in another: only ASCII is read alike by all. */
export function isAscii(passphrase: string): boolean {
  return /^[\x20-\x7e]*$/.test(passphrase)
}
