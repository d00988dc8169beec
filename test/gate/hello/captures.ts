import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect } from 'node:tls'

/** The ClientHello that node:tls sends with these options; no network is involved. */
export async function helloOfNode(options: ConnectionOptions): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      resolve(chunk)
      done()
    },
  })
  const client = connect({ ...options, socket: wire, rejectUnauthorized: false })
  client.on('error', () => {})
  const hello = await promise
  client.destroy()
  return Buffer.from(hello)
}

export const opensslProblem: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

/** The ClientHello that openssl s_client sends with these arguments. */
export async function helloOfOpenssl(args: readonly string[]): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${address.port}`, ...args], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const ended = once(client, 'exit')
  try {
    const first = await Promise.race([once(server, 'connection'), ended.then(() => null)])
    if (first === null) throw new Error(`openssl s_client ${args.join(' ')} did not connect`)
    const socket: Socket = first[0]
    const hello = await wholeRecord(socket)
    socket.destroy()
    return hello
  } finally {
    server.close()
    client.kill()
    await ended
  }
}

async function wholeRecord(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  while (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) {
    const [chunk] = await once(socket, 'data')
    bytes = Buffer.concat([bytes, chunk])
  }
  return bytes
}

/** The same handshake message in records of the given sizes; the last size repeats. */
export function inRecords(hello: Buffer, sizes: readonly number[]): Buffer {
  const message = hello.subarray(5)
  const parts: Buffer[] = []
  for (let offset = 0, index = 0; offset < message.length; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? message.length
    const fragment = message.subarray(offset, offset + size)
    parts.push(hello.subarray(0, 3), u16(fragment.length), fragment)
    offset += size
  }
  return Buffer.concat(parts)
}

export function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

const list16 = (codes: readonly number[]) => Buffer.concat(codes.map(u16))
const vector16 = (content: Buffer) => Buffer.concat([u16(content.length), content])
const vector8 = (content: Buffer) => Buffer.concat([Buffer.from([content.length]), content])

export interface HelloParts {
  readonly version?: number
  readonly sessionId?: Buffer
  readonly cipherSuites?: readonly number[]
  readonly compression?: readonly number[]
  /** null: the block is left out. */
  readonly extensions?: readonly { readonly type: number; readonly content: Buffer }[] | null
}

/** A ClientHello built by hand, in one record. */
export function buildHello(parts: HelloParts): Buffer {
  const extensions = parts.extensions?.map((one) => Buffer.concat([u16(one.type), vector16(one.content)]))
  const body = Buffer.concat([
    u16(parts.version ?? 0x0303),
    Buffer.alloc(32, 7),
    vector8(parts.sessionId ?? Buffer.alloc(0)),
    vector16(list16(parts.cipherSuites ?? [0xc02b])),
    vector8(Buffer.from(parts.compression ?? [0])),
    extensions === undefined ? Buffer.alloc(0) : vector16(Buffer.concat(extensions)),
  ])
  const message = Buffer.concat([Buffer.from([1, body.length >> 16]), u16(body.length & 0xffff), body])
  return Buffer.concat([Buffer.from([22, 3, 1]), u16(message.length), message])
}

export const extension = {
  raw: (type: number, content: Buffer = Buffer.alloc(0)) => ({ type, content }),
  serverName: (name: Buffer | string) => ({
    type: 0,
    content: vector16(Buffer.concat([Buffer.from([0]), vector16(Buffer.from(name))])),
  }),
  groups: (codes: readonly number[]) => ({ type: 10, content: vector16(list16(codes)) }),
  signatureAlgorithms: (codes: readonly number[]) => ({ type: 13, content: vector16(list16(codes)) }),
  alpn: (names: readonly (Buffer | string)[]) => ({
    type: 16,
    content: vector16(Buffer.concat(names.map((name) => vector8(Buffer.from(name))))),
  }),
  versions: (codes: readonly number[]) => ({ type: 43, content: vector8(list16(codes)) }),
}
