/** Bytes appended one piece after another; memory at most doubles what was appended. */
export class GrowingBuffer {
  #bytes: Buffer = Buffer.alloc(0)
  length = 0

  append(piece: Buffer, from = 0): void {
    const length = this.length + piece.length - from
    if (this.#bytes.length < length) {
      // At least a quarter more each time, or large messages in small pieces would cost quadratic time.
      const spare = Math.min(this.length * 2, length + Math.max(65_536, length >> 2))
      const larger = Buffer.allocUnsafeSlow(Math.max(64, length, spare))
      this.#bytes.copy(larger, 0, 0, this.length)
      this.#bytes = larger
    }
    piece.copy(this.#bytes, this.length, from)
    this.length = length
  }

  /** What was appended. Not a copy: append afterwards may or may not show in it. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0)
    this.length = 0
  }
}
