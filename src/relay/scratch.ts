import type { ReadBuffer } from './read-buffer.ts'

/**
 * Memory in which payloads are unmasked to be read. One for the whole process: it is used within
 * one synchronous call and never kept.
 */
export class Scratch {
  bytes: Buffer
  #words: Int32Array
  readonly #readBuffer: ReadBuffer | null

  /** What comes from `readBuffer` is read by words where it lies so. */
  constructor(size = 65_536, readBuffer: ReadBuffer | null = null) {
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.#words = wordsOf(this.bytes)
    this.#readBuffer = readBuffer
  }

  /**
   * Copies a payload into `bytes`, unmasked (RFC 6455 5.3): `mask` is the masking key as a
   * little-endian number, 0 where there is none. True: every byte is ASCII, so it needs no further
   * look as UTF-8.
   */
  load(source: Buffer, start: number, length: number, mask: number): boolean {
    if (length > this.bytes.length) this.#grow(length)
    const read = this.#readBuffer
    // Headers of 4 and 8 bytes: messages of 126 bytes and more.
    if (read !== null && read.latest === source && (start & 3) === 0) {
      return this.#unmask(read.words, source, start, length, mask)
    }
    source.copy(this.bytes, 0, start, start + length)
    return this.#unmask(this.#words, this.bytes, 0, length, mask)
  }

  /** `words` holds the same as `source`, from its beginning; `start` is a multiple of 4. */
  #unmask(words: Int32Array, source: Buffer, start: number, length: number, mask: number): boolean {
    const { bytes } = this
    const ours = this.#words
    const first = start >> 2
    const whole = length >> 2
    let seen = 0
    for (let index = 0; index < whole; index += 1) {
      const word = (words[first + index] as number) ^ mask
      ours[index] = word
      seen |= word
    }
    for (let index = whole << 2; index < length; index += 1) {
      const byte = (source[start + index] as number) ^ ((mask >>> ((index & 3) << 3)) & 0xff)
      bytes[index] = byte
      seen |= byte
    }
    return (seen & 0x8080_8080) === 0
  }

  #grow(length: number): void {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(length, this.bytes.length * 2))
    this.#words = wordsOf(this.bytes)
  }
}

/** Little-endian words, as on every platform that Node runs on; the mask is read the same way. */
function wordsOf(bytes: Buffer): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
}
