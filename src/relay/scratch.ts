/**
 * Memory in which payloads are unmasked to be read. One for the whole process: it is used within
 * one synchronous call and never kept.
 */
export class Scratch {
  bytes: Buffer
  #words: Int32Array

  constructor(size = 65_536) {
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.#words = wordsOf(this.bytes)
  }

  /**
   * Copies a payload into `bytes`, unmasked (RFC 6455 5.3): `mask` is the masking key as a
   * little-endian number, 0 where there is none. True: every byte is ASCII, so it needs no further
   * look as UTF-8.
   */
  load(source: Buffer, start: number, length: number, mask: number): boolean {
    if (length > this.bytes.length) this.#grow(length)
    source.copy(this.bytes, 0, start, start + length)
    const words = this.#words
    const whole = length >> 2
    let seen = 0
    for (let index = 0; index < whole; index += 1) {
      const word = (words[index] as number) ^ mask
      words[index] = word
      seen |= word
    }
    for (let index = whole << 2; index < length; index += 1) {
      const byte = (this.bytes[index] as number) ^ ((mask >>> ((index & 3) << 3)) & 0xff)
      this.bytes[index] = byte
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

/**
 * Memory into which every socket of the relay reads. Reading is synchronous and nobody keeps it, so one
 * is enough for all of them, and no connection pays for its own.
 */
export function createReadBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(65_536)
}
