import { type Envelope, messageType, noAction, otherAction } from '../ocpp/envelope.ts'
import type { ReasonCode } from '../policy/reasons.ts'
import type { RelayContext } from './context.ts'
import { FrameReader, type FrameReceiver } from './frames.ts'
import { opcode } from './opcode.ts'
import { OpenCalls } from './open-calls.ts'
import type { Output } from './output.ts'

/** Which side a flow comes from; also the index of its metric series (observe/metrics `directions`). */
export const fromChargePoint = 0
export const fromCentralSystem = 1
export type FlowSide = typeof fromChargePoint | typeof fromCentralSystem

/** What a flow tells its session, while a chunk is being read: the session acts when it has been. */
export interface FlowOwner {
  closeSeen(from: FlowSide, payload: Buffer): void
  violated(from: FlowSide, reason: ReasonCode, detail: string, closeCode: number): void
  answeredLast(): void
}

/** One direction of a session: bytes come in, whole messages go out as the bytes they were. */
export class Flow implements FrameReceiver {
  readonly calls = new OpenCalls()
  readonly #side: FlowSide
  readonly #context: RelayContext
  readonly #owner: FlowOwner
  readonly #reader: FrameReader
  readonly #out: Output
  /** The flow the other way: it holds the CALLs that messages here may answer. */
  #reverse: Flow | null = null
  #isShut = false
  /** Second of the clock in which the last byte came. */
  heardAt: number
  /** Second of the clock since which the receiver does not read; 0: it does. */
  stalledSince = 0
  /** Our ping is on its way to the sender of this flow. */
  pinged = false
  /** Answers to a duplicate check; rarely any. */
  onHeard: (() => void) | null = null

  constructor(side: FlowSide, out: Output, context: RelayContext, owner: FlowOwner) {
    this.#side = side
    this.#context = context
    this.#owner = owner
    this.#out = out
    this.#reader = new FrameReader(side === fromChargePoint, context.messageBytes, context.scratch, this)
    this.heardAt = context.clock.seconds
  }

  joinReverse(reverse: Flow): void {
    this.#reverse = reverse
  }

  /** `chunk` is ours from here on: what is forwarded is part of it. */
  receive(chunk: Buffer): void {
    this.heardAt = this.#context.clock.seconds
    this.pinged = false
    if (this.onHeard !== null) this.onHeard()
    this.#reader.push(chunk)
  }

  stop(): void {
    this.#reader.stop()
  }

  /** The receiver was told Close: what comes from now on is not forwarded. */
  shut(): void {
    this.#isShut = true
  }

  /** True: the receiver takes no more for now. */
  get isStalled(): boolean {
    return this.stalledSince !== 0
  }

  message(payload: Buffer, length: number): string | null {
    const { envelope, metrics, series } = this.#context
    if (!envelope.read(payload, length)) return envelope.problem
    const index = series(this.#side, kindOf(envelope.type), this.#track(envelope))
    metrics.messages.counts[index] = (metrics.messages.counts[index] as number) + 1
    metrics.messageBytes.counts[this.#side] = (metrics.messageBytes.counts[this.#side] as number) + length
    return null
  }

  /** Keeps the CALLs that wait; returns the action of the message, of the CALL it answers where it is an answer. */
  #track(envelope: Envelope): number {
    switch (envelope.type) {
      case messageType.call:
        this.calls.open(envelope.idHash, envelope.action, this.#context.clock.now())
        return envelope.action
      case messageType.result:
      case messageType.error: {
        const calls = this.#reverse?.calls
        if (calls === undefined || !calls.answered(envelope.idHash)) return otherAction
        this.#context.metrics.relayDuration.observe((this.#context.clock.now() - calls.answeredAt) / 1000)
        if (calls.isEmpty) this.#owner.answeredLast()
        return calls.answeredAction
      }
      default:
        return noAction
    }
  }

  control(code: number, payload: Buffer): boolean {
    if (code === opcode.close) this.#owner.closeSeen(this.#side, payload)
    // The answer to our own ping is ours; every other control frame goes end to end.
    return code !== opcode.pong || !payload.equals(this.#context.pingPayload)
  }

  forward(bytes: Buffer): void {
    if (this.#isShut) return
    if (!this.#out.write(bytes) && this.stalledSince === 0) {
      this.stalledSince = Math.max(1, this.#context.clock.seconds)
    }
  }

  violation(reason: ReasonCode, detail: string, closeCode: number): void {
    this.#owner.violated(this.#side, reason, detail, closeCode)
  }
}

/** Index in observe/metrics `messageKinds`. */
function kindOf(type: number): number {
  switch (type) {
    case messageType.call:
      return 0
    case messageType.result:
      return 1
    case messageType.error:
      return 2
    default:
      return 3
  }
}
