import { once } from 'node:events'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import { acceptOf } from '../../src/relay/upgrade-answer.ts'
import type { UpstreamRequest, UpstreamTarget } from '../../src/relay/upstream.ts'

/** A central system that is a few bytes: it hands every upgrade request to `answer`. */
export interface FakeCentral {
  readonly port: number
  readonly target: UpstreamTarget
  readonly sockets: Set<Socket>
  close(): Promise<void>
}

export type Answer = (socket: Socket, head: string) => void

export async function fakeCentral(answer: Answer): Promise<FakeCentral> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    readHead(socket, (head) => answer(socket, head))
  })
  const port = await listen(server)
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { port, target: targetOf(port), sockets, close }
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export function targetOf(port: number, more: Partial<UpstreamTarget> = {}): UpstreamTarget {
  const authority = `127.0.0.1:${port}`
  return { host: '127.0.0.1', port, authority, path: '/ocpp', secure: false, ca: undefined, ...more }
}

export function requestOf(more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { path: '/ocpp/CP1', protocols: ['ocpp1.6'], headers: [], timeoutMs: 60_000, ...more }
}

/** Calls back with the head of the request; what follows it is put back. */
export function readHead(socket: Socket, then: (head: string) => void): void {
  let bytes = Buffer.alloc(0)
  const onData = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return
    socket.off('data', onData)
    socket.pause()
    if (bytes.length > end + 4) socket.unshift(bytes.subarray(end + 4))
    then(bytes.toString('latin1', 0, end))
  }
  socket.on('data', onData)
}

export function keyOf(head: string): string {
  return /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? ''
}

/** The 101 that belongs to a request. */
export function switching(
  head: string,
  protocol: string | null = 'ocpp1.6',
  more: readonly string[] = [],
): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(keyOf(head))}`,
  ]
  if (protocol !== null) lines.push(`Sec-WebSocket-Protocol: ${protocol}`)
  return `${[...lines, ...more].join('\r\n')}\r\n\r\n`
}
