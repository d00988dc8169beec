import { messageOf } from '../../policy/error.ts'
import { type ExchangeAnswer, type ExchangeRequest, exchange } from '../exchange.ts'
import { AuthorityError } from './authority.ts'

/** How an authority elsewhere is reached. Everything is an operator's, and secrets are read by the caller. */
export interface RemoteTls {
  /** PEM of what the server's certificate must end in; null: the public roots of Node. */
  readonly ca: readonly string[] | null
  /** Client certificate with its chain, and its key, in PEM; null: none. */
  readonly client: { readonly certificate: string; readonly key: string; readonly passphrase?: string } | null
}

export interface RemoteCall {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
  readonly tls: RemoteTls
  /** For the whole call, in milliseconds. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export type RemoteAnswer = ExchangeAnswer

/** A chain of PEM has a few kilobytes, cacerts of a large hierarchy some dozens. */
const maxAnswerBytes = 256 * 1024

/**
 * One request on a connection of its own, without redirects. The server is verified. Rejects with
 * AuthorityError `authority_unavailable`; its message says what went wrong, and never what was sent.
 */
export async function callRemote(call: RemoteCall): Promise<RemoteAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutMs)
  try {
    return await exchange({
      ...call,
      connection: connectionOf(call.tls),
      maxBytes: maxAnswerBytes,
      signal: AbortSignal.any([call.signal, timeout]),
    })
  } catch (cause) {
    const why = timeout.aborted ? `no answer within ${call.timeoutMs} ms` : messageOf(cause)
    throw new AuthorityError('unavailable', `${call.url.host} cannot be asked: ${why}`, { cause })
  }
}

function connectionOf({ ca, client }: RemoteTls): NonNullable<ExchangeRequest['connection']> {
  return {
    ...(ca === null ? {} : { ca: [...ca] }),
    ...(client === null ? {} : { cert: client.certificate, key: client.key }),
    ...(client?.passphrase === undefined ? {} : { passphrase: client.passphrase }),
  }
}

/** Retry-After: seconds, or a date (RFC 9110 10.2.3). null when it is neither. At most a day, in milliseconds. */
export function retryAfterMs(value: string | undefined, now: number): number | null {
  if (value === undefined) return null
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 24 * 60 * 60 * 1000) : null
}

/** What may change without a new request: the time, the load, our own rights and addresses. */
const transient: ReadonlySet<number> = new Set([401, 404, 407, 408, 425, 429])

/**
 * The failure that an answer other than 200 means: 202 (RFC 7030 4.2.3), 401, 404, 408, 429, redirects
 * and 5xx may pass, other 4xx are about the request. The body is not repeated: it is not ours.
 */
export function failureOf(name: string, answer: RemoteAnswer, now: number): AuthorityError {
  const { status, headers } = answer
  const rejected = status >= 400 && status < 500 && !transient.has(status)
  const wait = retryAfterMs(headers['retry-after'], now)
  const message =
    status === 202 ? `authority ${name} has not decided yet` : `authority ${name} answered ${status}`
  return new AuthorityError(
    rejected ? 'rejected' : 'unavailable',
    message,
    wait === null ? {} : { retryAfterMs: wait },
  )
}
