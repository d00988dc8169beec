import type { HelloFacts } from '../policy/facts.ts'
import { fixedPartProblem, type HelloMessage, readHelloMessage } from './hello/message.ts'
import { joinRecords, walkRecords } from './hello/records.ts'
import { highestVersion, offeredVersions } from './hello/versions.ts'
import { ja4 } from './ja4.ts'

export { maxClientHelloBytes } from './hello/records.ts'

export type HelloResult =
  | { readonly status: 'incomplete' }
  | { readonly status: 'not-tls' | 'malformed'; readonly problem: string }
  | { readonly status: 'complete'; readonly hello: HelloFacts }

/** In a record of its own, the body follows the headers of the record and of the message. */
const messageStart = 5
const messageHeaderBytes = 4

const incomplete: HelloResult = Object.freeze({ status: 'incomplete' })

/**
 * Reads the ClientHello from everything that was received on a connection, after the PROXY header.
 * To be called again with more bytes as long as it is incomplete, which ends after
 * `maxClientHelloBytes` at the latest. Never throws, keeps nothing, and does not change the bytes:
 * they belong to OpenSSL. The outcome does not depend on how the bytes were split into segments,
 * nor the facts on how the message was split into records. Problems are for operators and quote
 * nothing that the peer sent but numbers. Source: RFC 8446 4.1.2 and 5.1, RFC 5246 7.4.1.2.
 */
export function readClientHello(bytes: Buffer): HelloResult {
  const records = walkRecords(bytes)
  switch (records.status) {
    case 'incomplete':
      return records.expected > 0 ? earlyVerdict(bytes, records.expected) : incomplete
    case 'not-tls':
    case 'malformed':
      return { status: records.status, problem: records.problem }
    case 'complete': {
      const { length, split } = records.place
      const message = split
        ? readHelloMessage(joinRecords(bytes, records.place), messageHeaderBytes, length)
        : readHelloMessage(bytes, messageStart + messageHeaderBytes, messageStart + length)
      return typeof message === 'string' ? malformed(message) : interpret(message)
    }
  }
}

/** A broken start in the first record is refused before the rest has come. */
function earlyVerdict(bytes: Buffer, length: number): HelloResult {
  const start = messageStart + messageHeaderBytes
  const firstRecordEnd = messageStart + bytes.readUInt16BE(3)
  const problem = fixedPartProblem(bytes, start, messageStart + length, firstRecordEnd)
  return problem === null ? incomplete : malformed(problem)
}

function interpret(message: HelloMessage): HelloResult {
  const { extensions, cipherSuites } = message
  const highest = highestVersion(message)
  if (highest === null) return malformed('supported_versions names no version of TLS that exists')
  const versions = offeredVersions(message)
  const hello: HelloFacts = {
    highestVersion: highest,
    versions,
    cipherSuites,
    groups: extensions.groups,
    signatureAlgorithms: extensions.signatureAlgorithms,
    serverName: extensions.serverName,
    alpn: extensions.alpn,
    // For records of refusals, which most connections never need.
    get ja4() {
      return ja4({
        version: Math.max(...versions),
        cipherSuites,
        extensions: extensions.types,
        alpn: extensions.alpn[0] ?? null,
        signatureAlgorithms: extensions.signatureAlgorithms ?? [],
      })
    },
  }
  return { status: 'complete', hello }
}

function malformed(problem: string): HelloResult {
  return { status: 'malformed', problem }
}
