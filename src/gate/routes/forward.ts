import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { createProxyServer, type ProxyServer } from 'http-proxy'
import type { ListenerConfig } from '../../config/schema.ts'
import { hopHeaders, passedRequestHeaders } from '../../policy/route.ts'
import { bodyLimit, bodyTooLarge } from './body-limit.ts'

export type RouteConfig = ListenerConfig['routes'][number]

/** What came of a request, for the metric and the log. */
export interface Forwarded {
  readonly status: number
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Null: nothing went wrong. */
  readonly problem: string | null
}

export interface ForwardRequest {
  readonly message: http.IncomingMessage
  readonly response: http.ServerResponse
  /** What follows the path of the route. */
  readonly rest: string
  /** Header fields to set. */
  readonly headers: readonly (readonly [string, string])[]
  readonly connectTimeoutMs: number
}

/** Idle connections to a target that are kept. */
const maxFreeSockets = 16
const maxSockets = 256

/** One route of a listener: its target, and the connections to it. */
export class RouteForwarder {
  readonly #route: RouteConfig
  readonly #proxy: ProxyServer
  readonly #agent: http.Agent
  readonly #origin: string
  readonly #base: string
  /** What is under way: the request to the target, and the bytes of its answer so far. */
  readonly #open = new WeakMap<
    http.IncomingMessage,
    { onward: http.ClientRequest | null; sentBytes: number; readonly fail: (error: Error) => void }
  >()

  /** Throws the error of reading `ca`. */
  constructor(route: RouteConfig) {
    this.#route = route
    const target = new URL(route.target)
    this.#origin = target.origin
    this.#base = target.pathname.replace(/\/$/, '')
    const sockets = { keepAlive: true, maxFreeSockets, maxSockets }
    const ca = route.ca === undefined ? {} : { ca: readFileSync(route.ca) }
    this.#agent =
      target.protocol === 'https:'
        ? new https.Agent({ ...sockets, ...ca, minVersion: 'TLSv1.2' })
        : new http.Agent(sockets)
    this.#proxy = createProxyServer({})
    // RFC 9110 7.6.1: what the target says about its own connection is not for the client; ours ends here.
    this.#proxy.on('proxyReq', (onward, message) => {
      const open = this.#open.get(message)
      if (open === undefined) return
      open.onward = onward
      // Nobody asked for that: without a listener Node would leave the request without an end.
      onward.once('upgrade', (_answer, socket) => {
        socket.destroy()
        open.fail(new Error('the target switches protocols'))
      })
    })
    this.#proxy.on('proxyRes', (answer, message, response) => {
      const open = this.#open.get(message)
      answer.on('data', (chunk: Buffer) => {
        if (open !== undefined) open.sentBytes += chunk.length
      })
      // Half an answer must not look like a whole one.
      answer.once('close', () => {
        if (!answer.complete) response.destroy()
      })
      for (const name of hopHeaders(answer.headers.connection)) delete answer.headers[name]
      answer.headers.connection = 'close'
    })
  }

  /** Sends a request on, and its answer back. Never rejected. */
  forward(request: ForwardRequest): Promise<Forwarded> {
    const { message, response } = request
    const { maxBodyBytes, timeout, maxDuration } = this.#route
    return new Promise((resolve) => {
      let receivedBytes = 0
      let problem: string | null = null
      const body = bodyLimit(maxBodyBytes, (bytes) => (receivedBytes += bytes))
      const fail = (error: NodeJS.ErrnoException) => {
        if (problem !== null) return
        problem = error.code ?? error.message
        // The target must not wait for the rest of a body that does not come.
        open.onward?.destroy()
        answerFailure(response, statusOf(problem))
      }
      const timer = setTimeout(() => fail(new Error('maxDuration is over')), maxDuration)
      const open = { onward: null as http.ClientRequest | null, sentBytes: 0, fail }
      this.#open.set(message, open)
      response.once('close', () => {
        clearTimeout(timer)
        if (!response.writableFinished) problem ??= 'the client has gone'
        resolve({ status: response.statusCode, sentBytes: open.sentBytes, receivedBytes, problem })
      })
      // On the answer: where only the socket is asked, Node's HTTP server ends it before the client is told.
      response.setTimeout(timeout, () => fail(new Error('neither side says anything')))
      response.shouldKeepAlive = false
      // No pipeline: that would end the connection before the client has its answer.
      body.once('error', (error) => {
        message.unpipe(body).resume()
        fail(error)
      })
      message.once('aborted', () => body.destroy())
      message.pipe(body)
      message.url = `${this.#base}${request.rest}` || '/'
      message.headers = headersOf(message, request.headers)
      const options = {
        target: this.#origin,
        agent: this.#agent,
        buffer: body,
        changeOrigin: true,
        connectTimeout: request.connectTimeoutMs,
        proxyTimeout: timeout,
      }
      this.#proxy.web(message, response, options, (error: NodeJS.ErrnoException) => fail(error))
    })
  }

  /** No requests come any more; those under way end by themselves, and nothing is kept behind them. */
  retire(): void {
    this.#agent.maxFreeSockets = 0
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy()
    }
  }
}

/** Without a length a body goes on in chunks, as it came (RFC 9112 6.1). */
function headersOf(
  message: http.IncomingMessage,
  more: readonly (readonly [string, string])[],
): http.IncomingHttpHeaders {
  const headers: http.IncomingHttpHeaders = passedRequestHeaders(message.headers)
  headers.host = message.headers.host
  if (message.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked'
  for (const [name, value] of more) headers[name.toLowerCase()] = value
  return headers
}

function statusOf(problem: string): number {
  switch (problem) {
    case bodyTooLarge:
      return 413
    case 'ECONNRESET':
    case 'ECONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 504
    default:
      return 502
  }
}

/** An answer that has begun cannot be taken back: its end without its length says that it is broken. */
function answerFailure(response: http.ServerResponse, status: number): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' }
  response.writeHead(status, headers).end(`${http.STATUS_CODES[status] ?? 'failed'}\n`)
}
