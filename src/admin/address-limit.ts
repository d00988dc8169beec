import type { Server } from 'node:http'

/**
 * Connections that one address may hold (CWE-770): silent ones must not take /livez, /readyz and
 * /metrics away from everybody. What is over is closed at once, because there is nothing to be told to
 * somebody who has not asked. The kubelet, Prometheus and the status page need a handful each.
 */
export function limitPerAddress(server: Server, max: number): void {
  const open = new Map<string, number>()
  server.prependListener('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    const count = open.get(address) ?? 0
    if (count >= max) {
      socket.destroy()
      return
    }
    open.set(address, count + 1)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
  })
}
