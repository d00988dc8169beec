import type { Socket } from 'node:net'

/**
 * The handles below Node's sockets: not documented, so everything that we know of them is in this
 * file, and tested once when it is loaded. A Node that has changed inside is used through its
 * streams, which costs a tenth of the speed and nothing else.
 */

/** libuv's or OpenSSL's side of a socket. It takes one write after the other, never two at once. */
export interface SocketHandle {
  /** Returns 0 or a negative error of libuv. */
  writeBuffer(request: WriteRequest, bytes: Buffer): number
}

/** One write on its way. */
export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void
  /** Who waits for it. */
  output: { completed(status: number): void } | null
  /** Keeps the memory of the write alive. */
  buffer: Buffer | null
}

interface StreamBinding {
  readonly WriteWrap: new () => object
  readonly streamBaseState: Int32Array
  readonly kLastWriteWasAsync: number
}

const binding = streamBinding()

/** Null: this socket is written to through its stream. */
export function handleOf(socket: Socket): SocketHandle | null {
  if (binding === null) return null
  const handle = (socket as unknown as { _handle?: Partial<SocketHandle> | null })._handle
  return typeof handle?.writeBuffer === 'function' ? (handle as SocketHandle) : null
}

/** Only where `handleOf` gave a handle. */
export function newWrite(oncomplete: WriteRequest['oncomplete']): WriteRequest {
  if (binding === null) throw new TypeError('there are no handles to write to')
  const request = new binding.WriteWrap() as WriteRequest
  request.oncomplete = oncomplete
  request.output = null
  request.buffer = null
  return request
}

/** Has the last write on any handle still to be completed? */
export function wasAsync(): boolean {
  return binding !== null && binding.streamBaseState[binding.kLastWriteWasAsync] !== 0
}

function streamBinding(): StreamBinding | null {
  const { binding } = process as unknown as { binding?: (name: string) => Partial<StreamBinding> }
  try {
    const found = binding?.('stream_wrap')
    const isKnown =
      typeof found?.WriteWrap === 'function' &&
      found.streamBaseState instanceof Int32Array &&
      typeof found.kLastWriteWasAsync === 'number'
    return isKnown ? (found as StreamBinding) : null
  } catch {
    return null
  }
}
