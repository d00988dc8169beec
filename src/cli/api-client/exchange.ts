import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { messageOf, ProxyError } from '../../policy/error.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ApiRequest {
  readonly method: Method
  /** Absolute. */
  readonly url: URL
  readonly token: string | null
  /** Sent as JSON. */
  readonly body?: unknown
  /** Milliseconds for all of it. */
  readonly timeoutMs: number
}

export interface ApiAnswer {
  readonly status: number
  /** Parsed; undefined when there was none. */
  readonly body: unknown
}

/** A page of the API is far smaller; whatever is larger is not ours. */
const maxAnswerBytes = 32 * 1024 * 1024

/**
 * One request with its answer. Throws ProxyError `no_proxy` (nobody listens there), `api_unreachable`
 * (no answer, or not in time) or `api_foreign` (who listens there is no such proxy). Not `fetch`: that
 * gives up after five minutes, and an operation on a charge point may take longer.
 */
export async function exchange(request: ApiRequest): Promise<ApiAnswer> {
  const { method, url, token, body, timeoutMs } = request
  const content = body === undefined ? null : Buffer.from(JSON.stringify(body))
  const options: RequestOptions = {
    method,
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      accept: 'application/json',
      // A header is bytes: the server reads the token as UTF-8.
      ...(token === null ? {} : { authorization: `Bearer ${Buffer.from(token).toString('latin1')}` }),
      ...(content === null ? {} : { 'content-type': 'application/json', 'content-length': content.length }),
    },
  }
  try {
    const response = await send(url, options, content)
    const text = await readText(response)
    return { status: response.statusCode ?? 0, body: parseJson(url, response, text) }
  } catch (error) {
    throw error instanceof ProxyError ? error : failure(error, url, timeoutMs)
  }
}

/** The request alone: whoever calls reads the answer. Throws what the socket throws. */
export function send(url: URL, options: RequestOptions, content: Buffer | null): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
  request.once('response', resolve).once('error', reject)
  // Without a listener Node would leave the request without an end.
  request.once('upgrade', (_answer, socket) => {
    socket.destroy()
    reject(new Error('the server switches protocols'))
  })
  request.end(content ?? undefined)
  return promise
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxAnswerBytes) throw new Error(`the answer is over ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parseJson(url: URL, response: IncomingMessage, text: string): unknown {
  if (text === '' && response.statusCode === 204) return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ProxyError(
      'api_foreign',
      'operator',
      `${url.origin} answers, but is no ocpp-security-proxy (HTTP ${response.statusCode ?? 0}, no JSON)`,
      { cause },
    )
  }
}

/** What was thrown on the way to the API, in words. */
export function failure(cause: unknown, url: URL, timeoutMs: number): ProxyError {
  if (isRefused(cause)) {
    return new ProxyError('no_proxy', 'operator', `no proxy runs at ${url.origin} (connection refused)`, {
      cause,
    })
  }
  const isLate = cause instanceof Error && (cause.name === 'AbortError' || cause.name === 'TimeoutError')
  const text = isLate ? `no answer within ${Math.round(timeoutMs / 1000)} seconds` : messageOf(cause)
  return new ProxyError('api_unreachable', 'operator', `the admin API at ${url.origin}: ${text}`, { cause })
}

/** A name such as localhost is tried on each of its addresses; then every one must have refused. */
function isRefused(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isRefused)
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
}
