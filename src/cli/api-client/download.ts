import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { type ApiAnswer, failure, send } from './exchange.ts'

const maxErrorBytes = 65_536
/** Milliseconds of silence. */
const silenceMs = 60_000

/**
 * The body of a 200 answer as a new file, readable for its owner only; what there is of it when something
 * fails is removed. Returns its bytes, or an answer that is an error. Throws ProxyError `no_proxy`,
 * `api_unreachable`, or `file_not_written`.
 */
export async function download(request: {
  readonly url: URL
  readonly token: string | null
  readonly file: string
}): Promise<number | ApiAnswer> {
  const { url, token, file } = request
  let answer: IncomingMessage
  try {
    const authorization = `Bearer ${Buffer.from(token ?? '').toString('latin1')}`
    answer = await send(
      url,
      { method: 'GET', agent: false, timeout: silenceMs, headers: { authorization } },
      null,
    )
  } catch (error) {
    throw failure(error, url, silenceMs)
  }
  const status = answer.statusCode ?? 0
  if (status !== 200) return { status, body: await errorBody(answer) }
  answer.setTimeout(silenceMs, () => answer.destroy(new Error('the proxy is silent')))
  const target = createWriteStream(file, { flags: 'wx', mode: 0o600 })
  let isOurs = false
  target.once('open', () => {
    isOurs = true
  })
  try {
    await pipeline(answer, target)
  } catch (cause) {
    if (isOurs) await rm(file, { force: true })
    const message = `${file} is not written: ${messageOf(cause)}`
    throw new ProxyError('file_not_written', 'operator', message, { cause })
  }
  return target.bytesWritten
}

async function errorBody(answer: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxErrorBytes) return undefined
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    return undefined
  }
}
