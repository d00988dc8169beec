import { hash, X509Certificate } from 'node:crypto'
import { BoundedMap } from '../policy/bounded-map.ts'
import type { CertificateFacts } from '../policy/facts.ts'
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
import { readExtensions } from './extensions.ts'
import { readName } from './name.ts'

export { splitPem } from './pem.ts'

import { hashes, rsaPssSignature, signatures } from './oids.ts'
import { readPublicKey } from './public-key.ts'

/** Larger than any certificate of the field; OpenSSL's own limit for a whole chain is 100 KiB. */
const maxCertificateBytes = 64 * 1024
/** RFC 5280 4.1.2.2 allows 20; some authorities exceed it. */
const maxSerialNumberBytes = 64

/**
 * What a certificate says, read from its DER. OpenSSL parses it first, so that both agree on what
 * a certificate is; nothing is verified here. Throws ProxyError `certificate_unreadable`.
 */
export function certificateFacts(certificate: Buffer | X509Certificate): CertificateFacts {
  return factsOfDer(parseCertificate(certificate))
}

/** Reads one certificate, PEM or DER. Throws ProxyError `certificate_unreadable`. */
export function parseCertificate(certificate: Buffer | string | X509Certificate): X509Certificate {
  if (certificate instanceof X509Certificate) return certificate
  try {
    return new X509Certificate(certificate)
  } catch (cause) {
    throw unreadable('this is no X.509 certificate', cause)
  }
}

function factsOfDer(certificate: X509Certificate): CertificateFacts {
  const der = certificate.raw
  if (der.length > maxCertificateBytes)
    throw unreadable(`the certificate is larger than ${maxCertificateBytes} bytes`)
  const [tbs] = childrenOf(expectTag(readElement(der), derTag.sequence, 'the certificate'))
  const fields = childrenOf(expectTag(tbs, derTag.sequence, 'the certificate body'))
  // The version is explicitly tagged [0] and absent in version 1 (RFC 5280 4.1).
  const first = fields[0]?.tag === 0xa0 ? 1 : 0
  const field = (index: number, what: string): DerElement =>
    expectTag(fields[first + index], derTag.sequence, what)
  const issuer = field(2, 'the issuer')
  const subject = field(4, 'the subject')
  const key = field(5, 'the public key')
  const { commonNames, organizationNames, text } = readName(subject)
  return {
    commonNames,
    organizationNames,
    subject: text,
    issuer: readName(issuer).text,
    serialNumber: readSerialNumber(fields[first]),
    notBefore: timeOf(certificate.validFromDate, 'notBefore'),
    notAfter: timeOf(certificate.validToDate, 'notAfter'),
    key: readPublicKey(key),
    ...readSignature(field(1, 'the signature algorithm')),
    ...readExtensions(fields.find((element) => element.tag === 0xa3)),
    selfIssued: encodingOf(issuer).equals(encodingOf(subject)),
    fingerprint: hash('sha256', der, 'hex'),
    keyFingerprint: hash('sha256', encodingOf(key), 'hex'),
  }
}

/** A date that nobody can read must not look like one that has not come or gone. */
function timeOf(date: Date, what: string): number {
  const time = date.getTime()
  if (!Number.isFinite(time)) throw unreadable(`${what} cannot be read`)
  return time
}

/** A00.FR.508: zero and negative numbers identify nothing, and count as none. */
function readSerialNumber(element: DerElement | undefined): string {
  const number = readPositiveInteger(element, 'the serial number')
  if (number === null) return ''
  if (number.length > maxSerialNumberBytes) throw unreadable('the serial number is too long')
  return number.toString('hex').toUpperCase().replace(/^0/, '')
}

/** The kind and the hash of a signature's AlgorithmIdentifier. Throws ProxyError `certificate_unreadable`. */
export function readSignature(
  algorithm: DerElement,
): Pick<CertificateFacts, 'signatureHash' | 'signatureKind'> {
  const [type, parameters] = childrenOf(algorithm)
  const oid = readOid(type, 'the signature algorithm')
  if (oid === rsaPssSignature) return { signatureKind: 'rsa-pss', signatureHash: readPssHash(parameters) }
  const known = signatures[oid]
  return { signatureKind: known?.kind ?? 'unknown', signatureHash: known?.hash ?? 'unknown' }
}

/** RFC 4055 3.1: the hash is tagged [0], and SHA-1 when it is left out. */
function readPssHash(parameters: DerElement | undefined): string {
  if (parameters?.tag !== derTag.sequence) return 'unknown'
  const tagged = childrenOf(parameters).find((element) => element.tag === 0xa0)
  if (tagged === undefined) return 'sha1'
  const [algorithm] = childrenOf(tagged)
  const [type] = childrenOf(expectTag(algorithm, derTag.sequence, 'the PSS hash'))
  return hashes[readOid(type, 'the PSS hash')] ?? 'unknown'
}

/** Facts by certificate, remembered for charge points that come back. */
export interface CertificateCache {
  factsOf(certificate: X509Certificate): CertificateFacts
  readonly size: number
}

/**
 * A cache of `maxEntries` facts, the least recently used leaves first. The key is SHA-256 over the
 * DER, so that nobody can plant facts for another certificate. `factsOf` throws what
 * `certificateFacts` throws, and remembers nothing then.
 */
export function createCertificateCache(maxEntries: number): CertificateCache {
  const entries = new BoundedMap<string, CertificateFacts>(maxEntries)
  // Trusted certificates are asked for at every handshake: their objects need no hash. Ends with them.
  const byObject = new WeakMap<X509Certificate, CertificateFacts>()
  return {
    factsOf(certificate) {
      const known = byObject.get(certificate)
      if (known !== undefined) return known
      const key = hash('sha256', certificate.raw, 'hex')
      const facts = entries.get(key) ?? certificateFacts(certificate)
      entries.set(key, facts)
      byObject.set(certificate, facts)
      return facts
    },
    get size() {
      return entries.size
    },
  }
}
