import { createHmac } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { messageOf } from '../../policy/error.ts'
import type { SecurityEventRecord } from '../../store/store.ts'
import { delivered, eventView, failed, type Sink, type SinkOutcome } from './sink.ts'

export interface WebhookSinkConfig {
  readonly url: string
  /** Of the signature; null: none. */
  readonly secret: string | null
  /** Events of one request at the most. */
  readonly batch: number
  /** Milliseconds for one request, from dialling to the end of its answer. */
  readonly timeout: number
}

/** Bytes of an answer that are read; nothing in them matters. */
const maxAnswerBytes = 65_536
/** A Retry-After is followed up to here, in milliseconds. */
const maxRetryAfterMs = 3_600_000

export interface WebhookDeps {
  /** PEM of the roots; undefined: those of Node. */
  readonly ca: string | undefined
  readonly now: () => number
}

/**
 * POSTs JSON arrays. Signed: `Ocpp-Proxy-Signature` is "sha256=" and the HMAC-SHA256, in hexadecimal, of
 * the value of `Ocpp-Proxy-Timestamp` (seconds since the epoch), a dot and the body. A receiver drops old
 * timestamps, and tells repeats by the events' ids. Any 2xx is a confirmation; redirects are not followed.
 */
export class WebhookSink implements Sink {
  readonly batch: number
  readonly #config: WebhookSinkConfig
  readonly #deps: WebhookDeps

  constructor(config: WebhookSinkConfig, deps: WebhookDeps) {
    this.batch = config.batch
    this.#config = config
    this.#deps = deps
  }

  send(events: readonly SecurityEventRecord[], signal: AbortSignal): Promise<SinkOutcome> {
    if (signal.aborted) return Promise.resolve(failed('aborted'))
    const body = JSON.stringify(events.map(eventView))
    return new Promise((resolve) => {
      const { timeout, url } = this.#config
      const secure = url.toLowerCase().startsWith('https:')
      const finish = (outcome: SinkOutcome) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        resolve(outcome)
        request.destroy()
      }
      const onAbort = () => finish(failed('aborted'))
      const timer = setTimeout(() => finish(failed(`no answer within ${timeout} ms`)), timeout)
      const request = (secure ? https : http).request(url, {
        method: 'POST',
        headers: this.#headers(body),
        // A connection of its own: nothing of it stays behind.
        agent: false,
        ...(secure ? { minVersion: 'TLSv1.2' as const } : {}),
        ...(secure && this.#deps.ca !== undefined ? { ca: this.#deps.ca } : {}),
      })
      signal.addEventListener('abort', onAbort)
      request.on('error', (error) => finish(failed(messageOf(error))))
      request.on('response', (response) => {
        const outcome = outcomeOf(response, this.#deps.now())
        let length = 0
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > maxAnswerBytes) finish(outcome)
        })
        response.on('error', () => finish(outcome))
        response.on('close', () => finish(outcome))
      })
      request.end(body)
    })
  }

  async close(): Promise<void> {}

  #headers(body: string): Record<string, string | number> {
    const timestamp = String(Math.floor(this.#deps.now() / 1000))
    const { secret } = this.#config
    const signature = (key: string) => createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex')
    return {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'User-Agent': 'ocpp-security-proxy',
      Connection: 'close',
      'Ocpp-Proxy-Timestamp': timestamp,
      ...(secret === null ? {} : { 'Ocpp-Proxy-Signature': `sha256=${signature(secret)}` }),
    }
  }
}

function outcomeOf({ statusCode = 0, headers }: http.IncomingMessage, now: number): SinkOutcome {
  if (statusCode >= 200 && statusCode < 300) return delivered
  const retryAfterMs = parseRetryAfter(headers['retry-after'], now)
  const busy = statusCode === 408 || statusCode === 429 || statusCode >= 500
  return {
    kind: 'failed',
    detail: `the answer was HTTP ${statusCode}`,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(busy ? {} : { needsOperator: true }),
  }
}

/** RFC 9110 10.2.3: seconds, or a date. Milliseconds; null: nothing that can be understood. */
export function parseRetryAfter(text: string | undefined, now: number): number | null {
  if (text === undefined) return null
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), maxRetryAfterMs)
}
