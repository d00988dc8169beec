import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pause } from './backoff.ts'

export interface LogUpload {
  /** remoteLocation of GetLog: http:// or https://. */
  readonly location: string
  readonly fileName: string
  readonly content: Buffer
  readonly method: 'PUT' | 'POST'
  /** Roots that the server must lead to; undefined: the public ones. */
  readonly ca: string | readonly string[] | undefined
  /** Milliseconds between the two halves of it; 0: none. */
  readonly pauseMs: number
  readonly signal: AbortSignal
}

/**
 * Uploads a log as the white paper has it (N01, edition 4): the name of the file is appended behind a slash at
 * the end, POST says it in Content-Disposition. Returns the HTTP status. Throws what URL, socket and signal throw.
 */
export async function uploadLog(upload: LogUpload): Promise<number> {
  const { location, fileName, content, method, ca, pauseMs, signal } = upload
  const name = encodeURIComponent(fileName)
  const url = new URL(location.endsWith('/') && method === 'PUT' ? `${location}${name}` : location)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error('only http and https are known')
  const options = {
    method,
    agent: false,
    signal,
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Length': content.length,
      ...(method === 'POST' ? { 'Content-Disposition': `attachment; filename="${name}"` } : {}),
    },
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
  } as const
  const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  // It is awaited below; who fails in between must not end the process.
  answered.catch(() => undefined)
  if (pauseMs > 0) {
    request.write(content.subarray(0, content.length >> 1))
    await pause(pauseMs, signal)
    request.end(content.subarray(content.length >> 1))
  } else request.end(content)
  const [answer] = await answered
  answer.resume()
  return answer.statusCode ?? 0
}
