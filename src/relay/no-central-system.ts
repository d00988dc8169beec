import net from 'node:net'
import { closeCodeOf, closeFrame, controlFrame, isSendableCloseCode } from './close-codes.ts'
import { FrameReader, type FrameReceiver } from './frames.ts'
import { opcode } from './opcode.ts'
import { Scratch } from './scratch.ts'
import type { UpstreamLink } from './upstream.ts'

/** RFC 6455 7.4.1: what a Close without a code is answered with. */
const normalClosure = 1000

/**
 * What stands where the connection to the central system would be, for a session that has none (A00.FR.806).
 * Messages end here, and are heard by nobody; pings get their pong and a Close gets its own (RFC 6455 5.5),
 * so that the session lives and ends like any other.
 */
export function noCentralSystem(messageBytes: number): UpstreamLink {
  const socket = new NowhereSocket(messageBytes)
  return { socket, start: (receive) => socket.begin(receive) }
}

/** A socket that was never connected: what is written to it is read by the reader below. */
class NowhereSocket extends net.Socket implements FrameReceiver {
  readonly #reader: FrameReader
  #receive: ((chunk: Buffer) => boolean) | null = null
  /** The charge point reads what it gets. */
  #isTaken = true
  #isClosing = false

  constructor(messageBytes: number) {
    super({ allowHalfOpen: true })
    // Its own memory: it reads in the midst of what the session reads.
    this.#reader = new FrameReader(true, messageBytes, new Scratch(1024), this)
  }

  begin(receive: (chunk: Buffer) => boolean): void {
    this.#receive = receive
    this.resume()
  }

  message(): null {
    return null
  }

  examine(): boolean {
    return false
  }

  control(code: number, payload: Buffer): boolean {
    // Only valid during the call, and answered after it.
    if (code === opcode.ping) this.#answer(controlFrame(opcode.pong, Buffer.from(payload), false))
    if (code === opcode.close) {
      this.#isClosing = true
      const given = closeCodeOf(payload)
      this.#answer(closeFrame(isSendableCloseCode(given) ? given : normalClosure, '', false))
    }
    return false
  }

  forward(): void {}

  violation(): void {
    this.destroy()
  }

  override resume(): this {
    this.#isTaken = true
    return super.resume()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#reader.push(Buffer.from(chunk))
    done()
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    for (const { chunk } of chunks) this.#reader.push(Buffer.from(chunk))
    done()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#reader.stop()
    this.push(null)
    done()
  }

  /** Not within the write: the session that wrote is in the midst of a chunk of the charge point. */
  #answer(frame: Buffer): void {
    queueMicrotask(() => {
      // A pong may be left out (RFC 6455 5.5.3): whoever does not read gets none.
      if (this.destroyed || (!this.#isTaken && !this.#isClosing)) return
      this.#isTaken = this.#receive?.(frame) ?? false
    })
  }
}
