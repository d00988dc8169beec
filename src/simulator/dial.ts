import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContext, TLSSocket } from 'node:tls'
import { type ClientOptions, WebSocket } from 'ws'
import { messageLimits } from '../ocpp/message.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import { readCloseCode } from './early-close.ts'
import { ConnectRefusal, type ConnectStage, refusalOf } from './refusal.ts'

/** What the charge point knows of the TLS connection that it has. */
export interface TlsSeen {
  readonly version: string
  /** OpenSSL's name. */
  readonly cipher: string
  readonly resumed: boolean
}

export interface Dialed {
  readonly socket: WebSocket
  readonly tls: TlsSeen | null
  readonly httpHeaders: IncomingHttpHeaders
}

export interface DialOptions {
  /** ws:// or wss://, identity included. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly subprotocols: readonly string[]
  readonly context: SecureContext | null
  readonly servername?: string | undefined
  /** Profile 3: who does not ask for the certificate has accepted another profile (A00.FR.003). */
  readonly mustAskForCertificate: boolean
  readonly session?: Buffer | undefined
  /** Every new ticket, also those that come after the handshake (TLS 1.3). */
  readonly onSession?: (session: Buffer) => void
  /** From the first SYN to the end of the upgrade. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Called in the moment of opening, so that no message is missed. */
  readonly onOpen: (dialed: Dialed) => void
}

interface Progress {
  stage: ConnectStage
}

const bodyLimit = 16_384
const closeTimeoutMs = 2000

/**
 * Connects step by step (TCP, TLS, HTTP, WebSocket), so that a refusal can be told to the step.
 * @throws ConnectRefusal
 */
export async function dial(options: DialOptions): Promise<Dialed> {
  const url = urlOf(options.url)
  const secure = url.protocol === 'wss:'
  const progress: Progress = { stage: 'tcp' }
  const socket = openSocket(url, options)
  // Errors after the attempt have their own listeners; this one only keeps a late error from ending the process.
  socket.on('error', () => {})
  const abort = (): void => void socket.destroy(new ProxyError('aborted', 'operator', 'given up'))
  const timer = setTimeout(() => {
    socket.destroy(
      Object.assign(new Error(`no answer within ${options.timeoutMs} ms`), { code: 'ETIMEDOUT' }),
    )
  }, options.timeoutMs)
  options.signal?.addEventListener('abort', abort, { once: true })
  if (options.signal?.aborted === true) abort()
  try {
    await connected(socket, secure, progress)
    const tls = socket instanceof TLSSocket ? judgeServer(socket, options) : null
    progress.stage = 'http'
    return await upgrade(socket, url, tls, options)
  } catch (error) {
    socket.destroy()
    throw refusalOf(error, progress.stage, secure)
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', abort)
  }
}

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !['ws:', 'wss:'].includes(url.protocol)) {
    throw new ProxyError('url_invalid', 'operator', 'the URL must start with ws:// or wss://')
  }
  return url
}

function openSocket(url: URL, options: DialOptions): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const secure = url.protocol === 'wss:'
  const port = Number(url.port) || (secure ? 443 : 80)
  if (!secure) return connectTcp({ host, port, noDelay: true })
  // RFC 6066 3: an address is never sent as a server name.
  const servername = options.servername ?? (isIP(host) === 0 ? host : undefined)
  const tls: ConnectionOptions = {
    host,
    port,
    // Node would hide the reason; judgeServer refuses instead.
    rejectUnauthorized: false,
    ...(options.context === null ? {} : { secureContext: options.context }),
    ...(servername === undefined ? {} : { servername }),
    ...(options.session === undefined ? {} : { session: options.session }),
  }
  const socket = connectTls(tls)
  socket.setNoDelay(true)
  if (options.onSession !== undefined) socket.on('session', options.onSession)
  return socket
}

function connected(socket: Socket, secure: boolean, progress: Progress): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    const done = (): void => {
      socket.off('error', reject).off('close', onClose)
      resolve()
    }
    socket.once('error', reject).once('close', onClose)
    socket.once('connect', () => {
      if (secure) progress.stage = 'tls'
      else done()
    })
    if (secure) socket.once('secureConnect', done)
  })
}

/** A00.FR.307 and 411: the path; A00.FR.308 and 412: the name; A00.FR.310: terminate. */
function judgeServer(socket: TLSSocket, { mustAskForCertificate }: DialOptions): TlsSeen {
  if (!socket.authorized) {
    const error: unknown = socket.authorizationError
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new ConnectRefusal({
      stage: 'tls',
      detail: `server certificate refused: ${messageOf(error)}`,
      errorCode: typeof code === 'string' ? code : null,
      securityEvent: 'InvalidCentralSystemCertificate',
    })
  }
  if (mustAskForCertificate && !wasAsked(socket)) {
    throw new ConnectRefusal({
      stage: 'tls',
      detail: 'the server did not ask for a certificate: this is not security profile 3 (A00.FR.003)',
      errorCode: 'PROFILE_MISMATCH',
    })
  }
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    resumed: socket.isSessionReused(),
  }
}

/**
 * A request for a certificate names signature algorithms from TLS 1.2 on (RFC 5246 7.4.4, RFC 8446 4.3.2), and a
 * client shares none with a server by any other message. A resumed session was asked for it at its beginning.
 */
function wasAsked(socket: TLSSocket): boolean {
  const version = socket.getProtocol()
  const isTold = version === 'TLSv1.2' || version === 'TLSv1.3'
  return !isTold || socket.isSessionReused() || socket.getSharedSigalgs().length > 0
}

function upgrade(socket: Socket, url: URL, tls: TlsSeen | null, options: DialOptions): Promise<Dialed> {
  let refuse = (_refusal: ConnectRefusal): void => {}
  const clientOptions: ClientOptions & { closeTimeout: number } = {
    headers: { ...options.headers },
    createConnection: () => socket,
    perMessageDeflate: false,
    maxPayload: messageLimits.textLength,
    closeTimeout: closeTimeoutMs,
    finishRequest(request) {
      if (options.subprotocols.length > 0) watchSubprotocol(request, (refusal) => refuse(refusal))
      request.end()
    },
  }
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, [...options.subprotocols], clientOptions)
    let answer: IncomingMessage | null = null
    refuse = reject
    webSocket.once('upgrade', (response) => {
      answer = response
    })
    webSocket.once('unexpected-response', (_request, response) => {
      refusedByHttp(response).then(reject, reject)
    })
    webSocket.on('error', (error) => {
      if (answer === null) return reject(error)
      const { statusCode, headers } = answer
      reject(
        new ConnectRefusal(
          { stage: 'websocket', detail: error.message, httpStatus: statusCode ?? null, httpHeaders: headers },
          { cause: error },
        ),
      )
    })
    webSocket.once('open', () => {
      const dialed: Dialed = { socket: webSocket, tls, httpHeaders: answer?.headers ?? {} }
      options.onOpen(dialed)
      resolve(dialed)
    })
  })
}

/**
 * An upgrade without a sub-protocol is kept from ws, which would end it before the close frame behind it has
 * been read (OCPP-J 1.6 3.2).
 */
function watchSubprotocol(request: ClientRequest, refuse: (refusal: ConnectRefusal) => void): void {
  const listeners = request.listeners('upgrade')
  request.removeAllListeners('upgrade')
  request.once('upgrade', (response, socket, head) => {
    if (response.headers['sec-websocket-protocol'] !== undefined) {
      for (const listener of listeners) listener.call(request, response, socket, head)
      return
    }
    const { statusCode, headers } = response
    void readCloseCode(socket, head).then((closeCode) => {
      const detail = 'no sub-protocol in the answer'
      const httpStatus = statusCode ?? null
      refuse(new ConnectRefusal({ stage: 'websocket', detail, httpStatus, httpHeaders: headers, closeCode }))
    })
  })
}

/** Reads the body up to its bound; a body that breaks off is reported as far as it came. */
async function refusedByHttp(response: IncomingMessage): Promise<ConnectRefusal> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= bodyLimit) break
    }
  } catch {
    // The status is what counts.
  }
  return new ConnectRefusal({
    stage: 'http',
    detail: `HTTP ${response.statusCode} ${response.statusMessage ?? ''}`.trimEnd(),
    httpStatus: response.statusCode ?? null,
    httpHeaders: response.headers,
    body: Buffer.concat(chunks).subarray(0, bodyLimit).toString(),
  })
}
