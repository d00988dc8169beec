import { ByteReader } from './byte-reader.ts'
import { type Extensions, readCodeList, readExtensions } from './extensions.ts'

const sslV3 = 0x0300
const versionAndRandomBytes = 34
const maxSessionIdBytes = 32

/** A ClientHello, read but not yet interpreted. GREASE is left out. */
export interface HelloMessage {
  readonly legacyVersion: number
  readonly cipherSuites: readonly number[]
  readonly extensions: Extensions
}

const noExtensions: Extensions = Object.freeze({
  types: [],
  serverName: null,
  groups: [],
  signatureAlgorithms: null,
  alpn: [],
  versions: null,
})

/**
 * Reads the body of a ClientHello between `start` and `end` (RFC 8446 4.1.2, RFC 5246 7.4.1.2). A
 * text says what is wrong with it.
 */
export function readHelloMessage(bytes: Buffer, start: number, end: number): HelloMessage | string {
  const problem = fixedPartProblem(bytes, start, end, end)
  if (problem !== null) return problem
  const reader = new ByteReader(bytes, start, end)
  const legacyVersion = reader.u16()
  reader.skip(versionAndRandomBytes - 2)
  reader.skip(reader.u8())
  const cipherSuites = readCodeList(reader.section(reader.u16()))
  const compression = reader.section(reader.u8())
  if (!offersNoCompression(compression)) return 'no null compression method (RFC 5246 7.4.1.2)'
  // A hello without any extension may end here (RFC 5246 7.4.1.2).
  if (reader.finished) return { legacyVersion, cipherSuites, extensions: noExtensions }
  if (reader.u16() !== reader.remaining) return 'the extensions do not fill the ClientHello'
  const extensions = readExtensions(reader)
  return typeof extensions === 'string' ? extensions : { legacyVersion, cipherSuites, extensions }
}

/**
 * Judges the part before the extensions as far as its bytes are there: `end` is where the message
 * will end, `present` where what was received of it ends.
 */
export function fixedPartProblem(bytes: Buffer, start: number, end: number, present: number): string | null {
  const reader = new ByteReader(bytes, start, present)
  const legacyVersion = reader.u16()
  if (!reader.failed && legacyVersion < sslV3) return 'a protocol version before SSL 3.0'
  reader.skip(versionAndRandomBytes - 2)
  const sessionId = reader.u8()
  if (sessionId > maxSessionIdBytes) return `a session id of ${sessionId} bytes (RFC 5246 7.4.1.2)`
  if (reader.offset + sessionId + 6 > end) return 'the session id is longer than the ClientHello'
  reader.skip(sessionId)
  const suites = reader.u16()
  if (reader.failed) return null
  if (suites === 0 || suites % 2 !== 0) return `a list of cipher suites of ${suites} bytes`
  if (reader.offset + suites + 2 > end) return 'the cipher suites are longer than the ClientHello'
  reader.skip(suites)
  const compression = reader.u8()
  if (reader.failed) return null
  if (compression === 0) return 'an empty list of compression methods'
  if (reader.offset + compression > end) return 'the compression methods are longer than the ClientHello'
  reader.skip(compression)
  return reader.failed ? null : extensionsLengthProblem(reader, end)
}

/** Nothing, or a length of extensions that reaches exactly to the end. */
function extensionsLengthProblem(reader: ByteReader, end: number): string | null {
  if (reader.offset === end) return null
  const length = reader.u16()
  if (reader.failed) return reader.offset + 2 > end ? 'the length of the extensions is cut off' : null
  return reader.offset + length === end ? null : 'the extensions do not fill the ClientHello'
}

function offersNoCompression(methods: ByteReader): boolean {
  while (methods.remaining > 0) if (methods.u8() === 0) return true
  return false
}
