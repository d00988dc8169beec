import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { AnswerOptions, OpensslCa } from './openssl-ca.ts'
import { startOpensslResponder } from './openssl-responder.ts'

/** `openssl ocsp` over HTTP; its URL. */
export async function opensslResponder(
  t: Pick<TestContext, 'after'>,
  ca: OpensslCa,
  options: AnswerOptions = {},
): Promise<string> {
  const { url, stop } = await startOpensslResponder(ca, options)
  t.after(() => stop())
  return url
}

/** A server that answers as no honest responder does; its URL. */
export async function badResponder(t: Pick<TestContext, 'after'>, handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
