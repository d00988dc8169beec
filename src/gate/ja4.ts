import { hash } from 'node:crypto'
import { hex16, isGrease } from './hello/code-points.ts'

/** What JA4 is made of. GREASE may be in the lists; it is left out here. */
export interface Ja4Parts {
  /** Code point: the highest of supported_versions, or the version of the ClientHello. */
  readonly version: number
  readonly cipherSuites: readonly number[]
  /** Types, in any order. */
  readonly extensions: readonly number[]
  /** The first ALPN name, one character a byte; null without ALPN. */
  readonly alpn: string | null
  /** In their order; empty when the extension is absent. */
  readonly signatureAlgorithms: readonly number[]
}

const versionCodes: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
  [0xfeff, 'd1'],
  [0xfefd, 'd2'],
  [0xfefc, 'd3'],
])

const serverName = 0x0000
const alpnExtension = 0x0010
const hashLength = 12
const nothing = '0'.repeat(hashLength)
const alphanumeric = /^[0-9A-Za-z]$/

/**
 * The JA4 fingerprint of a TLS client over TCP: equal stacks with equal settings give equal
 * fingerprints, wherever they connect to. A trait of a stack, no proof of who it is. Source: the
 * public description of JA4 (FoxIO, technical_details/JA4.md).
 */
export function ja4(parts: Ja4Parts): string {
  const suites = sortedWithoutGrease(parts.cipherSuites)
  const extensions = sortedWithoutGrease(parts.extensions)
  const signatures = parts.signatureAlgorithms.filter((code) => !isGrease(code))
  const version = versionCodes.get(parts.version) ?? '00'
  const destination = extensions.includes(serverName) ? 'd' : 'i'
  const head = `t${version}${destination}${count(suites)}${count(extensions)}${alpnCode(parts.alpn)}`
  return `${head}_${shortHash(hexList(suites))}_${shortHash(extensionText(extensions, signatures))}`
}

/** Server name and ALPN are in the head already, and differ with the destination. */
function extensionText(extensions: readonly number[], signatures: readonly number[]): string {
  const hashed = hexList(extensions.filter((type) => type !== serverName && type !== alpnExtension))
  // "No extensions" is shown as zeroes, even when signature algorithms were given without them.
  return hashed === '' || signatures.length === 0 ? hashed : `${hashed}_${hexList(signatures)}`
}

function sortedWithoutGrease(codes: readonly number[]): readonly number[] {
  return codes.filter((code) => !isGrease(code)).sort((a, b) => a - b)
}

function count(codes: readonly number[]): string {
  return String(Math.min(codes.length, 99)).padStart(2, '0')
}

/** First and last character of the name, or of its hexadecimal form where one is not alphanumeric. */
function alpnCode(name: string | null): string {
  if (name === null || name === '') return '00'
  const first = name.charAt(0)
  const last = name.charAt(name.length - 1)
  if (alphanumeric.test(first) && alphanumeric.test(last)) return first + last
  const hexOf = (character: string) => hex16(character.charCodeAt(0)).slice(2)
  return hexOf(first).charAt(0) + hexOf(last).charAt(1)
}

function hexList(codes: readonly number[]): string {
  return codes.map(hex16).join(',')
}

function shortHash(text: string): string {
  return text === '' ? nothing : hash('sha256', text, 'hex').slice(0, hashLength)
}
