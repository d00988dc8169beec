import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** PROXY protocol v2: signature, version and command PROXY, TCP over IPv4, 12 bytes of addresses. */
const headerStart = Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex')
const claimedPort = 40_000

export interface LoadBalancer {
  readonly port: number
  close(): void
}

/**
 * A load balancer in front of a listener with `proxyProtocol`: every connection says that it comes
 * from `address` (IPv4). So one machine can play charge points from everywhere.
 */
export async function startLoadBalancer(targetPort: number, address: string): Promise<LoadBalancer> {
  const sockets = new Set<Socket>()
  const header = proxyHeader(address, targetPort)
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    target.write(header)
    join(client, target, sockets)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function join(client: Socket, target: Socket, sockets: Set<Socket>): void {
  client.pipe(target)
  target.pipe(client)
  for (const [socket, other] of [
    [client, target],
    [target, client],
  ] as const) {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      // What is on its way still arrives; then the other side ends too.
      if (!other.destroyed) other.end(() => other.destroy())
    })
  }
}

function proxyHeader(address: string, port: number): Buffer {
  const source = Buffer.from(address.split('.').map(Number))
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(claimedPort, 0)
  ports.writeUInt16BE(port, 2)
  return Buffer.concat([headerStart, source, Buffer.from([127, 0, 0, 1]), ports])
}
