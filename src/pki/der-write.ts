import { derTag, encodeElement } from './der.ts'

/** What a writer of DER (X.690) needs for CRLs, OCSP answers and PKCS #12. All functions are pure. */

export function sequence(...parts: readonly Buffer[]): Buffer {
  return encodeElement(derTag.sequence, Buffer.concat(parts))
}

export function set(...parts: readonly Buffer[]): Buffer {
  return encodeElement(derTag.set, Buffer.concat(parts))
}

/** [number] around one element, constructed. */
export function explicit(number: number, part: Buffer): Buffer {
  return encodeElement(0xa0 | number, part)
}

export function octetString(content: Buffer): Buffer {
  return encodeElement(derTag.octetString, content)
}

/** A BIT STRING of whole bytes. */
export function bitString(content: Buffer): Buffer {
  return encodeElement(derTag.bitString, Buffer.concat([Buffer.from([0]), content]))
}

export const nullValue: Buffer = Buffer.from([0x05, 0x00])

export function enumerated(value: number): Buffer {
  return encodeElement(0x0a, Buffer.from([value]))
}

/** A non-negative INTEGER in as few bytes as DER asks for. */
export function integer(value: bigint | number): Buffer {
  const digits = value.toString(16)
  return unsigned(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'))
}

/** The same, from hexadecimal digits: serial numbers are kept so. */
export function hexInteger(digits: string): Buffer {
  return integer(BigInt(`0x${digits === '' ? '0' : digits}`))
}

function unsigned(bytes: Buffer): Buffer {
  // A leading bit of one would be a minus (X.690 8.3.3).
  const sign = (bytes[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : []
  return encodeElement(derTag.integer, Buffer.concat([...sign, bytes]))
}

/** An OBJECT IDENTIFIER from its dotted form. For identifiers of our own tables: it checks nothing. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt)
  const bytes = [first * 40n + second, ...rest].flatMap(base128)
  return encodeElement(derTag.oid, Buffer.from(bytes))
}

function base128(arc: bigint): number[] {
  const bytes = [Number(arc & 0x7fn)]
  for (let left = arc >> 7n; left > 0n; left >>= 7n) bytes.unshift(Number(left & 0x7fn) | 0x80)
  return bytes
}

/** GeneralizedTime, in whole seconds as RFC 5280 4.1.2.5.2 wants it. `time`: milliseconds since the epoch. */
export function generalizedTime(time: number): Buffer {
  return encodeElement(0x18, Buffer.from(`${digitsOf(time)}Z`))
}

/** UTCTime up to the year 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5, 5.1.2.4). */
export function certificateTime(time: number): Buffer {
  if (new Date(time).getUTCFullYear() >= 2050) return generalizedTime(time)
  return encodeElement(0x17, Buffer.from(`${digitsOf(time).slice(2)}Z`))
}

function digitsOf(time: number): string {
  return new Date(time)
    .toISOString()
    .slice(0, 19)
    .replace(/[^0-9]/g, '')
}

/** One extension (RFC 5280 4.1); `value` is the DER that its OCTET STRING wraps. */
export function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  const mark = critical ? [encodeElement(derTag.boolean, Buffer.from([0xff]))] : []
  return sequence(objectIdentifier(oid), ...mark, octetString(value))
}
