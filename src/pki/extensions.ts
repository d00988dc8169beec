import type { CertificateFacts } from '../policy/facts.ts'
import {
  childrenOf,
  contentOf,
  type DerElement,
  derTag,
  expectTag,
  readElement,
  readOid,
  readPositiveInteger,
  unreadable,
} from './der.ts'
import { extensionOid, processedExtensions } from './oids.ts'

type ExtensionFacts = Pick<
  CertificateFacts,
  'keyUsage' | 'extendedKeyUsage' | 'isCa' | 'pathLength' | 'unknownCriticalExtension'
>

/** RFC 5280 4.2.1.3, in the order of the bits. */
const keyUsageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

/**
 * What the extensions say that a policy asks for. Version 1 certificates have none. Throws
 * ProxyError `certificate_unreadable`, also when an extension occurs twice (RFC 5280 4.2): two
 * readers could then each believe another one.
 */
export function readExtensions(tagged: DerElement | undefined): ExtensionFacts {
  const values = new Map<string, DerElement>()
  let unknownCriticalExtension: string | null = null
  for (const extension of extensionsOf(tagged)) {
    const [type, second, third] = childrenOf(extension)
    const oid = readOid(type, 'an extension')
    if (values.has(oid)) throw unreadable(`extension ${oid} occurs twice`)
    const critical = second?.tag === derTag.boolean && contentOf(second)[0] !== 0
    values.set(
      oid,
      expectTag(second?.tag === derTag.boolean ? third : second, derTag.octetString, `extension ${oid}`),
    )
    // Name constraints must be critical (RFC 5280 4.2.1.10); some authorities forget, and still mean them.
    const binding = critical || oid === extensionOid.nameConstraints
    if (binding && !processedExtensions.has(oid)) unknownCriticalExtension ??= oid
  }
  return {
    keyUsage: readKeyUsage(values.get(extensionOid.keyUsage)),
    extendedKeyUsage: readExtendedKeyUsage(values.get(extensionOid.extendedKeyUsage)),
    ...readBasicConstraints(values.get(extensionOid.basicConstraints)),
    unknownCriticalExtension,
  }
}

/**
 * The key identifier of a certificate (RFC 5280 4.2.1.2) in hexadecimal, null when it has none.
 * Throws ProxyError `certificate_unreadable`.
 */
export function subjectKeyIdentifier(der: Buffer): string | null {
  const [tbs] = childrenOf(readElement(der))
  if (tbs === undefined) return null
  for (const extension of extensionsOf(childrenOf(tbs).find((field) => field.tag === 0xa3))) {
    const parts = childrenOf(extension)
    const value = parts.at(-1)
    if (value === undefined || readOid(parts[0], 'an extension') !== extensionOid.subjectKeyIdentifier)
      continue
    return contentOf(inside(value, derTag.octetString, 'the key identifier')).toString('hex')
  }
  return null
}

function extensionsOf(tagged: DerElement | undefined): DerElement[] {
  if (tagged === undefined) return []
  const [list] = childrenOf(tagged)
  return childrenOf(expectTag(list, derTag.sequence, 'the extensions'))
}

/** The element that an extension's OCTET STRING wraps. */
function inside(value: DerElement, tag: number, what: string): DerElement {
  const [element] = childrenOf(value)
  return expectTag(element, tag, what)
}

function readKeyUsage(value: DerElement | undefined): readonly string[] | null {
  if (value === undefined) return null
  const bits = contentOf(inside(value, derTag.bitString, 'key usage'))
  return keyUsageNames.filter((_, bit) => {
    const byte = bits[1 + (bit >> 3)] ?? 0
    return (byte & (0x80 >> (bit & 7))) !== 0
  })
}

function readExtendedKeyUsage(value: DerElement | undefined): readonly string[] | null {
  if (value === undefined) return null
  const purposes = childrenOf(inside(value, derTag.sequence, 'extended key usage'))
  return purposes.map((purpose) => readOid(purpose, 'extended key usage'))
}

function readBasicConstraints(value: DerElement | undefined): Pick<CertificateFacts, 'isCa' | 'pathLength'> {
  if (value === undefined) return { isCa: false, pathLength: null }
  const [first, second] = childrenOf(inside(value, derTag.sequence, 'basic constraints'))
  const isCa = first?.tag === derTag.boolean && contentOf(first)[0] !== 0
  const limit = first?.tag === derTag.integer ? first : second
  return { isCa, pathLength: limit === undefined ? null : readPathLength(limit) }
}

/** Anything above 255 is no limit that a path could reach; a negative one is none at all. */
function readPathLength(limit: DerElement): number {
  if ((contentOf(limit)[0] ?? 0) >= 0x80) throw unreadable('the path length is negative')
  const number = readPositiveInteger(limit, 'the path length')
  if (number === null) return 0
  return number.length > 1 ? 255 : (number[0] ?? 0)
}
