import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import { TLSSocket } from 'node:tls'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** The client certificate was verified by the server's `ca`. */
  readonly authorized: boolean
  /** Of the client certificate; '' without one. */
  readonly fingerprint: string
}

export interface CertificateServer extends AsyncDisposable {
  readonly origin: string
  readonly seen: readonly SeenRequest[]
}

export type CertificateAnswer = (request: SeenRequest, response: ServerResponse) => unknown

/** An HTTPS server that an authority of ours asks; `answer` may leave a request unanswered. Port 0: any. */
export async function certificateServer(
  tls: ServerOptions,
  answer: CertificateAnswer,
  port = 0,
): Promise<CertificateServer> {
  const seen: SeenRequest[] = []
  const server = createServer(tls, (request, response) => {
    const { socket } = request
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
    const fingerprint = shown?.fingerprint256 ?? ''
    request.toArray().then((chunks) => {
      const authorized = Reflect.get(request.socket, 'authorized') === true
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString(), authorized, fingerprint }
      seen.push(one)
      answer(one, response)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return {
    origin: `https://localhost:${address.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
