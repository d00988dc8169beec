import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** The file server of a legacy system: keeps what it was asked, and answers as the test says. */
export async function startFileServer(
  t: Pick<TestContext, 'after'>,
  answer: (request: SeenRequest, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly seen: readonly SeenRequest[]; readonly opened: () => number }> {
  const seen: SeenRequest[] = []
  let opened = 0
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of message) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const { method = '', url = '', headers } = message
    const request = { method, url, headers, body: Buffer.concat(chunks) }
    seen.push(request)
    answer(request, response)
  })
  server.on('connection', () => {
    opened += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, opened: () => opened }
}
