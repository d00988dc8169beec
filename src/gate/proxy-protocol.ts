import { crc32c } from './crc32c.ts'
import { addressText } from './ip-text.ts'

/**
 * Longest header, its fixed part included. Addresses take at most 216 bytes; the TLVs that are
 * seen (authority, unique id, TLS facts with a client certificate, cloud ids) stay below 3 KiB.
 */
export const maxProxyHeaderBytes = 4096

export type ProxyHeaderResult =
  | { readonly status: 'incomplete' }
  | { readonly status: 'invalid'; readonly problem: string }
  | {
      readonly status: 'complete'
      /** Bytes of the header; what follows is the peer's. */
      readonly length: number
      /** null: the connection's own addresses hold (health check, or an address that has no port). */
      readonly source: { readonly address: string; readonly port: number } | null
    }

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const fixedBytes = 16
const local = 0x20
const proxy = 0x21
const tlsHandshake = 22

/** TCP over IPv4 and IPv6: bytes of one address. */
const inet = { 17: 4, 33: 16 } as const
/** Valid, but no TCP address: to be treated like UNSPEC (specification 2.2). Bytes they must have. */
const withoutSource: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x12, 12],
  [0x22, 36],
  [0x31, 216],
  [0x32, 216],
])

const crc32cType = 0x03
const crc32cBytes = 4
const tlvHeaderBytes = 3

const incomplete: ProxyHeaderResult = Object.freeze({ status: 'incomplete' })

/**
 * Reads a PROXY protocol header of version 2 from the first bytes of a connection. Never throws,
 * keeps nothing, and says invalid at the first byte that cannot match. Only for listeners whose
 * peers are trusted to name the address. Source: the PROXY protocol specification, 2.2.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeaderResult {
  const problem = fixedPartProblem(bytes)
  if (problem !== null) return invalid(problem)
  if (bytes.length < fixedBytes) return incomplete
  const length = fixedBytes + bytes.readUInt16BE(14)
  if (bytes.length < length) return incomplete
  const addressBytes = addressSize(bytes)
  // LOCAL: the block and its family are to be discarded, whatever they hold.
  if (bytes[12] === local || addressBytes === null) return { status: 'complete', length, source: null }
  const header = bytes.subarray(0, length)
  const tlvProblem = tlvsProblem(header, fixedBytes + 2 * addressBytes + 4)
  if (tlvProblem !== null) return invalid(tlvProblem)
  const address = addressText(header.subarray(fixedBytes, fixedBytes + addressBytes))
  return {
    status: 'complete',
    length,
    source: { address, port: header.readUInt16BE(fixedBytes + 2 * addressBytes) },
  }
}

/** Judges as much of the first 16 bytes as is there. */
function fixedPartProblem(bytes: Buffer): string | null {
  const present = Math.min(bytes.length, signature.length)
  if (bytes.compare(signature, 0, present, 0, present) !== 0) return signatureProblem(bytes)
  const command = bytes[12]
  if (command !== undefined && command !== local && command !== proxy) {
    return command >> 4 === 2 ? `unknown command ${command & 15}` : `unknown version ${command >> 4}`
  }
  const family = bytes[13]
  if (family !== undefined && command === proxy && smallestBlock(family) === null) {
    return `unknown address family and protocol 0x${family.toString(16).padStart(2, '0')}`
  }
  const high = bytes[14]
  if (high === undefined || family === undefined) return null
  const low = bytes[15]
  const length = (high << 8) | (low ?? 0)
  if (fixedBytes + length > maxProxyHeaderBytes) return `a header of over ${maxProxyHeaderBytes} bytes`
  const smallest = command === proxy ? (smallestBlock(family) ?? 0) : 0
  return low !== undefined && length < smallest
    ? `an address block of ${length} bytes, not ${smallest}`
    : null
}

/** Bytes of one address of a TCP connection; null for other families. */
function addressSize(bytes: Buffer): number | null {
  const family = bytes[13]
  return family === 0x11 || family === 0x21 ? inet[family] : null
}

function smallestBlock(family: number): number | null {
  if (family === 0x11 || family === 0x21) return 2 * inet[family] + 4
  return withoutSource.get(family) ?? null
}

/** Steps over the TLVs (specification 2.2), and checks the checksum where there is one. */
function tlvsProblem(header: Buffer, start: number): string | null {
  let checksumAt = 0
  for (let offset = start; offset < header.length; ) {
    if (offset + tlvHeaderBytes > header.length) return 'a TLV is cut off'
    const value = offset + tlvHeaderBytes
    const length = header.readUInt16BE(offset + 1)
    if (value + length > header.length) return 'a TLV is longer than the header'
    if (header[offset] === crc32cType) {
      if (length !== crc32cBytes || checksumAt > 0) return 'the CRC32C has a wrong length, or comes twice'
      checksumAt = value
    }
    offset = value + length
  }
  return checksumAt === 0 || checksumMatches(header, checksumAt) ? null : 'the CRC32C does not match'
}

/** The checksum goes over the whole header with its own four bytes as zeroes (specification 2.2.3). */
function checksumMatches(header: Buffer, at: number): boolean {
  const before = crc32c(header.subarray(0, at))
  const zeroes = crc32c(new Uint8Array(crc32cBytes), before)
  return crc32c(header.subarray(at + crc32cBytes), zeroes) === header.readUInt32BE(at)
}

function signatureProblem(bytes: Buffer): string {
  if (bytes.toString('latin1', 0, Math.min(5, bytes.length)) === 'PROXY')
    return 'a PROXY header of version 1; the load balancer must send version 2'
  if (bytes[0] === tlsHandshake) return 'a TLS handshake without a PROXY header'
  return 'no PROXY protocol signature'
}

function invalid(problem: string): ProxyHeaderResult {
  return { status: 'invalid', problem }
}
