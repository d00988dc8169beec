import { childrenOf, contentOf, type DerElement, derTag, expectTag, readOid } from './der.ts'
import { attributeNames } from './oids.ts'

/** A Name (RFC 5280 4.1.2.4) as it was read: what the policies compare, and a line for people. */
export interface NameFacts {
  readonly commonNames: readonly string[]
  readonly organizationNames: readonly string[]
  /** "CN=…, O=…" in the order of the certificate, safe to print, cut at 400 characters. */
  readonly text: string
}

const maxTextLength = 400

/**
 * Reads a Name. Every CN and O is kept, because a certificate with two of them is a trick that the
 * policy must see. Throws ProxyError `certificate_unreadable`.
 */
export function readName(name: DerElement): NameFacts {
  const commonNames: string[] = []
  const organizationNames: string[] = []
  const parts: string[] = []
  for (const rdn of childrenOf(expectTag(name, derTag.sequence, 'a name'))) {
    const values: string[] = []
    for (const attribute of childrenOf(expectTag(rdn, derTag.set, 'a part of a name'))) {
      const [type, value] = childrenOf(attribute)
      const oid = readOid(type, 'an attribute type')
      const label = attributeNames[oid] ?? oid
      const text = value === undefined ? '' : decodeString(value)
      if (label === 'CN') commonNames.push(text)
      if (label === 'O') organizationNames.push(text)
      values.push(`${label}=${printable(text)}`)
    }
    parts.push(values.join('+'))
  }
  return { commonNames, organizationNames, text: cut(parts.join(', ')) }
}

/** The text of any ASN.1 string type; bytes that are no valid text become U+FFFD, which matches nothing. */
function decodeString(value: DerElement): string {
  const content = contentOf(value)
  switch (value.tag) {
    case 0x0c: // UTF8String
      return content.toString('utf8')
    case 0x1e: // BMPString: two bytes a character, big endian
      return decodeUtf16(content)
    case 0x1c: // UniversalString: four bytes a character
      return decodeUtf32(content)
    default: // PrintableString, IA5String, T61String and others: a byte a character
      return content.toString('latin1')
  }
}

function decodeUtf16(content: Buffer): string {
  if (content.length % 2 !== 0) return '\ufffd'
  return Buffer.from(content).swap16().toString('utf16le')
}

function decodeUtf32(content: Buffer): string {
  if (content.length % 4 !== 0) return '\ufffd'
  let text = ''
  for (let at = 0; at < content.length; at += 4) {
    const point = content.readUInt32BE(at)
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
  }
  return text
}

/** A peer chose this text and people read it: nothing in it may look like another attribute or move a cursor. */
function printable(text: string): string {
  return cut(text)
    .replace(/[\\,+"<>;=]/g, '\\$&')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

function cut(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text
}
