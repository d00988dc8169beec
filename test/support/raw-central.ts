import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { acceptOf } from '../../src/relay/upgrade-answer.ts'

/** One connection that the central system was dialled with, byte by byte. */
export class RawCentralLink {
  readonly socket: Socket
  heard = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.heard = Buffer.concat([this.heard, chunk])
      socket.emit('heard')
    })
  }

  /** Waits until what was heard fits. */
  async until(fits: (heard: Buffer) => boolean): Promise<Buffer> {
    while (!fits(this.heard)) await once(this.socket, 'heard')
    return this.heard
  }

  /** The 101 that fits the request, without sending it. */
  async acceptance(): Promise<string> {
    const heard = await this.until((bytes) => bytes.includes('\r\n\r\n'))
    const key = /^sec-websocket-key: (\S+)/im.exec(heard.toString())?.[1] ?? ''
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptOf(key)}`,
      'Sec-WebSocket-Protocol: ocpp1.6',
    ]
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  /** What came behind the request: frames of the charge point. */
  get frames(): Buffer {
    return this.heard.subarray(this.heard.indexOf('\r\n\r\n') + 4)
  }
}

export interface RawCentral {
  readonly url: string
  /** The next connection from now on. */
  next(): Promise<RawCentralLink>
}

/** A central system that does nothing by itself; ends with the test. */
export async function openRawCentral(t: Pick<TestContext, 'after'>): Promise<RawCentral> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    server.emit('link', new RawCentralLink(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`,
    async next() {
      const [link] = (await once(server, 'link')) as [RawCentralLink]
      return link
    },
  }
}
