import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'

/** One request over http or https: the one way in which the proxy asks authorities, responders and CRL servers. */
export interface ExchangeRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
  /** Trust, client certificate, name resolution; Node's own when left out. */
  readonly connection?: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'lookup'>
  /** A longer answer rejects with AnswerTooLarge. */
  readonly maxBytes: number
  /** Is the body of an answer with this status of use? Others are not read, and have an empty one. */
  readonly readsBody?: (status: number) => boolean
  /** Gets the body piece by piece as it comes, in place of the answer: for what is too large to be kept. */
  readonly sink?: (chunk: Buffer) => void
  /** Ends the exchange, whatever it waits for. */
  readonly signal: AbortSignal
}

export interface ExchangeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export class AnswerTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the answer is larger than ${maxBytes} bytes`)
  }
}

/**
 * On a connection of its own, without redirects, never longer than the signal allows. A server of https
 * is verified, TLS 1.2 at least. Rejects with the error of the network, or AnswerTooLarge.
 */
export function exchange(call: ExchangeRequest): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    const send = call.url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(call.url, optionsOf(call), (response) => {
      // An answer may break off after its head: the error is then the response's.
      response.once('error', reject)
      const { statusCode: status = 0, headers } = response
      const isWanted = call.readsBody?.(status) ?? true
      const body = isWanted ? collect(response, call) : Promise.resolve(Buffer.alloc(0))
      if (!isWanted) response.destroy()
      body.then(
        (bytes) => resolve({ status, headers, body: bytes }),
        (error: unknown) => {
          request.destroy()
          reject(error)
        },
      )
    })
    request.once('error', reject)
    // Nobody asked for that: without a listener Node would leave the request without an end, past the signal.
    request.once('upgrade', (_answer, socket) => {
      socket.destroy()
      reject(new Error('the server switches protocols'))
    })
    request.end(call.body ?? undefined)
  })
}

function optionsOf({ method, headers, body, connection, signal }: ExchangeRequest): RequestOptions {
  const length = body === null ? {} : { 'content-length': String(body.length) }
  return {
    ...connection,
    ...{ method, signal, agent: false, minVersion: 'TLSv1.2', maxHeaderSize: 8192 },
    headers: { 'accept-encoding': 'identity', ...headers, ...length },
  }
}

async function collect(
  response: IncomingMessage,
  { maxBytes, sink }: Pick<ExchangeRequest, 'maxBytes' | 'sink'>,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  // Leaving the loop early destroys the response, and with it the connection.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw new AnswerTooLarge(maxBytes)
    if (sink === undefined) chunks.push(chunk)
    else sink(chunk)
  }
  return Buffer.concat(chunks)
}
