import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { SocketConstructorOpts, TcpSocketConnectOpts } from 'node:net'
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls'
import { suite12, suite13 } from '../peers/peer.ts'
import {
  answerText,
  callText,
  clientFrame,
  hasId,
  identityOf,
  serverHeaderLength,
  stampId,
} from '../wire/messages.ts'
import type { LoadSetting } from './commands.ts'

/** How many source addresses of 127.0.0.0/8 the charge points share, so that ports do not run short. */
const sourceAddresses = 8
const closeTimeout = 5000
const openTimeout = 30_000

/** All sockets read into one buffer: what is read is used up before the next read. */
const readBuffer = Buffer.alloc(64 * 1024)

/** What all charge points of one run have in common. */
export interface Fleet {
  readonly setting: LoadSetting
  readonly secureContext: ReturnType<typeof createSecureContext>
  readonly call: string
  readonly answerLength: number
}

/** Prepares what is the same for every charge point. */
export function createFleet(setting: LoadSetting): Fleet {
  return {
    setting,
    secureContext: createSecureContext({
      ca: [],
      ciphers: `${suite13}:${suite12}`,
      minVersion: setting.tls,
      maxVersion: setting.tls,
    }),
    call: callText(setting.messageBytes),
    answerLength: serverHeaderLength + answerText(setting.messageBytes).length,
  }
}

/** One charge point: TLS, upgrade with Basic authentication, then one CALL at a time. */
export class ChargePoint {
  /** Called when the answer to the last CALL is here. */
  onAnswer: (self: ChargePoint) => void = () => undefined
  /** Called when the connection ends and nobody asked for it. */
  onLost: (why: string) => void = () => undefined
  /** For the user: when the last CALL was due, in milliseconds of performance.now(). */
  dueAt = 0
  session: Buffer | undefined

  readonly #fleet: Fleet
  readonly #frame: Buffer
  readonly #partial: Buffer
  readonly #socket: TLSSocket
  #partialLength = 0
  #head: string | null = ''
  #sent = 0
  #closing = false
  #settle: (problem: Error | null) => void = () => undefined

  constructor(fleet: Fleet, number: number, session: Buffer | undefined) {
    this.#fleet = fleet
    this.#frame = clientFrame(fleet.call, randomBytes(4))
    this.#partial = Buffer.alloc(fleet.answerLength)
    // tls.connect takes `onread` as net.connect does; only its types do not say so.
    const options: ConnectionOptions & SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'localAddress'> = {
      host: '127.0.0.1',
      port: fleet.setting.port,
      localAddress: `127.0.0.${2 + (number % sourceAddresses)}`,
      servername: 'localhost',
      rejectUnauthorized: false,
      secureContext: fleet.secureContext,
      ...(session === undefined ? {} : { session }),
      onread: {
        buffer: readBuffer,
        callback: (length: number) => {
          this.#read(length)
          return true
        },
      },
    }
    this.#socket = connect(options)
    this.#socket.setNoDelay(true)
    this.#socket.on('session', (ticket) => {
      this.session = ticket
    })
    this.#socket.once('secureConnect', () => this.#socket.write(upgradeRequest(fleet, number)))
    this.#socket.on('error', (error) => this.#ended(error.message))
    this.#socket.on('end', () => this.#socket.destroy())
    this.#socket.on('close', () => this.#ended('closed'))
  }

  /** Resolves after the 101. Throws Error when the peer refuses or the connection ends. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(new Error('no answer to the upgrade in time')), openTimeout)
      this.#settle = (problem) => {
        clearTimeout(timer)
        this.#settle = () => undefined
        if (problem === null) resolve()
        else reject(problem)
      }
    })
  }

  /** Was this TLS session resumed? */
  resumed(): boolean {
    return this.#socket.isSessionReused()
  }

  /** Sends the next CALL. The frame is reused: the last one is answered, so it is long on its way. */
  send(): void {
    this.#sent++
    stampId(this.#frame, this.#sent)
    this.#socket.write(this.#frame)
  }

  /** Ends the connection; resolves when both sides have. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#socket.closed) return
    const timer = setTimeout(() => this.#socket.destroy(), closeTimeout)
    const closed = once(this.#socket, 'close')
    this.#socket.end()
    await closed
    clearTimeout(timer)
  }

  #read(length: number): void {
    if (this.#head !== null) {
      this.#readHead(length)
      return
    }
    if (this.#partialLength === 0 && length === this.#fleet.answerLength) {
      this.#answered(readBuffer)
      return
    }
    const missing = this.#fleet.answerLength - this.#partialLength
    if (length > missing) {
      this.#socket.destroy(new Error('more came than one answer'))
      return
    }
    readBuffer.copy(this.#partial, this.#partialLength, 0, length)
    this.#partialLength += length
    if (length === missing) {
      this.#partialLength = 0
      this.#answered(this.#partial)
    }
  }

  #answered(frame: Buffer): void {
    if (hasId(frame, 0, this.#sent)) this.onAnswer(this)
    else this.#socket.destroy(new Error('an answer with a wrong id'))
  }

  #readHead(length: number): void {
    this.#head += readBuffer.toString('latin1', 0, length)
    if (!this.#head?.endsWith('\r\n\r\n')) return
    const status = this.#head.slice(0, this.#head.indexOf('\r\n'))
    this.#head = null
    if (status.startsWith('HTTP/1.1 101 ')) this.#settle(null)
    else this.#socket.destroy(new Error(`refused: ${status}`))
  }

  #ended(why: string): void {
    this.#settle(new Error(`the connection ended before the upgrade: ${why}`))
    if (this.#closing) return
    this.#closing = true
    this.onLost(why)
  }
}

function upgradeRequest(fleet: Fleet, number: number): string {
  const identity = identityOf(number)
  const basic = Buffer.from(`${identity}:${fleet.setting.password}`, 'latin1').toString('base64')
  return `GET /ocpp/${identity} HTTP/1.1\r\nHost: localhost:${fleet.setting.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic ${basic}\r\n\r\n`
}
