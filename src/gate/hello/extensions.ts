import type { ByteReader } from './byte-reader.ts'
import { isGrease } from './code-points.ts'

const serverName = 0
const supportedGroups = 10
const signatureAlgorithms = 13
const alpn = 16
const supportedVersions = 43

/** RFC 6066 3: type of a DNS host name; RFC 1035 2.3.4: its longest form. */
const hostName = 0
const maxHostNameBytes = 255
/** What may go into a log line and a header without escaping. */
const visibleAscii = /^[\x21-\x7e]+$/

/** What the extensions say; GREASE is left out. null: the extension is absent. */
export interface Extensions {
  /** Types in the order in which they came. */
  readonly types: readonly number[]
  readonly serverName: string | null
  readonly groups: readonly number[]
  readonly signatureAlgorithms: readonly number[] | null
  readonly alpn: readonly string[]
  readonly versions: readonly number[] | null
}

type Known = { -readonly [Key in keyof Omit<Extensions, 'types'>]: Extensions[Key] }

/** Reads the extensions to the end of `reader`; a text says what is wrong with them. */
export function readExtensions(reader: ByteReader): Extensions | string {
  const types: number[] = []
  const seen = new Set<number>()
  const known: Known = { serverName: null, groups: [], signatureAlgorithms: null, alpn: [], versions: null }
  while (reader.remaining > 0) {
    const type = reader.u16()
    const content = reader.section(reader.u16())
    if (reader.failed) return 'an extension is longer than the ClientHello'
    if (seen.has(type)) return `extension ${type} comes twice (RFC 8446 4.2)`
    seen.add(type)
    if (isGrease(type)) continue
    types.push(type)
    if (!readKnown(known, type, content)) return `extension ${type} cannot be read`
  }
  return { types, ...known }
}

/** Reads the content of the extensions that we need, others pass. False: it is broken. */
function readKnown(known: Known, type: number, content: ByteReader): boolean {
  switch (type) {
    case serverName:
      known.serverName = readServerName(content)
      return known.serverName !== null
    case supportedGroups: {
      const groups = readCodes(content, content.u16())
      if (groups !== null) known.groups = groups
      return groups !== null
    }
    case signatureAlgorithms:
      known.signatureAlgorithms = readCodes(content, content.u16())
      return known.signatureAlgorithms !== null
    case alpn: {
      const names = readAlpn(content)
      if (names !== null) known.alpn = names
      return names !== null
    }
    case supportedVersions:
      known.versions = readCodes(content, content.u8())
      return known.versions !== null
    default:
      return true
  }
}

/** A list of 16-bit codes that fills its extension: never empty (RFC 8446 4.2.1, 4.2.3, 4.2.7). */
function readCodes(content: ByteReader, bytes: number): readonly number[] | null {
  if (bytes === 0 || bytes % 2 !== 0 || bytes !== content.remaining) return null
  return readCodeList(content)
}

/** All 16-bit codes up to the end of `reader`, GREASE left out. */
export function readCodeList(reader: ByteReader): readonly number[] {
  const codes: number[] = []
  while (reader.remaining >= 2) {
    const code = reader.u16()
    if (!isGrease(code)) codes.push(code)
  }
  return codes
}

/** RFC 6066 3. The first host name; null when there is none that is fit to be shown. */
function readServerName(content: ByteReader): string | null {
  const bytes = content.u16()
  if (bytes !== content.remaining) return null
  let name: string | null = null
  while (content.remaining > 0) {
    const type = content.u8()
    const text = content.text(content.u16())
    if (content.failed) return null
    if (type === hostName && name === null) name = text
  }
  return name !== null && name.length <= maxHostNameBytes && visibleAscii.test(name) ? name : null
}

/** RFC 7301 3.1: names of one byte or more. One character stands for one byte. */
function readAlpn(content: ByteReader): readonly string[] | null {
  const bytes = content.u16()
  if (bytes === 0 || bytes !== content.remaining) return null
  const names: string[] = []
  while (content.remaining > 0) {
    const name = content.text(content.u8())
    if (content.failed || name.length === 0) return null
    names.push(name)
  }
  return names
}
