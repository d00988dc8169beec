import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { messageOf } from '../../policy/error.ts'
import { AnswerTooLarge, exchange } from '../exchange.ts'
import type { AddressRule, HostRule } from './addresses.ts'

export type HttpRequest =
  | {
      readonly method: 'GET'
      readonly url: string
      /** Gets the body piece by piece in place of the result, which is empty then: for what is large. */
      readonly sink?: (chunk: Buffer) => void
    }
  | {
      readonly method: 'POST'
      readonly url: string
      readonly body: Buffer
      readonly contentType: string
    }

export type FetchProblemCode =
  | 'url_invalid'
  | 'host_refused'
  | 'address_refused'
  | 'timeout'
  | 'cancelled'
  | 'network'
  | 'status'
  | 'redirected'
  | 'too_large'

export type FetchResult =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly code: FetchProblemCode; readonly detail: string }

/** Fetches something small, or into a sink. Never rejects. */
export type Fetch = (request: HttpRequest, signal?: AbortSignal) => Promise<FetchResult>

export interface FetchOptions {
  readonly allowsHost: HostRule
  /** Asked about the address that is really connected to, so that a name cannot change under way. */
  readonly allowsAddress: AddressRule
  /** For all of it: name, connection, answer. Milliseconds. */
  readonly timeoutMs: number
  readonly maxBytes: number
  /** GET only: how many times another address may be followed, each judged as the first. 0: never. */
  readonly maxRedirects: number
  /** Name resolution; Node's own when left out. */
  readonly lookup?: typeof dnsLookup
  /** PEM that servers of https are verified by; what Node trusts when left out. */
  readonly ca?: readonly string[]
}

/**
 * A client for CRLs, OCSP and firmware images, over http or https with Node's own trust. The addresses may stand in a
 * certificate that anybody wrote, so hosts and addresses are judged; the content type of the answer
 * is not looked at, because what counts is signed. A connection serves one request.
 */
export function createFetch(options: FetchOptions): Fetch {
  return async (request, signal) => {
    const timeout = AbortSignal.timeout(options.timeoutMs)
    const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal])
    let next = request
    for (let left = options.maxRedirects; ; left--) {
      const outcome = await fetchOnce(next, options, either)
      if (!('location' in outcome)) return outcome.ok ? outcome : nameEnd(outcome, timeout, either)
      if (left <= 0 || request.method !== 'GET')
        return failure('redirected', 'the server sends elsewhere, which is not followed')
      next = { ...request, url: outcome.location }
    }
  }
}

type Failure = Extract<FetchResult, { ok: false }>

/** The URL that an answer with a status of 3xx names. */
interface Redirect {
  readonly location: string
}

function failure(code: FetchProblemCode, detail: string): Failure {
  return { ok: false, code, detail }
}

/** An end that we made ourselves looks like an error of the network, in many ways. */
function nameEnd(found: Failure, timeout: AbortSignal, either: AbortSignal): Failure {
  if (timeout.aborted) return failure('timeout', 'the server did not answer in time')
  return either.aborted ? failure('cancelled', 'the request was cancelled') : found
}

async function fetchOnce(
  request: HttpRequest,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<FetchResult | Redirect> {
  const url = readUrl(request.url)
  if (url === null) return failure('url_invalid', 'the address is no http or https URL without a password')
  const host = hostOf(url)
  if (!options.allowsHost(host)) return failure('host_refused', `the host ${host} is not allowed`)
  if (isIP(host) !== 0 && !options.allowsAddress(host, host))
    return failure('address_refused', `the address ${host} is not allowed`)
  try {
    return await send(url, request, options, signal)
  } catch (error) {
    if (error instanceof AnswerTooLarge) return failure('too_large', error.message)
    if (error instanceof AddressRefused) return failure('address_refused', error.message)
    return failure('network', messageOf(error))
  }
}

/** Addresses with a password in them would end up in logs. */
function readUrl(text: string): URL | null {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  return url.username === '' && url.password === '' ? url : null
}

function hostOf(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}

class AddressRefused extends Error {}

/** Only the addresses that are allowed are told to the socket. */
function guardedLookup({ allowsAddress, lookup = dnsLookup }: FetchOptions): LookupFunction {
  return (hostname, { all, ...rest }, callback) => {
    lookup(hostname, { ...rest, all: true }, (error, found: readonly LookupAddress[] = []) => {
      if (error !== null) return callback(error, '', 4)
      const allowed = found.filter(({ address }) => allowsAddress(address, hostname))
      const [first] = allowed
      if (first === undefined)
        return callback(new AddressRefused(`no address of ${hostname} is allowed`), '', 4)
      if (all === true) return callback(null, allowed)
      callback(null, first.address, first.family)
    })
  }
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

async function send(
  url: URL,
  request: HttpRequest,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<FetchResult | Redirect> {
  const isPost = request.method === 'POST'
  const { status, headers, body } = await exchange({
    url,
    method: request.method,
    headers: isPost ? { 'content-type': request.contentType } : {},
    body: isPost ? request.body : null,
    connection: {
      lookup: guardedLookup(options),
      ...(options.ca === undefined ? {} : { ca: [...options.ca] }),
    },
    maxBytes: options.maxBytes,
    ...(isPost || request.sink === undefined ? {} : { sink: request.sink }),
    readsBody: (code) => code === 200,
    signal,
  })
  if (status === 200) return { ok: true, body }
  const location = redirects.has(status) ? URL.parse(headers.location ?? '', url.href) : null
  return location === null
    ? failure('status', `the server answered with status ${status}`)
    : { location: location.href }
}
