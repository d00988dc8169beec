import type { X509Certificate } from 'node:crypto'
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

/** One extension: its value is what the OCTET STRING holds. */
export interface ExtensionField {
  readonly critical: boolean
  readonly value: Buffer
}

/** The bytes of a certificate that OCSP, CRLs and CertificateHashData are computed from. */
export interface CertificateFields {
  /** The DER of the issuer Name and of the subject Name. */
  readonly issuer: Buffer
  readonly subject: Buffer
  /** The content of the subjectPublicKey BIT STRING, without the octet that counts unused bits. */
  readonly keyBits: Buffer
  /** The content of the serial number INTEGER in its shortest form: two's complement, so it may be negative. */
  readonly serialNumber: Buffer
  /** By dotted OID. */
  readonly extensions: ReadonlyMap<string, ExtensionField>
}

/** Remembered with the object: issuers are asked for again and again. */
const known = new WeakMap<X509Certificate, CertificateFields>()

/** Reads these bytes. Throws ProxyError `certificate_unreadable`. */
export function certificateFields(certificate: X509Certificate): CertificateFields {
  const remembered = known.get(certificate)
  if (remembered !== undefined) return remembered
  const read = readFields(certificate.raw)
  known.set(certificate, read)
  return read
}

function readFields(der: Buffer): CertificateFields {
  const [tbs] = childrenOf(expectTag(readElement(der), derTag.sequence, 'the certificate'))
  const fields = childrenOf(expectTag(tbs, derTag.sequence, 'the certificate body'))
  // The version is explicitly tagged [0] and absent in version 1 (RFC 5280 4.1).
  const first = fields[0]?.tag === 0xa0 ? 1 : 0
  const sequence = (index: number, what: string): DerElement =>
    expectTag(fields[first + index], derTag.sequence, what)
  const [, key] = childrenOf(sequence(5, 'the public key'))
  const wrapper = fields.find((field) => field.tag === 0xa3)
  return {
    issuer: encodingOf(sequence(2, 'the issuer')),
    subject: encodingOf(sequence(4, 'the subject')),
    keyBits: bitsOf(key, 'the key bits'),
    serialNumber: shortestInteger(
      contentOf(expectTag(fields[first], derTag.integer, 'the serial number')),
      'the serial number',
    ),
    extensions: wrapper === undefined ? new Map() : readExtensionList(childrenOf(wrapper)[0]),
  }
}

/** A list of extensions (RFC 5280 4.1). Throws `certificate_unreadable`, also when one occurs twice. */
export function readExtensionList(list: DerElement | undefined): ReadonlyMap<string, ExtensionField> {
  const extensions = new Map<string, ExtensionField>()
  for (const extension of childrenOf(expectTag(list, derTag.sequence, 'the extensions'))) {
    const [type, second, third] = childrenOf(expectTag(extension, derTag.sequence, 'an extension'))
    const oid = readOid(type, 'an extension')
    if (extensions.has(oid)) throw unreadable(`extension ${oid} occurs twice`)
    const flagged = second?.tag === derTag.boolean
    extensions.set(oid, {
      critical: flagged && contentOf(second)[0] !== 0,
      value: contentOf(expectTag(flagged ? third : second, derTag.octetString, `extension ${oid}`)),
    })
  }
  return extensions
}

/** The bytes of a BIT STRING that has no unused bits. Throws `certificate_unreadable`. */
export function bitsOf(element: DerElement | undefined, what: string): Buffer {
  const content = contentOf(expectTag(element, derTag.bitString, what))
  if (content[0] !== 0) throw unreadable(`${what} are no whole bytes`)
  return content.subarray(1)
}

/**
 * An INTEGER without the leading bytes that say nothing: DER has none (X.690 8.3.2), but serial
 * numbers with such bytes exist and are the same number. Throws `certificate_unreadable` when it is empty.
 */
export function shortestInteger(content: Buffer, what: string): Buffer {
  if (content.length === 0) throw unreadable(`${what} is empty`)
  let from = 0
  while (from < content.length - 1) {
    const [lead, next] = [content[from], content[from + 1] ?? 0]
    if (!((lead === 0 && next < 0x80) || (lead === 0xff && next >= 0x80))) break
    from += 1
  }
  return content.subarray(from)
}
