import type { Socket } from 'node:net'
import {
  copiesWrites,
  handleOf,
  isOver,
  newWrite,
  type SocketHandle,
  type WriteRequest,
  wasAsync,
} from './socket-handle.ts'

/** So many bytes wait here, behind those that Node has, before the sender is asked to stop. */
const maxQueuedBytes = 65_536

/** A request that Node was done with at once is as good as new: one for all outputs. */
export class SpareWrite {
  #request: WriteRequest | null = null

  take(): WriteRequest | null {
    const request = this.#request
    this.#request = null
    return request
  }

  put(request: WriteRequest): void {
    this.#request = request
  }
}

/**
 * The way out to one peer. It writes to the handle below the stream: a stream's bookkeeping per
 * write (states, callbacks, ticks) costs a relay as much as all that it does itself, and the one
 * thing needed of it is here: one write at a time, what comes meanwhile waits in order. Where Node
 * has no such handle, the stream does the work.
 */
export class Output {
  readonly #socket: Socket
  readonly #spare: SpareWrite
  readonly #drained: () => void
  /**
   * OpenSSL has the bytes when the call returns, so nobody has to be told when they are sent: whether
   * they are is asked at the next write. A call into JavaScript per message is saved, and the request
   * serves again. A connection that breaks meanwhile is noticed by who reads from it.
   */
  readonly #isSilent: boolean
  /** A write that Node had not finished when we looked last: nothing else may be given to the handle. */
  #isBusy = false
  /** Its request, and while no write is under way the one for the next. */
  #request: WriteRequest | null = null
  #handle: SocketHandle | null = null
  #queue: Buffer[] = []
  #queuedBytes = 0
  #isFull = false
  #isEnding = false

  /** `drained`: `write` said false, and now there is room again. */
  constructor(socket: Socket, spare: SpareWrite, drained: () => void) {
    this.#socket = socket
    this.#spare = spare
    this.#drained = drained
    this.#isSilent = copiesWrites(socket)
    socket.on('drain', drained)
  }

  /** True while more may come; what comes after `end` is dropped. `bytes` are the caller's again when it returns. */
  write(bytes: Buffer): boolean {
    const socket = this.#socket
    if (this.#isEnding || socket.destroyed || socket.writableEnded) return true
    if (this.#isUnderWay()) return this.#enqueue(bytes)
    const handle = this.#handle ?? this.#takeHandle()
    if (handle !== null) this.#send(handle, this.#isSilent ? bytes : copyOf(bytes))
    else if (socket.writable) return socket.write(copyOf(bytes))
    return true
  }

  /** Once the stream has nothing any more: what it has goes first. */
  #takeHandle(): SocketHandle | null {
    if (this.#socket.writableLength === 0) this.#handle = handleOf(this.#socket)
    return this.#handle
  }

  /** Ends our half of the connection behind everything that was written. */
  end(): void {
    this.#isEnding = true
    this.#endWhenSent()
  }

  /** The handle has finished what it was given; `status` is below zero when it could not. */
  completed(status: number): void {
    this.#isBusy = false
    // Node lets go of it after this call only.
    this.#request = null
    if (status < 0) {
      this.#queue = []
      this.#socket.destroy()
      return
    }
    const handle = this.#handle
    if (this.#queue.length > 0 && handle !== null && !this.#socket.destroyed) {
      const bytes = this.#queue.length === 1 ? (this.#queue[0] as Buffer) : Buffer.concat(this.#queue)
      this.#queue = []
      this.#queuedBytes = 0
      this.#send(handle, bytes)
    }
    if (this.#isFull && this.#queuedBytes === 0) {
      this.#isFull = false
      this.#drained()
    }
    if (this.#isEnding) this.#endWhenSent()
  }

  #endWhenSent(): void {
    if (this.#isUnderWay()) this.#listen()
    else this.#endSocket()
  }

  /** Both sides of a session end more than once; Node makes an error, stack and all, of each time too many. */
  #endSocket(): void {
    const socket = this.#socket
    if (!socket.destroyed && !socket.writableEnded) socket.end()
  }

  #isUnderWay(): boolean {
    if (!this.#isBusy) return false
    if (!this.#isSilent || this.#request === null || !isOver(this.#request)) return true
    this.#isBusy = false
    return false
  }

  /** Something has to be done when the present write is over. */
  #listen(): void {
    if (this.#request !== null) this.#request.oncomplete = completed
  }

  #enqueue(bytes: Buffer): boolean {
    this.#listen()
    this.#queue.push(copyOf(bytes))
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes < maxQueuedBytes) return true
    this.#isFull = true
    return false
  }

  #send(handle: SocketHandle, bytes: Buffer): void {
    const request = this.#request ?? this.#spare.take() ?? newWrite()
    // Before the call: a TLS write that fails is completed inside of it.
    this.#isBusy = true
    this.#request = request
    request.output = this
    request.oncomplete = this.#isSilent ? null : completed
    // Node reads from this memory until it is done.
    request.buffer = this.#isSilent ? null : bytes
    const error = handle.writeBuffer(request, bytes)
    if (error === 0 && wasAsync()) {
      if (this.#isSilent && isOver(request)) this.#socket.destroy()
      return
    }
    this.#isBusy = false
    this.#request = null
    request.output = null
    request.buffer = null
    if (error === 0) this.#spare.put(request)
    else this.#socket.destroy()
  }
}

/** The memory of what is to be written is used anew, while Node may still read from it. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length)
  copy.set(bytes)
  return copy
}

function completed(this: WriteRequest, status: number): void {
  const { output } = this
  this.output = null
  this.buffer = null
  output?.completed(status)
}
