import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'

/** A TLS server in front of a plain port: bytes in, bytes out. */
export interface TlsFront {
  readonly port: number
  /** What the server saw of each connection that got through the handshake. */
  readonly seen: readonly {
    readonly version: string
    readonly cipher: string
    readonly resumed: boolean
    readonly subject: string | null
  }[]
  close(): Promise<void>
}

export async function openTlsFront(
  options: TlsOptions,
  upstreamPort: number,
  /** Decides on the connection after the handshake; false destroys it. */
  admit: (socket: TLSSocket) => boolean = () => true,
): Promise<TlsFront> {
  const sockets = new Set<Socket>()
  const seen: { version: string; cipher: string; resumed: boolean; subject: string | null }[] = []
  const track = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer(options, (socket) => {
    seen.push({
      version: socket.getProtocol() ?? '',
      cipher: socket.getCipher().name,
      resumed: socket.isSessionReused(),
      subject: socket.getPeerX509Certificate()?.subject ?? null,
    })
    if (!admit(socket)) return void socket.destroy()
    const upstream = connect({ host: '127.0.0.1', port: upstreamPort })
    track(upstream)
    socket.pipe(upstream)
    upstream.pipe(socket)
    socket.on('close', () => upstream.destroy())
    upstream.on('close', () => socket.destroy())
  })
  server.on('connection', track)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
