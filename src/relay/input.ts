import type { Socket } from 'node:net'
import type { ReadBuffer } from './read-buffer.ts'
import { handleOf, type SocketHandle, takeReads } from './socket-handle.ts'

/**
 * The way in from one peer, on an accepted socket. Like Output, it uses the handle below the stream:
 * what a stream does per chunk (memory of its own, events, ticks) costs more than all that is done with
 * the chunk. Where Node has no such handle, the stream does the work.
 */
export class Input {
  readonly #socket: Socket
  readonly #receive: (chunk: Buffer) => void
  #handle: SocketHandle | null = null

  /** What `receive` is given is only valid during the call. */
  constructor(socket: Socket, receive: (chunk: Buffer) => void) {
    this.#socket = socket
    this.#receive = receive
  }

  /**
   * Takes over, paused, and reads into `buffer`, which many share. Returns what the stream had read
   * ahead.
   */
  open(buffer: ReadBuffer): Buffer {
    const socket = this.#socket
    const early: Buffer = socket.read() ?? Buffer.alloc(0)
    const handle = handleOf(socket)
    if (handle === null) socket.on('data', this.#receive)
    this.#handle = handle
    this.pause()
    if (handle === null) return early
    handle.useUserBuffer(buffer.bytes)
    const receive = this.#receive
    takeReads(handle, (length) => receive(buffer.take(length)))
    return early
  }

  /** What was on its way still comes: at most as much as is read at once. */
  pause(): void {
    this.#socket.pause()
    if (this.#handle === null || this.#socket.destroyed) return
    this.#handle.reading = false
    if (this.#handle.readStop() < 0) this.#socket.destroy()
  }

  resume(): void {
    this.#socket.resume()
    if (this.#handle === null || this.#socket.destroyed) return
    this.#handle.reading = true
    if (this.#handle.readStart() < 0) this.#socket.destroy()
  }
}
