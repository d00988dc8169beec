import { isUtf8 } from 'node:buffer'
import type { ReasonCode } from '../policy/reasons.ts'
import { closeProblem } from './close-codes.ts'
import { Fragments } from './fragments.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import { opcode } from './opcode.ts'
import type { Scratch } from './scratch.ts'

/** More frames than this in one message are no honest fragmentation (memory per frame, CVE class of tiny fragments). */
const maxFragments = 1024

/** Why a stream is not read any further. */
export interface Problem {
  readonly reason: ReasonCode
  readonly detail: string
  readonly closeCode: number
}

/** Somebody wants to see the message before it goes on. */
export const watched = Symbol('watched')

/** What the reader found; the receiver decides what goes on. */
export interface FrameReceiver {
  /**
   * A whole text message. `payload` holds it unmasked in its first `length` bytes and is only valid
   * during the call. Null: it goes on; `watched`: `examine` decides; otherwise what is wrong with it,
   * and the connection ends.
   */
  message(payload: Buffer, length: number): null | typeof watched | Problem
  /**
   * The message that was `watched`, once all that stood before it has been forwarded. True: it goes on
   * as the bytes that came; false: the receiver has it, and nothing is forwarded.
   */
  examine(payload: Buffer, length: number): boolean
  /** A whole control frame; `payload` is unmasked and only valid during the call. False: it stops here. */
  control(code: number, payload: Buffer): boolean | Problem
  /**
   * Bytes to forward untouched: one or more whole frames. Only valid during the call: they may be part
   * of the chunk that was pushed.
   */
  forward(bytes: Buffer): void
  /** The stream is broken; nothing after it is read. `closeCode` is what the sender is told. */
  violation(reason: ReasonCode, detail: string, closeCode: number): void
}

/**
 * Finds frames and messages in one direction of a WebSocket connection, without changing a byte.
 * A message is shown to the receiver when it is whole, and forwarded as the bytes that came: frames
 * of a client keep their mask. What is held while a message is incomplete is bounded by
 * `messageBytes`, and grows with what really arrived, not with what a header promises.
 */
export class FrameReader {
  readonly #masked: boolean
  readonly #messageBytes: number
  readonly #scratch: Scratch
  readonly #receiver: FrameReceiver
  /** Bytes of an incomplete frame. */
  #held: GrowingBuffer | null = null
  /** No use in looking at the held bytes before there are this many. */
  #needed = 0
  #fragments: Fragments | null = null
  /** Of the frame being read. */
  #headerLength = 0
  #payloadLength = 0
  #problem: Problem | null = null
  #stopped = false

  /** `masked`: frames must be masked (from a client, RFC 6455 5.1) or must not (from a server). */
  constructor(masked: boolean, messageBytes: number, scratch: Scratch, receiver: FrameReceiver) {
    this.#masked = masked
    this.#messageBytes = messageBytes
    this.#scratch = scratch
    this.#receiver = receiver
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#stopped = true
    this.#held = null
    this.#fragments = null
  }

  /** What is kept of `chunk` beyond this call is copied; `forward` may be given parts of it. */
  push(chunk: Buffer): void {
    if (this.#stopped || (chunk[0] === wholeText && this.#pushWhole(chunk))) return
    let bytes = chunk
    if (this.#held !== null) {
      this.#held.append(chunk)
      if (this.#held.length < this.#needed) return
      bytes = this.#held.view()
      this.#held = null
    }
    this.#needed = 0
    const used = this.#read(bytes)
    if (this.#stopped || used === bytes.length) return
    this.#held = new GrowingBuffer()
    this.#held.append(bytes, used)
  }

  /**
   * By far the most frequent chunk: one whole text frame of usual size, nothing before and nothing
   * behind it. False: it is something else, and nothing was done.
   */
  #pushWhole(chunk: Buffer): boolean {
    if (this.#held !== null || this.#fragments !== null) return false
    let length = (chunk[1] as number) - (this.#masked ? 0x80 : 0)
    let start = this.#masked ? 6 : 2
    if (length === 126) {
      length = ((chunk[2] as number) << 8) | (chunk[3] as number)
      start += 2
      if (length < 126) return false
    } else if (!(length >= 0 && length < 126)) return false
    if (chunk.length !== start + length || length > this.#messageBytes) return false
    const fate = this.#text(chunk, start, chunk.length)
    if (fate === forwarded || (fate === asked && this.#receiver.examine(this.#scratch.bytes, length))) {
      this.#receiver.forward(chunk)
    } else if (fate === broken) this.#violate(0)
    return true
  }

  /** Reads whole frames; returns how many bytes it is done with. */
  #read(bytes: Buffer): number {
    const end = bytes.length
    let offset = 0
    // Frames that go on untouched are collected and forwarded in one run.
    let runStart = 0
    while (end - offset >= 2) {
      const first = bytes[offset] as number
      if (!this.#header(bytes, offset)) break
      const total = this.#headerLength + this.#payloadLength
      if (this.#problem === null && end - offset < total) {
        this.#needed = total
        break
      }
      if (!isWholeMessage(first)) {
        this.#flush(bytes, runStart, offset)
        runStart = offset
      }
      let fate = this.#problem === null ? this.#frame(bytes, offset, first) : broken
      if (fate === asked) {
        this.#flush(bytes, runStart, offset)
        runStart = offset
        fate = this.#receiver.examine(this.#scratch.bytes, this.#payloadLength) ? forwarded : withheld
      }
      if (fate !== forwarded) {
        this.#flush(bytes, runStart, offset)
        if (fate === broken) return this.#violate(end)
        runStart = offset + total
      }
      offset += total
      if (this.#stopped) break
    }
    this.#flush(bytes, runStart, offset)
    return offset
  }

  /** Reads the header at `offset` (RFC 6455 5.2). False: more bytes are needed. */
  #header(bytes: Buffer, offset: number): boolean {
    const first = bytes[offset] as number
    const second = bytes[offset + 1] as number
    this.#problem = this.#headerProblem(first, second)
    if (this.#problem !== null) return true
    const available = bytes.length - offset
    const mask = this.#masked ? 4 : 0
    let length = second & 0x7f
    this.#headerLength = 2 + mask
    if (length === 126) {
      if (available < 4) return false
      length = bytes.readUInt16BE(offset + 2)
      this.#headerLength = 4 + mask
      if (length < 126) this.#problem = invalid('length not in its shortest form')
    } else if (length === 127) {
      if (available < 10) return false
      const high = bytes.readUInt32BE(offset + 2)
      length = high * 0x1_0000_0000 + bytes.readUInt32BE(offset + 6)
      this.#headerLength = 10 + mask
      if (high >= 0x8000_0000) this.#problem = invalid('length with its top bit set')
      else if (length < 0x1_0000) this.#problem = invalid('length not in its shortest form')
    }
    this.#payloadLength = length
    const whole = length + (this.#fragments === null ? 0 : this.#fragments.payloadLength)
    if (this.#problem === null && (first & 0x08) === 0 && whole > this.#messageBytes) {
      const detail = `${whole} bytes, ${this.#messageBytes} allowed`
      this.#problem = { reason: 'message_too_large', detail, closeCode: 1009 }
    }
    return true
  }

  /** RFC 6455 5.1, 5.2, 5.4, 5.5: what the first two bytes alone can break. */
  #headerProblem(first: number, second: number): Problem | null {
    if ((first & 0x70) !== 0) return invalid('reserved bits are set without an extension')
    if (((second & 0x80) !== 0) !== this.#masked) {
      return invalid(this.#masked ? 'frame of a client without mask' : 'frame of a server with mask')
    }
    const code = first & 0x0f
    if (code >= 0x8) {
      if (code > opcode.pong) return invalid(`unknown opcode ${code}`)
      if ((first & 0x80) === 0) return invalid('fragmented control frame')
      return (second & 0x7f) > 125 ? invalid('control frame over 125 bytes') : null
    }
    if (code > opcode.binary) return invalid(`unknown opcode ${code}`)
    if (code === opcode.continuation) {
      return this.#fragments === null ? invalid('continuation without a start') : null
    }
    return this.#fragments === null ? null : invalid('new message inside a fragmented one')
  }

  #frame(bytes: Buffer, offset: number, first: number): FrameFate {
    const code = first & 0x0f
    const start = offset + this.#headerLength
    const end = start + this.#payloadLength
    if (code >= 0x8) return this.#control(bytes, start, end, code)
    if (code === opcode.binary) return this.#breaks('message_invalid', 'binary message', 1003)
    if (isWholeMessage(first)) return this.#text(bytes, start, end)
    return this.#fragment(bytes, offset, start, end, (first & 0x80) !== 0)
  }

  #text(bytes: Buffer, start: number, end: number): FrameFate {
    const length = end - start
    const isAscii = this.#load(bytes, start, length)
    const payload = this.#scratch.bytes
    if (!isAscii && !isUtf8(payload.subarray(0, length))) {
      return this.#breaks('message_invalid', 'text that is not UTF-8', 1007)
    }
    const verdict = this.#receiver.message(payload, length)
    if (verdict === null) return forwarded
    return verdict === watched ? asked : this.#stopAt(verdict)
  }

  /** Into the scratch, without its mask; the masking key stands right before the payload. */
  #load(bytes: Buffer, start: number, length: number): boolean {
    return this.#scratch.load(bytes, start, length, this.#masked ? bytes.readInt32LE(start - 4) : 0)
  }

  #payload(bytes: Buffer, start: number, end: number): Buffer {
    this.#load(bytes, start, end - start)
    return this.#scratch.bytes.subarray(0, end - start)
  }

  #control(bytes: Buffer, start: number, end: number, code: number): FrameFate {
    const payload = this.#payload(bytes, start, end)
    const problem = code === opcode.close ? closeProblem(payload) : null
    if (problem !== null) return this.#breaks('frame_invalid', problem, 1002)
    const passes = this.#receiver.control(code, payload)
    if (typeof passes !== 'boolean') return this.#stopAt(passes)
    // RFC 6455 5.5.1: a Close frame is the last one; a second one must not count as the answer to it.
    if (code === opcode.close) this.stop()
    return passes ? forwarded : withheld
  }

  /** RFC 6455 5.4: part of a message. Its bytes wait until the message is whole. */
  #fragment(bytes: Buffer, offset: number, start: number, end: number, isFinal: boolean): FrameFate {
    this.#fragments ??= new Fragments()
    const fragments = this.#fragments
    fragments.add(bytes.subarray(offset, end), this.#payload(bytes, start, end))
    if (fragments.count > maxFragments) {
      return this.#breaks('frame_invalid', `a message in over ${maxFragments} fragments`, 1008)
    }
    if (!isFinal) return withheld
    this.#fragments = null
    const payload = fragments.payload()
    if (!isUtf8(payload)) return this.#breaks('message_invalid', 'text that is not UTF-8', 1007)
    const verdict = this.#receiver.message(payload, payload.length)
    if (verdict !== null && verdict !== watched) return this.#stopAt(verdict)
    if (verdict === null || this.#receiver.examine(payload, payload.length)) {
      this.#receiver.forward(fragments.frames())
    }
    return withheld
  }

  #flush(bytes: Buffer, from: number, to: number): void {
    if (to === from) return
    this.#receiver.forward(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))
  }

  #breaks(reason: ReasonCode, detail: string, closeCode: number): FrameFate {
    return this.#stopAt({ reason, detail, closeCode })
  }

  #stopAt(problem: Problem): FrameFate {
    this.#problem = problem
    return broken
  }

  #violate(end: number): number {
    const problem = this.#problem
    this.stop()
    if (problem !== null) this.#receiver.violation(problem.reason, problem.detail, problem.closeCode)
    return end
  }
}

/** First byte of a final, unfragmented text frame without reserved bits. */
const wholeText = 0x81

/** What becomes of a frame: it goes on, it does not (or not now), it ends the connection, or the receiver says so. */
const forwarded = 0
const withheld = 1
const broken = 2
const asked = 3
type FrameFate = typeof forwarded | typeof withheld | typeof broken | typeof asked

/** A final text frame, or a control frame: nothing has to wait for what follows. */
function isWholeMessage(first: number): boolean {
  return (first & 0x80) !== 0 && (first & 0x0f) !== opcode.continuation
}

function invalid(detail: string): Problem {
  return { reason: 'frame_invalid', detail, closeCode: 1002 }
}
