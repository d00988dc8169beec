import type { Socket } from 'node:net'
import type { AnyActionName } from '../ocpp/actions-201.ts'
import type { Payload } from '../ocpp/message.ts'
import type { PendingUpgrade } from '../policy/profile.ts'
import type { Protocol } from '../policy/protocol.ts'
import type { ReasonCode } from '../policy/reasons.ts'
import { closeCodeOf, closeFrame, controlFrame } from './close-codes.ts'
import type { RelayContext } from './context.ts'
import { Flow, type FlowOwner, type FlowSide, fromCentralSystem, fromChargePoint } from './flow.ts'
import { Input } from './input.ts'
import { opcode } from './opcode.ts'
import { Output } from './output.ts'
import type { UpstreamLink } from './upstream.ts'
import type { CallOptions, CallOutcome } from './use-case.ts'

/** Seconds that a peer has to answer a Close frame before its socket is ended (RFC 6455 7.1.1). */
const closeSeconds = 5

/** Who a session belongs to. */
export interface SessionFacts {
  readonly identity: string
  readonly listener: string
  readonly profile: 0 | 1 | 2 | 3
  /** What was agreed on with both sides. */
  readonly protocol: Protocol
  readonly address: string
  readonly port: number
  /** Fingerprint of the client certificate, where there is one. */
  readonly certificate: string | null
  /** Of the registry, as it was when the session began. */
  readonly serialNumber: string | null
  /** Which password it logged in with, where a change of it is under way; null: none, or nothing to tell. */
  readonly credential: 'current' | 'next' | null
  /** An upgrade of the proxy's that was under way when it came, and what to go back to (A05). */
  readonly pendingUpgrade: PendingUpgrade | null
  /** It has factory credentials still: there is no central system behind it (A00.FR.806). Left out: there is. */
  readonly stage?: 'onboarding'
  /** Its onboarding has ended with this connection (A00.FR.805). */
  readonly isOnboarded?: true
}

/** How a session ended, for the log. */
export interface SessionEnd {
  readonly by: 'charge-point' | 'central-system' | 'proxy'
  /** Close code seen or sent; 1006 when a connection ended without one. */
  readonly code: number
  readonly text: string
}

export interface SessionEvents {
  /** It relays from now on; nothing was read so far. */
  started(session: Session): void
  refused(session: Session, reason: ReasonCode, detail: string): void
  ended(session: Session, end: SessionEnd): void
}

export interface SweepLimits {
  /** Seconds of silence after which a side is pinged; 0: never. */
  readonly idle: number
  /** Seconds that it then has; also how long a side may refuse to read. */
  readonly pingTimeout: number
  /** Messages that a charge point may send more than before the sweep. */
  readonly refill: number
}

/** One charge point and its connection to the central system, from the 101 to the end of both sockets. */
export class Session implements FlowOwner {
  readonly facts: SessionFacts
  readonly #context: RelayContext
  readonly #events: SessionEvents
  readonly #downstream: Socket
  readonly #upstream: UpstreamLink
  readonly #fromChargePoint: Input
  readonly #outs: readonly [Output, Output]
  readonly #up: Flow
  readonly #down: Flow
  #end: SessionEnd | null = null
  /** Second of the clock by which both sockets are destroyed; 0: not closing. */
  #closeBy = 0
  #closedSides = 0
  #closeSent = [false, false]
  #wantsEnd: SessionEnd | null = null
  #endWhenIdle: SessionEnd | null = null
  #socketClosed = [false, false]

  constructor(
    facts: SessionFacts,
    downstream: Socket,
    upstream: UpstreamLink,
    context: RelayContext,
    events: SessionEvents,
  ) {
    this.facts = facts
    this.#context = context
    this.#events = events
    this.#downstream = downstream
    this.#upstream = upstream
    const toChargePoint = new Output(downstream, context.spareWrite, () => this.#down.drained())
    const toCentralSystem = new Output(upstream.socket, context.spareWrite, () => this.#up.drained())
    this.#outs = [toChargePoint, toCentralSystem]
    this.#fromChargePoint = new Input(downstream, (chunk) => {
      this.#receive(this.#up, chunk, this.#fromChargePoint)
    })
    this.#up = new Flow(fromChargePoint, toCentralSystem, context, this)
    this.#down = new Flow(fromCentralSystem, toChargePoint, context, this)
    this.#up.joinReverse(this.#down)
    this.#down.joinReverse(this.#up)
  }

  /** Messages that the charge point may send before the next sweep. */
  get messageBudget(): number {
    return this.#up.budget
  }

  set messageBudget(messages: number) {
    this.#up.budget = messages
  }

  /** Starts relaying. `early` is what the charge point sent together with its upgrade request. */
  start(early: Buffer): void {
    const down = this.#downstream
    down.on('end', () => this.#gone(fromChargePoint))
    down.on('error', () => down.destroy())
    down.on('close', () => this.#closed(fromChargePoint))
    const { socket } = this.#upstream
    socket.on('end', () => this.#gone(fromCentralSystem))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#closed(fromCentralSystem))
    this.#events.started(this)
    // Sockets that closed before we listened tell nobody again; those about to tell are counted once.
    if (down.destroyed) this.#closed(fromChargePoint)
    if (socket.destroyed) this.#closed(fromCentralSystem)
    const input = this.#fromChargePoint
    const first = Buffer.concat([early, input.open(this.#context.readBuffer)])
    if (first.length > 0) this.#receive(this.#up, first, input)
    this.#upstream.start((chunk) => this.#receive(this.#down, chunk, socket))
    if (!this.#up.isBlocked) input.resume()
  }

  /** A CALL of either side, or one of ours, waits for its answer. */
  get hasOpenCalls(): boolean {
    return !this.#up.isIdle || !this.#down.isIdle
  }

  get isOpen(): boolean {
    return this.#end === null && this.#endWhenIdle === null
  }

  callChargePoint(action: AnyActionName, payload: Payload, options: CallOptions = {}): Promise<CallOutcome> {
    return this.isOpen ? this.#down.callOwn(action, payload, options) : Promise.resolve(notOpen)
  }

  callCentralSystem(
    action: AnyActionName,
    payload: Payload,
    options: CallOptions = {},
  ): Promise<CallOutcome> {
    if (this.facts.stage === 'onboarding') return Promise.resolve(nobodyThere)
    return this.isOpen ? this.#up.callOwn(action, payload, options) : Promise.resolve(notOpen)
  }

  get isEnding(): boolean {
    return this.#end !== null
  }

  /** Closes both sides with `code` (RFC 6455 7.1.2), and their sockets when they answered or time is up. */
  end(code: number, text: string, by: SessionEnd['by'] = 'proxy'): void {
    this.#begin({ by, code, text })
    this.#sendClose(fromChargePoint, code, text)
    this.#sendClose(fromCentralSystem, code, text)
  }

  /** Like `end`, once no CALL is open; at once when none is. CALLs of ours that wait are not sent any more. */
  endWhenIdle(code: number, text: string): void {
    this.#endWhenIdle = { by: 'proxy', code, text }
    for (const flow of [this.#up, this.#down]) flow.refuseQueued(text)
    this.settled()
  }

  /** Ends both sockets without another word. */
  destroy(): void {
    this.#begin({ by: 'proxy', code: 1006, text: 'ended by the proxy' })
    this.#downstream.destroy()
    this.#upstream.socket.destroy()
  }

  /**
   * Is the charge point still there? True when anything comes from it within `timeoutMs`: a ping
   * asks for it. For the check of duplicate identities. Who is not read cannot be called silent: while
   * the central system is slow, the charge point counts as there.
   */
  probe(timeoutMs: number): Promise<boolean> {
    if (this.#end !== null || this.#downstream.destroyed) return Promise.resolve(false)
    return new Promise((resolve) => {
      const finish = (alive: boolean) => {
        clearTimeout(timer)
        this.#up.onHeard = null
        this.#onProbeEnd = null
        resolve(alive)
      }
      const wasBlocked = this.#up.isBlocked
      const timer = setTimeout(() => finish(wasBlocked || this.#up.isBlocked), timeoutMs)
      this.#onProbeEnd?.(false)
      this.#onProbeEnd = finish
      this.#up.onHeard = () => finish(true)
      this.#ping(fromChargePoint, this.#context.clock.seconds)
    })
  }
  #onProbeEnd: ((alive: boolean) => void) | null = null

  /** Called about once a second: time-outs, and pings for peers that are silent. */
  sweep(limits: SweepLimits): void {
    const now = this.#context.clock.seconds
    this.#up.sweep(limits.refill)
    this.#down.sweep(limits.refill)
    if (this.#closeBy !== 0) {
      if (now >= this.#closeBy) this.#destroySockets()
      return
    }
    this.#sweepSide(this.#up, fromChargePoint, now, limits)
    if (this.#end === null) this.#sweepSide(this.#down, fromCentralSystem, now, limits)
  }

  closeSeen(from: FlowSide, payload: Buffer): void {
    const code = closeCodeOf(payload)
    this.#closedSides += 1
    // The Close frame itself goes on to the other side, which answers it.
    this.#closeSent[other(from)] = true
    this.#begin({ by: partyOf(from), code, text: payload.subarray(2).toString() })
  }

  violated(from: FlowSide, reason: ReasonCode, detail: string, closeCode: number): void {
    this.#events.refused(this, reason, `${partyOf(from)}: ${detail}`)
    this.#begin({ by: 'proxy', code: closeCode, text: detail })
    this.#sendClose(from, closeCode, detail)
    this.#sendClose(other(from), 1001, 'the other side broke the protocol')
  }

  answeredLast(): void {
    if (this.#endWhenIdle !== null && !this.hasOpenCalls) this.#wantsEnd = this.#endWhenIdle
  }

  settled(): void {
    this.answeredLast()
    if (this.#wantsEnd !== null) this.#endAsWanted(this.#wantsEnd)
  }

  mayGoOn(from: FlowSide): void {
    const input = from === fromChargePoint ? this.#fromChargePoint : this.#upstream.socket
    input.resume()
  }

  #endAsWanted({ code, text }: SessionEnd): void {
    this.#wantsEnd = null
    this.end(code, text)
  }

  #receive(flow: Flow, chunk: Buffer, source: Pick<Socket, 'pause'> | Input): boolean {
    flow.receive(chunk)
    if (this.#wantsEnd !== null) this.#endAsWanted(this.#wantsEnd)
    // RFC 6455 7.1.1: both have said Close; the server side ends the connection.
    if (this.#closedSides >= 2) this.#finishSockets()
    if (!flow.isBlocked) return true
    source.pause()
    return false
  }

  #sweepSide(flow: Flow, side: FlowSide, now: number, limits: SweepLimits): void {
    if (flow.stalledSince !== 0 && now - flow.stalledSince > limits.pingTimeout) {
      this.#timedOut(`${partyOf(other(side))} does not read`)
      return
    }
    // What we do not read ourselves cannot be called silent.
    if (limits.idle === 0 || flow.isBlocked) return
    const silence = now - flow.heardAt
    if (silence <= limits.idle) return
    if (flow.pingedAt === 0) this.#ping(side, now)
    // Since the ping, and not since it was heard last: while we stood still ourselves, nobody could answer.
    else if (now - flow.pingedAt >= limits.pingTimeout) {
      this.#timedOut(`${partyOf(side)} is silent and does not answer a ping`)
    }
  }

  #timedOut(detail: string): void {
    this.#events.refused(this, 'idle_timeout', detail)
    this.end(1001, detail)
  }

  #ping(side: FlowSide, now: number): void {
    const flow = side === fromChargePoint ? this.#up : this.#down
    if (flow.pingedAt === 0) flow.pingedAt = now
    this.#outs[side].write(controlFrame(opcode.ping, this.#context.pingPayload, side === fromCentralSystem))
  }

  #sendClose(side: FlowSide, code: number, text: string): void {
    const socket = this.#socketOf(side)
    if (this.#closeSent[side] === true || socket.destroyed || !socket.writable) return
    this.#closeSent[side] = true
    this.#outs[side].write(closeFrame(code, text, side === fromCentralSystem))
    // RFC 6455 5.5.1: nothing follows it, not even the answer of the other side to its own Close.
    this.#flowTo(side).shut()
  }

  #begin(end: SessionEnd): void {
    if (this.#end !== null) return
    this.#end = end
    this.#closeBy = this.#context.clock.seconds + closeSeconds
    this.#onProbeEnd?.(false)
    // First nobody waits for an answer any more, then CALLs of ours have their outcome.
    for (const settleOwn of [this.#up.endLane(), this.#down.endLane()]) settleOwn?.()
  }

  /** A side ended its stream: with it gone, the other one is closed too, so that it notices. */
  #gone(side: FlowSide): void {
    this.#begin({ by: partyOf(side), code: 1006, text: 'connection ended' })
    this.#sendClose(
      other(side),
      1001,
      side === fromCentralSystem ? 'central system gone' : 'charge point gone',
    )
    this.#finishSockets()
  }

  #closed(side: FlowSide): void {
    if (this.#socketClosed[side] === true) return
    this.#socketClosed[side] = true
    if (this.#socketClosed[other(side)] !== true) this.#gone(side)
    else if (this.#end !== null) {
      this.#up.stop()
      this.#down.stop()
      this.#events.ended(this, this.#end)
    }
  }

  /** What was written still goes out; then both sockets end. */
  #finishSockets(): void {
    this.#up.stop()
    this.#down.stop()
    for (const out of this.#outs) out.end()
    // A peer that does not end its side is not waited for longer than for a Close.
    this.#fromChargePoint.resume()
    this.#upstream.socket.resume()
  }

  #destroySockets(): void {
    this.#downstream.destroy()
    this.#upstream.socket.destroy()
  }

  /** The flow whose bytes `side` gets. */
  #flowTo(side: FlowSide): Flow {
    return side === fromChargePoint ? this.#down : this.#up
  }

  #socketOf(side: FlowSide): Socket {
    return side === fromChargePoint ? this.#downstream : this.#upstream.socket
  }
}

const notOpen: CallOutcome = Object.freeze({ kind: 'not-sent', detail: 'the session is ending' })

const nobodyThere: CallOutcome = Object.freeze({
  kind: 'not-sent',
  detail: 'the charge point is in onboarding: nothing of it goes to the central system',
})

function other(side: FlowSide): FlowSide {
  return side === fromChargePoint ? fromCentralSystem : fromChargePoint
}

function partyOf(side: FlowSide): 'charge-point' | 'central-system' {
  return side === fromChargePoint ? 'charge-point' : 'central-system'
}
