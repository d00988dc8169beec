import { notTlsProblem } from './not-tls.ts'

/**
 * Bytes of one ClientHello, record headers included. A hello with X25519MLKEM768 has about 1.8 KiB;
 * with two more hybrid key shares and a session ticket of 4 KiB it stays below 10 KiB. The bound
 * counts record headers, so that a flood of one-byte records cannot make reading it costly.
 */
export const maxClientHelloBytes = 16_384

/** RFC 8446 5.1: a record holds at most 2^14 bytes of plain text. */
const maxFragmentBytes = 16_384
const recordHeaderBytes = 5
const messageHeaderBytes = 4
const handshakeRecord = 22
const clientHello = 1
/** version, random, empty session id, one suite, one compression method (RFC 5246 7.4.1.2). */
const minBodyBytes = 41

/** Where the handshake message stands in what was received. */
export interface MessagePlace {
  /** Bytes of the message, its header included. */
  readonly length: number
  /** The message goes over more than one record. */
  readonly split: boolean
}

export type RecordsResult =
  | { readonly status: 'incomplete'; readonly expected: number }
  | { readonly status: 'not-tls' | 'malformed'; readonly problem: string }
  | { readonly status: 'complete'; readonly place: MessagePlace }

/** What is known of the message so far. `header`: its first bytes as a number. */
interface Progress {
  have: number
  header: number
  headerBytes: number
  /** Length of the message with its header; 0 until the header is there. */
  need: number
}

/**
 * Walks over the TLS records from the first byte on until one handshake message is whole. Keeps
 * nothing and copies nothing. What cannot become a ClientHello is said at the first byte that
 * shows it. `expected` is the length of the message, or 0 as long as it is not known.
 */
export function walkRecords(bytes: Buffer): RecordsResult {
  const progress: Progress = { have: 0, header: 0, headerBytes: 0, need: 0 }
  let offset = 0
  let records = 0
  while (offset < bytes.length) {
    const problem = recordProblem(bytes, offset)
    if (problem !== null) return records === 0 ? firstRecordProblem(bytes, problem) : malformed(problem)
    const start = offset + recordHeaderBytes
    if (bytes.length < start) break
    const length = bytes.readUInt16BE(offset + 3)
    const available = Math.min(length, bytes.length - start)
    records += 1
    const messageProblem = advance(progress, bytes, start, available, length)
    if (messageProblem !== null) return malformed(messageProblem)
    progress.have += available
    if (progress.need > 0 && progress.have === progress.need) {
      return { status: 'complete', place: { length: progress.need, split: records > 1 } }
    }
    if (available < length) break
    offset = start + length
  }
  return { status: 'incomplete', expected: progress.need }
}

/** Copies the fragments of a whole message together. Only for what walkRecords called complete. */
export function joinRecords(bytes: Buffer, place: MessagePlace): Buffer {
  const message = Buffer.allocUnsafe(place.length)
  let filled = 0
  let offset = 0
  while (filled < place.length) {
    const start = offset + recordHeaderBytes
    const end = start + bytes.readUInt16BE(offset + 3)
    filled += bytes.copy(message, filled, start, end)
    offset = end
  }
  return message
}

/** Judges as much of a record header as is there. */
function recordProblem(bytes: Buffer, offset: number): string | null {
  const present = bytes.length - offset
  if (bytes[offset] !== handshakeRecord) return `a record of type ${bytes[offset]} inside the ClientHello`
  if (present >= 2 && bytes[offset + 1] !== 3)
    return `record version ${bytes[offset + 1]} is no version of TLS`
  if (present < recordHeaderBytes) return null
  const length = bytes.readUInt16BE(offset + 3)
  if (length === 0) return 'an empty handshake record (RFC 8446 5.1)'
  if (length > maxFragmentBytes) return `a record of ${length} bytes (RFC 8446 5.1)`
  return null
}

/** The first two bytes tell TLS from something else; a wrong length after them is broken TLS. */
function firstRecordProblem(bytes: Buffer, problem: string): RecordsResult {
  if (bytes[0] !== handshakeRecord) return { status: 'not-tls', problem: notTlsProblem(bytes) }
  if (bytes.length >= 2 && bytes[1] !== 3) return { status: 'not-tls', problem }
  return malformed(problem)
}

/** Takes the message header from a fragment, and holds the message to its bounds. */
function advance(
  progress: Progress,
  bytes: Buffer,
  start: number,
  available: number,
  length: number,
): string | null {
  for (let at = 0; at < available && progress.headerBytes < messageHeaderBytes; at += 1) {
    progress.header = progress.header * 256 + (bytes[start + at] ?? 0)
    progress.headerBytes += 1
    if (progress.headerBytes === 1 && progress.header !== clientHello) {
      return `handshake message ${progress.header} where the ClientHello belongs`
    }
  }
  if (progress.headerBytes < messageHeaderBytes) return null
  const body = progress.header & 0xffffff
  progress.need = messageHeaderBytes + body
  if (body < minBodyBytes) return `a ClientHello of ${body} bytes is too short`
  if (start + progress.need - progress.have > maxClientHelloBytes) {
    return `a ClientHello of ${body} bytes, or in too many records: over ${maxClientHelloBytes} bytes`
  }
  // RFC 8446 5.1: nothing may follow the ClientHello in its record.
  if (progress.have + length > progress.need) return 'more bytes in the record of the ClientHello than it has'
  return null
}

function malformed(problem: string): RecordsResult {
  return { status: 'malformed', problem }
}
