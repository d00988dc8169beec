import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { messageOf } from '../../policy/error.ts'
import type { AddressRule, HostRule } from './addresses.ts'

export type HttpRequest =
  | { readonly method: 'GET'; readonly url: string }
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

/** Fetches something small. Never rejects. */
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
}

/**
 * A client for CRLs and OCSP, over http or https with Node's own trust. The addresses may stand in a
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
      next = { method: 'GET', url: outcome.location }
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
    const response = await send(url, request, options, signal)
    return await readAnswer(response, url, options.maxBytes)
  } catch (error) {
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

function send(
  url: URL,
  request: HttpRequest,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const body = request.method === 'POST' ? request.body : null
  const ofBody =
    request.method === 'POST'
      ? { 'content-type': request.contentType, 'content-length': request.body.length }
      : {}
  const settings: RequestOptions = {
    method: request.method,
    agent: false,
    headers: { 'accept-encoding': 'identity', ...ofBody },
    lookup: guardedLookup(options),
    maxHeaderSize: 8192,
    signal,
  }
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest
    start(url, settings, resolve).on('error', reject).end(body)
  })
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

async function readAnswer(
  response: IncomingMessage,
  url: URL,
  maxBytes: number,
): Promise<FetchResult | Redirect> {
  const { statusCode = 0, headers } = response
  if (statusCode !== 200) {
    response.destroy()
    const location = redirects.has(statusCode) ? URL.parse(headers.location ?? '', url.href) : null
    return location === null
      ? failure('status', `the server answered with status ${statusCode}`)
      : { location: location.href }
  }
  const chunks: Buffer[] = []
  let length = 0
  // Leaving the loop early destroys the response, and with it the connection.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) return failure('too_large', `the answer has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return { ok: true, body: Buffer.concat(chunks) }
}
