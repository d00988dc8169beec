import type { Socket } from 'node:net'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { messageOf } from '../policy/error.ts'
import type { ReasonCode } from '../policy/reasons.ts'
import { controlFrame } from './close-codes.ts'
import { createRelayContext, type RelayClock, type RelayContext, setLiveContext } from './context.ts'
import { drain } from './drain.ts'
import { CarriedBudgets, refillOf } from './message-rate.ts'
import { noCentralSystem } from './no-central-system.ts'
import { opcode } from './opcode.ts'
import { Session, type SessionEnd, type SessionEvents, type SessionFacts } from './session.ts'
import { type Claim, type Claimant, Sessions } from './sessions.ts'
import {
  dial,
  type UpstreamLink,
  type UpstreamOutcome,
  type UpstreamRequest,
  type UpstreamTarget,
} from './upstream.ts'
import type { UseCase } from './use-case.ts'

/** How often silence and time-outs are looked at, in milliseconds: one timer for all sessions. */
const sweepMs = 1_000

export interface RelayLimits {
  readonly messageBytes: number
  /** Milliseconds. */
  readonly idle: number
  readonly pingTimeout: number
  readonly callTimeout: number
  /** Of one charge point; 0: no bound. */
  readonly messagesPerMinute: number
}

export interface RelayDeps {
  readonly metrics: Metrics
  readonly log: Logger
  /** A session broke a rule; noted like every refusal. `port` of the charge point. */
  readonly refused: (facts: SessionFacts, reason: ReasonCode, detail: string) => void
}

/** All sessions of the process: dials the central system, relays, and ends what must end. */
export class Relay implements SessionEvents {
  readonly sessions = new Sessions()
  readonly #deps: RelayDeps
  readonly #context: RelayContext
  readonly #clock = new SweptClock()
  readonly #budgets = new CarriedBudgets()
  readonly #timer: NodeJS.Timeout
  #limits: RelayLimits
  isDraining = false

  constructor(limits: RelayLimits, useCases: readonly UseCase[], deps: RelayDeps) {
    this.#limits = limits
    this.#deps = deps
    const { metrics, log } = deps
    this.#context = createRelayContext({ metrics, log, clock: this.#clock, limits, useCases })
    // Behind what is there to be read: after a standstill of our own nobody is called silent who has spoken.
    this.#timer = setInterval(() => setImmediate(() => this.#sweep()), sweepMs)
    this.#timer.unref()
  }

  /**
   * Silence and rates are judged by the new limits at once, the size of messages on connections from
   * now on. Running sessions use the new use cases from their next CALL on; `started` is not called again.
   */
  setLive(limits: RelayLimits, useCases: readonly UseCase[]): void {
    this.#limits = limits
    setLiveContext(this.#context, limits, useCases)
  }

  claim(identity: string, claimant: Claimant, isWanted: () => boolean): Promise<Claim> {
    return this.sessions.claim(identity, claimant, isWanted)
  }

  dial(target: UpstreamTarget, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamOutcome> {
    return dial(target, request, this.#context.readBuffer, signal)
  }

  /** What a session has in place of the central system while it is not to be seen there (A00.FR.806). */
  noCentralSystem(): UpstreamLink {
    return noCentralSystem(this.#limits.messageBytes)
  }

  start(facts: SessionFacts, downstream: Socket, link: UpstreamLink, early: Buffer): void {
    const session = new Session(facts, downstream, link, this.#context, this)
    const { messagesPerMinute } = this.#limits
    session.messageBudget = this.#budgets.take(facts.identity, messagesPerMinute, this.#clock.seconds)
    this.sessions.add(session)
    const labels = { listener: facts.listener, profile: String(facts.profile) }
    this.#deps.metrics.connections.inc(labels)
    this.#deps.metrics.connectionsTotal.inc(labels)
    this.#deps.log.info({ ...facts }, 'charge point connected')
    session.start(early)
    if (this.isDraining) session.end(1001, 'the proxy is shutting down')
  }

  /** A ping to a charge point whose pong goes no further. */
  pingFrame(): Buffer {
    return controlFrame(opcode.ping, this.#context.pingPayload, false)
  }

  /** Ends every session (design, section 12) and the timer. */
  async drain(timeoutMs: number): Promise<void> {
    this.isDraining = true
    await drain(this.sessions, { timeoutMs, random: Math.random })
    clearInterval(this.#timer)
  }

  refused(session: Session, reason: ReasonCode, detail: string): void {
    this.#deps.refused(session.facts, reason, detail)
  }

  started(session: Session): void {
    for (const useCase of this.#useCasesOf(session)) this.#tell(useCase, 'started', session)
  }

  ended(session: Session, { by, code, text }: SessionEnd): void {
    this.sessions.remove(session)
    const { identity, listener, profile } = session.facts
    this.#budgets.keep(identity, session.messageBudget, this.#clock.seconds)
    this.#deps.metrics.connections.dec({ listener, profile: String(profile) })
    this.#deps.log.info({ identity, listener, by, code, text }, 'charge point disconnected')
    for (const useCase of this.#useCasesOf(session)) this.#tell(useCase, 'ended', session)
  }

  #useCasesOf({ facts }: Session): readonly UseCase[] {
    return this.#context.useCases.of(facts.protocol)
  }

  #tell(useCase: UseCase, what: 'started' | 'ended', session: Session): void {
    try {
      useCase[what]?.(session)
    } catch (error) {
      const { identity } = session.facts
      const fields = { identity, useCase: useCase.name, what, err: messageOf(error) }
      this.#deps.log.error(fields, 'a use case failed')
    }
  }

  #sweep(): void {
    const before = this.#clock.seconds
    this.#clock.tick()
    const { idle, pingTimeout, messagesPerMinute } = this.#limits
    this.sessions.sweep({
      idle: Math.ceil(idle / 1000),
      pingTimeout: Math.ceil(pingTimeout / 1000),
      refill: refillOf(messagesPerMinute, before, this.#clock.seconds),
    })
  }
}

/** Seconds move with the sweep, so that reading them on the path of a message costs nothing. */
class SweptClock implements RelayClock {
  readonly #startedAt = performance.now()
  seconds = 1

  now(): number {
    return performance.now()
  }

  tick(): void {
    this.seconds = 1 + Math.floor((performance.now() - this.#startedAt) / 1000)
  }
}
