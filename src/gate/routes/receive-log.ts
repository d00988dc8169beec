import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { messageOf } from '../../policy/error.ts'
import type { LogClaim } from '../../store/store.ts'
import { bodyLimit, bodyTooLarge } from './body-limit.ts'

export interface ReceiveLimits {
  readonly maxBytes: number
  /** Milliseconds of silence. */
  readonly timeout: number
  /** Milliseconds in all. */
  readonly maxDuration: number
}

export interface Received {
  readonly status: number
  readonly bytes: number
  /** null: it is stored. */
  readonly problem: string | null
}

/** Takes in one body, answers it, and ends its connection. Whatever goes wrong, nothing of it stays. Never rejected. */
export async function receiveLog(
  message: IncomingMessage,
  response: ServerResponse,
  claim: LogClaim,
  limits: ReceiveLimits,
): Promise<Received> {
  let bytes = 0
  response.shouldKeepAlive = false
  const gone = new Promise<void>((resolve) => response.once('close', resolve))
  // RFC 9110 10.1.1: whoever asks first hears now that the body is wanted.
  if (message.headers.expect !== undefined) response.writeContinue()
  const failed = await store(message, response, claim, limits, (more) => (bytes += more))
  const status = failed === null ? 201 : failed.status
  if (!response.destroyed && !response.headersSent) {
    const headers = { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' }
    response.writeHead(status, headers).end(`${STATUS_CODES[status] ?? 'failed'}\n`)
  }
  await gone
  return { status, bytes, problem: failed?.problem ?? null }
}

interface Failure {
  readonly status: number
  readonly problem: string
}

async function store(
  message: IncomingMessage,
  response: ServerResponse,
  claim: LogClaim,
  { maxBytes, timeout, maxDuration }: ReceiveLimits,
  counted: (bytes: number) => void,
): Promise<Failure | null> {
  const { promise, resolve } = Promise.withResolvers<Failure | null>()
  const fail = (status: number, problem: string) => resolve({ status, problem })
  const body = bodyLimit(maxBytes, counted)
  const timer = setTimeout(() => fail(408, 'maxDuration is over'), maxDuration)
  // Of the message, not of its socket: that would be destroyed before its answer.
  message.setTimeout(timeout, () => fail(408, 'the charge point is silent'))
  message.once('error', () => fail(400, 'the upload was cut off'))
  message.once('close', () => {
    if (!message.complete) fail(400, 'the upload was cut off')
  })
  response.once('close', () => fail(400, 'the upload was cut off'))
  body.once('error', (error: NodeJS.ErrnoException) => fail(statusOf(error), messageOf(error)))
  claim.sink.once('error', (error: NodeJS.ErrnoException) => fail(statusOf(error), messageOf(error)))
  claim.sink.once('close', () => resolve(null))
  message.pipe(body).pipe(claim.sink)
  const failure = await promise
  clearTimeout(timer)
  try {
    if (failure === null && (await claim.finish(message.headers['content-type'] ?? null))) return null
    // The rest is read, and thrown away: else the client would not read its answer.
    message.unpipe(body).resume()
    body.destroy()
    await claim.release()
    return failure ?? { status: 404, problem: 'its request was removed meanwhile' }
  } catch (error) {
    await claim.release().catch(() => undefined)
    return { status: 500, problem: messageOf(error) }
  }
}

function statusOf({ code }: NodeJS.ErrnoException): number {
  if (code === bodyTooLarge) return 413
  return code === 'LOGS_FULL' || code === 'ENOSPC' || code === 'EDQUOT' ? 507 : 500
}
