import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { secret } from './secrets.ts'
import { keep } from './transcript.ts'

export interface RawOptions {
  readonly port: number
  /** Any of 127.0.0.0/8, to come from elsewhere. */
  readonly localAddress?: string
  /** Speaks TLS; the server certificate is not looked at. */
  readonly tls?: ConnectionOptions
}

/** What a raw client saw of its connection, when it is over. */
export interface Heard {
  readonly text: string
  readonly bytes: Buffer
  /** `closed`: in order; otherwise the code of the error. */
  readonly end: string
}

/** A client that writes what it likes, byte by byte, and keeps everything it hears. */
export class RawClient {
  readonly socket: Socket
  readonly #over: Promise<string>
  #bytes = Buffer.alloc(0)
  readonly #waiting = new Set<() => void>()

  private constructor(socket: Socket) {
    this.socket = socket
    const { promise, resolve } = Promise.withResolvers<string>()
    this.#over = promise
    let end = 'closed'
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end = error.code ?? 'error'
    })
    socket.on('close', () => {
      resolve(end)
      for (const look of this.#waiting) look()
    })
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      for (const look of this.#waiting) look()
    })
  }

  /** Throws when the connection, or the TLS handshake, fails. */
  static async connect({ port, localAddress, tls }: RawOptions): Promise<RawClient> {
    const to = { host: '127.0.0.1', port, ...(localAddress === undefined ? {} : { localAddress }) }
    const socket =
      tls === undefined ? connectTcp(to) : connectTls({ ...to, rejectUnauthorized: false, ...tls })
    const client = new RawClient(socket)
    await once(socket, tls === undefined ? 'connect' : 'secureConnect')
    return client
  }

  get heard(): Buffer {
    return this.#bytes
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes)
  }

  /** Waits until what was heard fits; throws when the connection ends before. */
  async until(fits: (heard: Buffer) => boolean): Promise<Buffer> {
    while (!fits(this.#bytes)) {
      if (this.socket.closed) throw new Error(`closed after ${JSON.stringify(this.#bytes.toString())}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
    return this.#bytes
  }

  /** Waits for the end of the connection. */
  async over(): Promise<Heard> {
    const end = await this.#over
    return { bytes: this.#bytes, text: this.#bytes.toString(), end }
  }

  destroy(): void {
    this.socket.destroy()
  }
}

export interface RequestParts {
  readonly identity?: string
  readonly target?: string
  readonly password?: Uint8Array
  readonly username?: string
  readonly protocols?: string | null
  readonly version?: string
  /** Header lines beside the usual ones. */
  readonly headers?: readonly string[]
}

/** An upgrade request as text. */
export function upgradeRequest(parts: RequestParts = {}): string {
  const { identity = 'CP-1', protocols = 'ocpp1.6', version = '13', headers = [] } = parts
  const lines = [
    `GET ${parts.target ?? `/ocpp/${identity}`} HTTP/1.1`,
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Version: ${version}`,
  ]
  if (protocols !== null) lines.push(`Sec-WebSocket-Protocol: ${protocols}`)
  if (parts.password !== undefined) {
    secret('password', parts.password)
    const userPass = Buffer.concat([Buffer.from(`${parts.username ?? identity}:`), parts.password])
    lines.push(`Authorization: Basic ${userPass.toString('base64')}`)
  }
  return `${[...lines, ...headers].join('\r\n')}\r\n\r\n`
}

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Reads an HTTP answer. */
export function readAnswer(bytes: Buffer): Answer {
  const text = bytes.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: text.slice(end + 4),
  }
}

/** Sends a request, hears the answer out, and returns it. */
export async function ask(options: RawOptions, request: string): Promise<Answer> {
  const client = await RawClient.connect(options)
  client.write(request)
  const { bytes } = await client.over()
  keep('http', bytes)
  return readAnswer(bytes)
}

/** Sends a request and waits for the 101; what follows is the caller's. */
export async function upgraded(options: RawOptions, request: string): Promise<RawClient> {
  const client = await RawClient.connect(options)
  client.write(request)
  const heard = await client.until((bytes) => bytes.includes('\r\n\r\n'))
  if (readAnswer(heard).status !== 101) throw new Error(heard.toString())
  return client
}

/** The bytes behind the head of the answer: WebSocket frames after a 101. */
export function behindHead(heard: Buffer): Buffer {
  return heard.subarray(heard.indexOf('\r\n\r\n') + 4)
}
