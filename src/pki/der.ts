import { ProxyError } from '../policy/error.ts'

/**
 * A small reader for DER (X.690), enough for certificates. It never reads outside the element that
 * it was given, never recurses by itself, and throws ProxyError `certificate_unreadable` on
 * everything it does not understand: indefinite lengths, long tags, truncated elements.
 */
export interface DerElement {
  readonly bytes: Buffer
  readonly tag: number
  /** Where the element begins, its content begins, and it ends. */
  readonly from: number
  readonly start: number
  readonly end: number
}

export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
} as const

/** Long enough for 2.25 arcs (128 bits) and everything registered; an honest OID has under 20 bytes. */
const maxOidBytes = 64

export function unreadable(message: string, cause?: unknown): ProxyError {
  return new ProxyError('certificate_unreadable', 'charge-point', message, { cause })
}

/** Reads the element at `from`, which must end at or before `limit`. */
export function readElement(bytes: Buffer, from = 0, limit = bytes.length): DerElement {
  const tag = bytes[from]
  let length = bytes[from + 1]
  if (tag === undefined || length === undefined || from + 2 > limit)
    throw unreadable('a DER element is cut off')
  if ((tag & 0x1f) === 0x1f) throw unreadable('a DER tag number is too large')
  let start = from + 2
  if (length >= 0x80) {
    const lengthBytes = length & 0x7f
    if (lengthBytes === 0 || lengthBytes > 4) throw unreadable('a DER length is indefinite or too large')
    if (start + lengthBytes > limit) throw unreadable('a DER element is cut off')
    length = bytes.readUIntBE(start, lengthBytes)
    start += lengthBytes
  }
  const end = start + length
  if (end > limit) throw unreadable('a DER element is longer than what holds it')
  return { bytes, tag, from, start, end }
}

/** The elements inside a constructed element, or inside the content of a wrapping string. */
export function childrenOf(parent: DerElement, skip = 0): DerElement[] {
  const children: DerElement[] = []
  for (let at = parent.start + skip; at < parent.end; ) {
    const child = readElement(parent.bytes, at, parent.end)
    children.push(child)
    at = child.end
  }
  return children
}

export function contentOf(element: DerElement): Buffer {
  return element.bytes.subarray(element.start, element.end)
}

/** The element with its tag and length. */
export function encodingOf(element: DerElement): Buffer {
  return element.bytes.subarray(element.from, element.end)
}

/** The element, when it is there and has this tag; throws otherwise. */
export function expectTag(element: DerElement | undefined, tag: number, what: string): DerElement {
  if (element?.tag !== tag) throw unreadable(`${what} is missing or of another type`)
  return element
}

/** An OBJECT IDENTIFIER in dotted form. */
export function readOid(element: DerElement | undefined, what: string): string {
  const content = contentOf(expectTag(element, derTag.oid, what))
  if (content.length === 0 || content.length > maxOidBytes) throw unreadable(`${what} has a bad length`)
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const first = arcs.shift()
  if (first === undefined || (content.at(-1) ?? 0x80) >= 0x80) throw unreadable(`${what} is cut off`)
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...arcs].join('.')
}

/** The bytes of a positive INTEGER without leading zeroes; null for zero and negative numbers. */
export function readPositiveInteger(element: DerElement | undefined, what: string): Buffer | null {
  const content = contentOf(expectTag(element, derTag.integer, what))
  if ((content[0] ?? 0) >= 0x80) return null
  const first = content.findIndex((byte) => byte !== 0)
  return first < 0 ? null : content.subarray(first)
}

/** How many bits a number without leading zero bytes has. */
export function bitLengthOf(number: Buffer | null): number {
  if (number === null || number.length === 0) return 0
  return number.length * 8 - (Math.clz32(number[0] ?? 0) - 24)
}

/** Writes one element with a definite length. */
export function encodeElement(tag: number, content: Buffer): Buffer {
  const length = content.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  const used = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.from([tag, 0x80 | used.length]), used, content])
}
