import type { AnyActionName } from '../ocpp/actions-201.ts'
import { type Envelope, messageType, otherAction } from '../ocpp/envelope.ts'
import type { Payload } from '../ocpp/message.ts'
import type { ReasonCode } from '../policy/reasons.ts'
import type { RelayContext } from './context.ts'
import { FrameReader, type FrameReceiver, type Problem, watched } from './frames.ts'
import { Lane, type LaneHost } from './lane.ts'
import { opcode } from './opcode.ts'
import { OpenCalls } from './open-calls.ts'
import type { Output } from './output.ts'
import { ownIdLength } from './own-ids.ts'
import { textFrame } from './text-frame.ts'
import { type CallOptions, type CallOutcome, directionFrom, type UseCaseSession } from './use-case.ts'

/** Which side a flow comes from; also the index of its metric series (observe/metrics `directions`). */
export const fromChargePoint = 0
export const fromCentralSystem = 1
export type FlowSide = typeof fromChargePoint | typeof fromCentralSystem

/** What a flow tells its session, while a chunk is being read: the session acts when it has been. */
export interface FlowOwner extends UseCaseSession {
  readonly isEnding: boolean
  closeSeen(from: FlowSide, payload: Buffer): void
  violated(from: FlowSide, reason: ReasonCode, detail: string, closeCode: number): void
  answeredLast(): void
  /** Not while a chunk is being read: the flow may be read again. */
  mayGoOn(from: FlowSide): void
  /** Not while a chunk is being read: nothing of ours is under way in a direction. */
  settled(): void
}

/** A charge point sends more than limits.messagesPerMinute (CWE-770). */
const tooMany: Problem = Object.freeze({
  reason: 'message_rate',
  detail: 'more messages than limits.messagesPerMinute allows',
  closeCode: 1008,
})

/** One direction of a session: bytes come in, whole messages go out as the bytes they were. */
export class Flow implements FrameReceiver, LaneHost {
  readonly calls = new OpenCalls()
  readonly side: FlowSide
  readonly context: RelayContext
  readonly session: FlowOwner
  readonly #reader: FrameReader
  readonly #out: Output
  /** The flow the other way: it holds the CALLs that messages here may answer. */
  #reverse: Flow | null = null
  #isShut = false
  /** Where its CALLs are not only forwarded; null most of the time. */
  #lane: Lane | null = null
  /** The sender got answers of ours and did not read them yet. */
  #owes = false
  /** Messages that the charge point may still send before the next sweep. */
  budget: number
  /** Second of the clock in which the last byte came. */
  heardAt: number
  /** Second of the clock since which the receiver does not read; 0: it does. */
  stalledSince = 0
  /** Second of the clock since which a ping of ours waits for the sender of this flow; 0: none does. */
  pingedAt = 0
  /** Answers to a duplicate check; rarely any. */
  onHeard: (() => void) | null = null

  constructor(side: FlowSide, out: Output, context: RelayContext, owner: FlowOwner) {
    this.side = side
    this.context = context
    this.session = owner
    this.#out = out
    this.#reader = new FrameReader(side === fromChargePoint, context.messageBytes, context.scratch, this)
    this.budget = context.messageBudget
    this.heardAt = context.clock.seconds
  }

  joinReverse(reverse: Flow): void {
    this.#reverse = reverse
  }

  /** `chunk` is only valid during the call. */
  receive(chunk: Buffer): void {
    this.heardAt = this.context.clock.seconds
    this.pingedAt = 0
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

  /** True: its sender is not to be read for now, whoever is the reason. */
  get isBlocked(): boolean {
    return this.stalledSince !== 0 || this.#owes || this.#lane?.isFull === true
  }

  /** No CALL of the sender, and none of ours in its name, waits for anything. */
  get isIdle(): boolean {
    return this.calls.isEmpty && (this.#lane === null || this.#lane.isIdle)
  }

  /** The receiver takes more again. */
  drained(): void {
    this.stalledSince = 0
    this.#unblock()
    this.#reverse?.paid()
  }

  /** The sender has read what we had answered. */
  paid(): void {
    if (!this.#owes) return
    this.#owes = false
    this.#unblock()
  }

  message(payload: Buffer, length: number): null | typeof watched | Problem {
    const { envelope, metrics, series } = this.context
    if (this.side === fromChargePoint && !this.#spend()) return tooMany
    if (!envelope.read(payload, length)) {
      return { reason: 'message_invalid', detail: envelope.problem, closeCode: 1007 }
    }
    const isAnswer = envelope.type === messageType.result || envelope.type === messageType.error
    const action = isAnswer ? this.#answered(envelope) : envelope.action
    const isWatched = isAnswer ? this.#watchesAnswer(action, payload) : this.#watchesCall(envelope)
    const index = series(this.side, kindOf(envelope.type), action < 0 ? otherAction : action)
    metrics.messages.counts[index] = (metrics.messages.counts[index] as number) + 1
    metrics.messageBytes.counts[this.side] = (metrics.messageBytes.counts[this.side] as number) + length
    return isWatched ? watched : null
  }

  /** Somebody has a say in it; otherwise it is open from now on. What is no CALL is nobody's. */
  #watchesCall({ type, action, idHash }: Envelope): boolean {
    if (type !== messageType.call) return false
    const { useCases, clock } = this.context
    if (this.#lane !== null || useCases.wants(this.side, action, this.session)) return true
    this.calls.open(idHash, action, clock.now())
    return false
  }

  /** The action of the CALL that is answered; `unasked` where there is none: late, a duplicate, or to a CALL of ours. */
  #answered({ idHash }: Envelope): number {
    const calls = this.#reverse?.calls
    if (calls === undefined || !calls.answered(idHash)) return unasked
    const { metrics, clock } = this.context
    metrics.relayDuration.observe((clock.now() - calls.answeredAt) / 1000)
    if (calls.isEmpty) this.session.answeredLast()
    return calls.answeredAction
  }

  #watchesAnswer(action: number, payload: Buffer): boolean {
    if (this.#reverse === null) return false
    if (this.#reverse.#lane !== null) return true
    return action === unasked && this.#reverse.#isOwn(payload)
  }

  /** Is the answer that was read last one to a CALL of ours, now or long ago? */
  #isOwn(payload: Buffer): boolean {
    const { envelope, ownIds } = this.context
    return envelope.idLength === ownIdLength && ownIds.isOwn(envelope.id(payload), directionFrom(this.side))
  }

  examine(payload: Buffer, length: number): boolean {
    const { envelope } = this.context
    const { type, idHash, action } = envelope
    const id = envelope.id(payload)
    if (type === messageType.call) {
      // Nobody decides any more, and a side that is closing does not act on it (RFC 6455 5.5.1).
      if (this.session.isEnding) return false
      const text = payload.toString('utf8', 0, length)
      return this.#laneNow().call({ text, id, idHash, action })
    }
    const reverse = this.#reverse
    if (reverse === null) return true
    const lane = reverse.#lane
    const text = () => payload.toString('utf8', 0, length)
    if (lane?.settles(id, text)) return false
    if (reverse.#isOwn(payload)) {
      const { identity } = this.session.facts
      this.context.log.debug({ identity, from: this.side }, 'a late answer to a CALL of the proxy is dropped')
      return false
    }
    return lane === null || lane.answered(id, text)
  }

  control(code: number, payload: Buffer): boolean | Problem {
    if (code === opcode.close) this.session.closeSeen(this.side, payload)
    else if (this.side === fromChargePoint && !this.#spend()) return tooMany
    // The answer to our own ping is ours; every other control frame goes end to end.
    return code !== opcode.pong || !payload.equals(this.context.pingPayload)
  }

  forward(bytes: Buffer): void {
    if (this.#isShut) return
    if (!this.#out.write(bytes) && this.stalledSince === 0) {
      this.stalledSince = Math.max(1, this.context.clock.seconds)
    }
  }

  violation(reason: ReasonCode, detail: string, closeCode: number): void {
    this.session.violated(this.side, reason, detail, closeCode)
  }

  /** A CALL of our own, to the receiver of this flow. */
  callOwn(action: AnyActionName, payload: Payload, options: CallOptions): Promise<CallOutcome> {
    return this.#laneNow().callOwn(action, payload, options)
  }

  refuseQueued(detail: string): void {
    this.#lane?.refuseQueued(detail)
  }

  /** About once a second. `refill`: messages that the charge point may send more, up to its budget. */
  sweep(refill: number): void {
    this.budget = Math.min(this.context.messageBudget, this.budget + refill)
    const lane = this.#lane
    if (lane === null) return
    // What is over may end the session.
    lane.sweep()
    if (lane.isIdle && !this.session.isEnding) this.#lane = null
  }

  /** The session has begun to end. Returns what is to be done once both flows were told. */
  endLane(): (() => void) | null {
    const lane = this.#lane
    if (lane === null) return null
    const wasBlocked = this.isBlocked
    // Where a CALL was dropped no later one may go: the lane stays, and lets none through.
    if (lane.isIdle) this.#lane = null
    lane.drop()
    // The sender's own Close is still to be read.
    if (wasBlocked) this.#unblock()
    return () => lane.settleOwn()
  }

  send(text: string): void {
    this.forward(textFrame(text, this.side === fromChargePoint))
  }

  answer(text: string): void {
    const reverse = this.#reverse
    reverse?.send(text)
    // Whoever asks and does not read the answers is not asked for more (CWE-770).
    if (reverse?.isStalled) this.#owes = true
  }

  hasRoom(): void {
    this.#unblock()
  }

  settled(): void {
    this.session.settled()
  }

  #unblock(): void {
    if (this.isBlocked) return
    // Nobody was heard while nobody was read.
    this.heardAt = this.context.clock.seconds
    this.session.mayGoOn(this.side)
  }

  #laneNow(): Lane {
    this.#lane ??= new Lane(this)
    return this.#lane
  }

  #spend(): boolean {
    this.budget -= 1
    return this.budget >= 0
  }
}

/** No CALL waits for the answer. */
const unasked = -1

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
