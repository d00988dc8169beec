import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { makeAuthority } from '../support/authority.ts'

export const transports = ['tcp', 'tls'] as const

/** Two ends of a connection over the loopback. */
export interface Pair {
  /** Accepted; what is under test works on it. */
  readonly ours: net.Socket
  readonly theirs: net.Socket
  close(): void
}

export async function connect(transport: (typeof transports)[number]): Promise<Pair> {
  const server = await (transport === 'tcp' ? net.createServer({ allowHalfOpen: true }) : tlsServer())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const accepted = once(server, transport === 'tcp' ? 'connection' : 'secureConnection')
  const theirs =
    transport === 'tcp'
      ? net.connect(port, '127.0.0.1')
      : tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const [ours]: [net.Socket] = (await accepted) as [net.Socket]
  ours.on('error', () => ours.destroy())
  theirs.on('error', () => theirs.destroy())
  return {
    ours,
    theirs,
    close() {
      ours.destroy()
      theirs.destroy()
      server.close()
    },
  }
}

async function tlsServer(): Promise<tls.Server> {
  const authority = await makeAuthority()
  const { chain, key } = await authority.server()
  return tls.createServer({ cert: chain, key, allowHalfOpen: true })
}

/** Everything that comes until the end of the stream. */
export async function readAll(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Pieces of every size, told apart by what is in them. */
export function pieces(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.alloc((index * 7919) % 70_000, `${index},`))
}
