import { FrameReader, type FrameReceiver, type Problem, watched } from '../../src/relay/frames.ts'
import { ReadBuffer } from '../../src/relay/read-buffer.ts'
import { Scratch } from '../../src/relay/scratch.ts'

/** What a frame reader said, in its order; buffers are copied, for they are only lent. */
export type Seen =
  | { readonly kind: 'message'; readonly text: Buffer }
  | { readonly kind: 'control'; readonly opcode: number; readonly payload: Buffer }
  | { readonly kind: 'violation'; readonly reason: string; readonly code: number; readonly detail: string }

export interface RecorderOptions {
  readonly masked?: boolean
  readonly messageBytes?: number
  /** What is wrong with a message; default nothing. */
  readonly judge?: (text: Buffer) => string | null
  /** Is a message to be examined, and does it then go on? Default no, and yes. */
  readonly watches?: (text: Buffer) => boolean
  readonly lets?: (text: Buffer) => boolean
  /** Does a control frame go on? Default yes. */
  readonly passes?: (opcode: number) => boolean
}

/** One for all, as in the relay. */
const readBuffer = new ReadBuffer()

/** A frame reader and what it told. */
export class Recorder implements FrameReceiver {
  readonly seen: Seen[] = []
  readonly forwarded: Buffer[] = []
  /** What was shown once more, and how many bytes had been forwarded before it. */
  readonly examined: { readonly text: string; readonly forwarded: number }[] = []
  readonly reader: FrameReader
  readonly #options: RecorderOptions

  constructor(options: RecorderOptions = {}) {
    this.#options = options
    this.reader = new FrameReader(
      options.masked ?? true,
      options.messageBytes ?? 262_144,
      new Scratch(65_536, readBuffer),
      this,
    )
  }

  /** Pushes the pieces; what was pushed is overwritten afterwards, as by the next read. */
  push(...pieces: Buffer[]): this {
    for (const piece of pieces) {
      const isRead = piece.length > 0 && piece.length <= readBuffer.bytes.length
      if (isRead) piece.copy(readBuffer.bytes)
      const lent = isRead ? readBuffer.take(piece.length) : Buffer.from(piece)
      this.reader.push(lent)
      lent.fill(0xee)
    }
    return this
  }

  get bytes(): Buffer {
    return Buffer.concat(this.forwarded)
  }

  get texts(): string[] {
    return this.seen.flatMap((one) => (one.kind === 'message' ? [one.text.toString()] : []))
  }

  get violations() {
    return this.seen.filter((one) => one.kind === 'violation')
  }

  message(payload: Buffer, length: number): null | typeof watched | Problem {
    const text = Buffer.from(payload.subarray(0, length))
    this.seen.push({ kind: 'message', text })
    const detail = this.#options.judge?.(text) ?? null
    if (detail !== null) return { reason: 'message_invalid', detail, closeCode: 1007 }
    return this.#options.watches?.(text) === true ? watched : null
  }

  examine(payload: Buffer, length: number): boolean {
    const text = Buffer.from(payload.subarray(0, length))
    this.examined.push({ text: text.toString(), forwarded: this.bytes.length })
    return this.#options.lets?.(text) ?? true
  }

  control(code: number, payload: Buffer): boolean {
    this.seen.push({ kind: 'control', opcode: code, payload: Buffer.from(payload) })
    return this.#options.passes?.(code) ?? true
  }

  forward(bytes: Buffer): void {
    this.forwarded.push(Buffer.from(bytes))
  }

  violation(reason: string, detail: string, closeCode: number): void {
    this.seen.push({ kind: 'violation', reason, code: closeCode, detail })
  }
}
