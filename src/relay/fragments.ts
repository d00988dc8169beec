import { GrowingBuffer } from './growing-buffer.ts'

/** The frames of one fragmented message, as they came, and their payload without masks. */
export class Fragments {
  readonly #frames = new GrowingBuffer()
  readonly #payload = new GrowingBuffer()
  count = 0

  get payloadLength(): number {
    return this.#payload.length
  }

  add(frame: Buffer, payload: Buffer): void {
    this.#frames.append(frame)
    this.#payload.append(payload)
    this.count += 1
  }

  frames(): Buffer {
    return this.#frames.view()
  }

  payload(): Buffer {
    return this.#payload.view()
  }
}
