import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { ProxyError } from '../../policy/error.ts'

/** Clients that break rules which the simulated charge point keeps. */

export interface RawClient {
  readonly socket: Socket
  /** Everything that came, once the connection has ended. */
  readonly received: Promise<Buffer>
}

/** Connects over TCP and reads until the other side is done. */
export async function openRaw(port: number): Promise<RawClient> {
  const socket = connectTcp(port, '127.0.0.1')
  await once(socket, 'connect')
  const chunks: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A reset is an end like any other here.
  socket.on('error', () => {})
  socket.on('close', () => resolve(Buffer.concat(chunks)))
  return { socket, received: promise }
}

/** Sends bytes and returns what came until the end. `end`: the client has nothing more to say. */
export async function exchange(
  port: number,
  bytes: Buffer | string,
  options: { readonly end?: boolean } = {},
): Promise<Buffer> {
  const { socket, received } = await openRaw(port)
  if (bytes.length > 0) socket.write(bytes)
  if (options.end === true) socket.end()
  return received
}

/** The ClientHello that OpenSSL would send with these options. */
export async function clientHello(options: ConnectionOptions): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      resolve(chunk)
      done()
    },
  })
  const socket = connectTls({ ...options, socket: wire, rejectUnauthorized: false })
  socket.on('error', () => {})
  const hello = await promise
  socket.destroy()
  return hello
}

export interface RawWebSocket {
  readonly socket: Socket
  /** The code of the Close frame that ends it; 1006 when none came (RFC 6455 7.1.5). */
  readonly closeCode: Promise<number>
}

/** A WebSocket without a stack: it answers nothing, pings neither. Throws ProxyError `demo_upgrade`. */
export async function openRawWebSocket(
  port: number,
  path: string,
  authorization: string,
): Promise<RawWebSocket> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'ZGVtbyBjaGFyZ2UgcHQuIQ==',
    'Sec-WebSocket-Protocol': 'ocpp1.6',
    Authorization: authorization,
  }
  const asked = request({ host: '127.0.0.1', port, path, headers })
  asked.end()
  const { socket, head } = await upgraded(asked)
  socket.unshift(head)
  return { socket, closeCode: readCloseCode(socket) }
}

function upgraded(asked: ClientRequest): Promise<{ socket: Socket; head: Buffer }> {
  return new Promise((resolve, reject) => {
    asked.once('error', reject)
    asked.once('upgrade', (_answer: IncomingMessage, socket: Socket, head: Buffer) =>
      resolve({ socket, head }),
    )
    asked.once('response', ({ statusCode }: IncomingMessage) =>
      reject(new ProxyError('demo_upgrade', 'proxy', `refused with HTTP ${statusCode}`)),
    )
  })
}

/** Reads the frames of a server: not masked, and short ones only, because nobody sends long ones here. */
function readCloseCode(socket: Socket): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  let bytes: Buffer = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('close', () => resolve(1006))
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 2) {
      const length = 2 + ((bytes[1] ?? 0) & 0x7f)
      if (bytes.length < length) return
      if (((bytes[0] ?? 0) & 0x0f) === 8) return resolve(length >= 4 ? bytes.readUInt16BE(2) : 1005)
      bytes = bytes.subarray(length)
    }
  })
  return promise
}
