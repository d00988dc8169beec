/** Long enough for nearly every message. */
const keptViews = 2048

/**
 * Memory into which every socket of the relay reads. Reading is synchronous, and what is in it is only
 * valid until the next read: one is enough for all of them, and no connection pays for its own.
 */
export class ReadBuffer {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(65_536)
  readonly words: Int32Array = new Int32Array(this.bytes.buffer)
  /** What was read last; tells who gets it that `words` holds the same. */
  latest: Buffer = this.bytes
  /** Making a Buffer costs more than most of what is done with it. */
  readonly #views: (Buffer | undefined)[] = new Array<Buffer | undefined>(keptViews).fill(undefined)

  /** Its first `length` bytes. */
  take(length: number): Buffer {
    const known = length < keptViews ? this.#views[length] : undefined
    const view = known ?? this.bytes.subarray(0, length)
    if (length < keptViews) this.#views[length] = view
    this.latest = view
    return view
  }
}
