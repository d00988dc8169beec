/**
 * Reads big-endian fields between two offsets of a buffer. Reading past the end never throws and
 * never leaves the range: it yields 0 and sets `failed`, which stays set, so that a parser reads a
 * whole structure and asks once.
 */
export class ByteReader {
  readonly bytes: Buffer
  readonly end: number
  offset: number
  failed = false

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes
    this.offset = start
    this.end = Math.min(end, bytes.length)
  }

  get remaining(): number {
    return this.failed ? 0 : this.end - this.offset
  }

  /** Everything was read, and nothing was missing. */
  get finished(): boolean {
    return !this.failed && this.offset === this.end
  }

  u8(): number {
    if (!this.take(1)) return 0
    return this.bytes[this.offset - 1] ?? 0
  }

  u16(): number {
    if (!this.take(2)) return 0
    return ((this.bytes[this.offset - 2] ?? 0) << 8) | (this.bytes[this.offset - 1] ?? 0)
  }

  skip(count: number): void {
    this.take(count)
  }

  /** The next `count` bytes as a reader of their own. */
  section(count: number): ByteReader {
    const start = this.offset
    if (this.take(count)) return new ByteReader(this.bytes, start, start + count)
    const empty = new ByteReader(this.bytes, start, start)
    empty.failed = true
    return empty
  }

  /** The next `count` bytes as text, one character a byte. */
  text(count: number): string {
    const start = this.offset
    return this.take(count) ? this.bytes.toString('latin1', start, start + count) : ''
  }

  private take(count: number): boolean {
    if (this.failed || count > this.end - this.offset) {
      this.failed = true
      return false
    }
    this.offset += count
    return true
  }
}
