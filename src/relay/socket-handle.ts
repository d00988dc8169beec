import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * The handles below Node's sockets: not documented, so everything that we know of them is in this
 * file, and tested once when it is loaded. A Node that has changed inside is used through its
 * streams, which costs a fifth of the speed and nothing else.
 */

/** libuv's or OpenSSL's side of a socket. It takes one write after the other, never two at once. */
export interface SocketHandle {
  /** Returns 0 or a negative error of libuv. */
  writeBuffer(request: WriteRequest, bytes: Buffer): number
  /** Both return 0 or a negative error of libuv. */
  readStart(): number
  readStop(): number
  /** From here on what comes is put there, each time from its beginning. */
  useUserBuffer(buffer: Buffer): void
  /** Called with what came, or without anything in a buffer of ours; returns nothing. */
  onread: (this: SocketHandle, bytes?: ArrayBuffer) => void
  /** Node's own note of whether it reads. */
  reading: boolean
}

/** One write; to be used again when it is over. */
export interface WriteRequest {
  /** Null: nobody has to be told. */
  oncomplete: ((this: WriteRequest, status: number) => void) | null
  /** Who waits for it. */
  output: { completed(status: number): void } | null
  /** Keeps the memory of the write alive. */
  buffer: Buffer | null
  /** Below zero while the request belongs to no write. */
  getAsyncId(): number
}

interface StreamBinding {
  readonly WriteWrap: new () => object
  readonly streamBaseState: Int32Array
  readonly kLastWriteWasAsync: number
  readonly kReadBytesOrError: number
}

const binding = streamBinding()

/** Null: this socket is read and written through its stream. */
export function handleOf(socket: Socket): SocketHandle | null {
  if (binding === null) return null
  const handle = (socket as unknown as { _handle?: Partial<SocketHandle> | null })._handle
  const isKnown =
    typeof handle?.writeBuffer === 'function' &&
    typeof handle.readStart === 'function' &&
    typeof handle.readStop === 'function' &&
    typeof handle.useUserBuffer === 'function' &&
    typeof handle.onread === 'function'
  return isKnown ? (handle as SocketHandle) : null
}

/** Only where `handleOf` gave a handle. */
export function newWrite(): WriteRequest {
  if (binding === null) throw new TypeError('there are no handles to write to')
  const request = new binding.WriteWrap() as WriteRequest
  request.oncomplete = null
  request.output = null
  request.buffer = null
  return request
}

/** Has the last write on any handle still to be completed? */
export function wasAsync(): boolean {
  return binding !== null && binding.streamBaseState[binding.kLastWriteWasAsync] !== 0
}

/** The write is over and Node has let go of the request: nobody else calls it. */
export function isOver(request: WriteRequest): boolean {
  return request.getAsyncId() < 0
}

/**
 * OpenSSL encrypts a write before it returns, or copies it when it cannot: the memory of the write is
 * the caller's again at once. Seen in the source of this Node; of others nothing is assumed.
 */
export function copiesWrites(socket: Socket): boolean {
  return isStudied && socket instanceof TLSSocket
}

const isStudied = process.version.startsWith('v24.')

/**
 * What comes goes to `received`, which finds it in the first `length` bytes of the buffer that the
 * handle reads into; end and errors go the way they went before.
 */
export function takeReads(handle: SocketHandle, received: (length: number) => void): void {
  if (binding === null) throw new TypeError('there are no handles to read from')
  const { streamBaseState, kReadBytesOrError } = binding
  const { onread } = handle
  handle.onread = (bytes) => {
    const length = streamBaseState[kReadBytesOrError] as number
    if (length > 0) received(length)
    else onread.call(handle, bytes)
  }
}

function streamBinding(): StreamBinding | null {
  const { binding } = process as unknown as { binding?: (name: string) => Partial<StreamBinding> }
  try {
    const found = binding?.('stream_wrap')
    const isKnown =
      typeof found?.WriteWrap === 'function' &&
      found.streamBaseState instanceof Int32Array &&
      typeof found.kLastWriteWasAsync === 'number' &&
      typeof found.kReadBytesOrError === 'number' &&
      (new found.WriteWrap() as Partial<WriteRequest>).getAsyncId?.() === -1
    return isKnown ? (found as StreamBinding) : null
  } catch {
    return null
  }
}
