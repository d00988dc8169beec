import { randomUUID } from 'node:crypto'
import net from 'node:net'
import tls from 'node:tls'
import { messageOf } from '../policy/error.ts'
import type { ReadBuffer } from './read-buffer.ts'
import { handleOf, takeReads } from './socket-handle.ts'
import { readUpgradeAnswer, type UpgradeAnswer } from './upgrade-answer.ts'

/** An answer with a longer head than this is not waited for. */
const maxHeadBytes = 16_384

export interface UpstreamTarget {
  readonly host: string
  readonly port: number
  /** Value of the Host header. */
  readonly authority: string
  /** Of the URL, without a slash at its end. */
  readonly path: string
  readonly secure: boolean
  /** PEM of the roots for wss; undefined: those of Node. */
  readonly ca: string | undefined
}

export interface UpstreamRequest {
  /** Request target: path of the central system, '/' and the identity as it came. */
  readonly path: string
  readonly protocols: readonly string[]
  /** Header fields beside those of the handshake; names and values are checked already. */
  readonly headers: readonly (readonly [string, string])[]
  readonly timeoutMs: number
}

export type UpstreamOutcome =
  | { readonly kind: 'open'; readonly link: UpstreamLink; readonly protocol: string | null }
  /** It answered, but not with 101. */
  | { readonly kind: 'refused'; readonly status: number; readonly headers: ReadonlyMap<string, string> }
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'timeout'; readonly detail: string }
  /** The caller does not want it any more. */
  | { readonly kind: 'aborted' }

/** An open WebSocket connection to the central system, as bytes. It is paused until `start`. */
export interface UpstreamLink {
  readonly socket: net.Socket
  /** What came is given to `receive`, valid during the call; it says whether to go on reading. */
  start(receive: (chunk: Buffer) => boolean): void
}

/**
 * Dials the central system and asks for the upgrade (OCPP-J 3.2, RFC 6455 4.1). Never throws. With
 * 'open', bytes that came right behind the answer are kept for `start`. `signal` ends an attempt that
 * is under way, and nothing after it.
 */
export function dial(
  target: UpstreamTarget,
  request: UpstreamRequest,
  readBuffer: ReadBuffer,
  signal?: AbortSignal,
): Promise<UpstreamOutcome> {
  if (signal?.aborted) return Promise.resolve({ kind: 'aborted' })
  return new Promise((resolve) => {
    const key = nonce()
    const reader = new LinkReader()
    let head: Buffer = Buffer.alloc(0)
    reader.receive = (chunk) => {
      head = Buffer.concat([head, chunk])
      const answer = readUpgradeAnswer(head, maxHeadBytes, key, request.protocols)
      if (answer !== null) settle(answer)
      return answer === null
    }
    const socket = connect(target, onreadOf(reader, readBuffer))
    const timer = setTimeout(
      () => fail('timeout', `no answer within ${request.timeoutMs} ms`),
      request.timeoutMs,
    )
    const onError = (error: Error) => fail('unreachable', detailOf(error))
    const onEnd = () => fail('unreachable', 'the central system closed the connection without an answer')
    const onAbort = () => finish({ kind: 'aborted' })
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.on('error', onError)
    socket.on('end', onEnd)
    socket.on('close', onEnd)
    socket.once(target.secure ? 'secureConnect' : 'connect', () => {
      socket.setNoDelay(true)
      socket.setKeepAlive(true, 60_000)
      socket.write(requestHead(target, request, key))
    })

    let settled = false
    function finish(outcome: UpstreamOutcome): void {
      if (settled) return
      settled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('end', onEnd)
      socket.off('close', onEnd)
      socket.off('error', onError)
      // Until a session listens, nobody else does, and an error without a listener ends the process.
      socket.on('error', ignore)
      if (outcome.kind !== 'open') socket.destroy()
      resolve(outcome)
    }
    function fail(kind: 'unreachable' | 'timeout', detail: string): void {
      finish({ kind, detail })
    }
    function settle(answer: UpgradeAnswer): void {
      switch (answer.kind) {
        case 'open':
          socket.pause()
          reader.hold(answer.rest)
          finish({ kind: 'open', protocol: answer.protocol, link: linkOf(socket, reader, readBuffer) })
          break
        case 'refused':
          finish({ kind: 'refused', status: answer.status, headers: answer.headers })
          break
        case 'invalid':
          fail('unreachable', answer.problem)
          break
        default:
          answer satisfies never
      }
    }
  })
}

/**
 * What reads from an upstream socket. It lives as long as the socket, and keeps nothing of the
 * dialling: no headers, no passwords.
 */
class LinkReader {
  /** Null: what comes has to wait. */
  receive: ((chunk: Buffer) => boolean) | null = null
  #early: Buffer = Buffer.alloc(0)

  /** False: do not read on. TLS hands out what it has decrypted all the same. */
  take(chunk: Buffer): boolean {
    if (this.receive !== null) return this.receive(chunk)
    this.#early = Buffer.concat([this.#early, chunk])
    return false
  }

  hold(early: Buffer): void {
    this.receive = null
    this.#early = early
  }

  start(socket: net.Socket, buffer: ReadBuffer, receive: (chunk: Buffer) => boolean): void {
    this.receive = receive
    // The same without Node's steps in between, which a relay takes for every message.
    const handle = handleOf(socket)
    if (handle !== null) {
      takeReads(handle, (length) => {
        if (!this.take(buffer.take(length))) socket.pause()
      })
    }
    const early = this.#early
    this.#early = Buffer.alloc(0)
    if (early.length === 0 || receive(early)) socket.resume()
  }
}

function onreadOf(reader: LinkReader, buffer: ReadBuffer): OnRead {
  return {
    buffer: buffer.bytes,
    callback: (length) => reader.take(buffer.take(length)),
  }
}

function linkOf(socket: net.Socket, reader: LinkReader, buffer: ReadBuffer): UpstreamLink {
  return { socket, start: (receive) => reader.start(socket, buffer, receive) }
}

interface OnRead {
  readonly buffer: Buffer
  readonly callback: (length: number) => boolean
}

/**
 * Sec-WebSocket-Key: 16 bytes that nobody had before (RFC 6455 4.1). Node keeps random bytes for UUIDs in
 * store, which is ten times cheaper than to ask for 16.
 */
function nonce(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64')
}

/** The errors of several addresses come as one without a message of its own. */
function detailOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  return messageOf(first ?? error)
}

function ignore(): void {}

function connect(target: UpstreamTarget, onread: OnRead): net.Socket {
  const { host, port } = target
  if (!target.secure) return net.connect({ host, port, onread, allowHalfOpen: true })
  // `onread` is handed on to the socket; the types of tls do not know it.
  const options: tls.ConnectionOptions & { onread: OnRead } = {
    host,
    port,
    onread,
    minVersion: 'TLSv1.2',
  }
  if (net.isIP(host) === 0) options.servername = host
  if (target.ca !== undefined) options.ca = target.ca
  return tls.connect(options)
}

function requestHead(target: UpstreamTarget, request: UpstreamRequest, key: string): string {
  const lines = [
    `GET ${request.path} HTTP/1.1`,
    `Host: ${target.authority}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
  ]
  if (request.protocols.length > 0) lines.push(`Sec-WebSocket-Protocol: ${request.protocols.join(', ')}`)
  for (const [name, value] of request.headers) lines.push(`${name}: ${value}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
