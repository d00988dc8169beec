import type { Socket } from 'node:net'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { ReasonCode } from '../policy/reasons.ts'
import { createRelayContext, type RelayClock, type RelayContext } from './context.ts'
import { drain } from './drain.ts'
import { Session, type SessionEnd, type SessionEvents, type SessionFacts } from './session.ts'
import { type Claim, type Claimant, Sessions } from './sessions.ts'
import {
  createReadBuffer,
  dial,
  type UpstreamLink,
  type UpstreamOutcome,
  type UpstreamRequest,
  type UpstreamTarget,
} from './upstream.ts'

/** How often silence and time-outs are looked at, in milliseconds: one timer for all sessions. */
const sweepMs = 1_000

export interface RelayLimits {
  readonly messageBytes: number
  /** Milliseconds. */
  readonly idle: number
  readonly pingTimeout: number
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
  readonly #readBuffer = createReadBuffer()
  readonly #clock = new SweptClock()
  readonly #timer: NodeJS.Timeout
  #limits: RelayLimits
  #target: UpstreamTarget
  isDraining = false

  constructor(limits: RelayLimits, target: UpstreamTarget, deps: RelayDeps) {
    this.#limits = limits
    this.#target = target
    this.#deps = deps
    this.#context = createRelayContext(deps.metrics, this.#clock, limits.messageBytes)
    this.#timer = setInterval(() => this.#sweep(), sweepMs)
    this.#timer.unref()
  }

  /** For connections from now on; silence is judged by the new limits at once. */
  setLive(limits: RelayLimits, target: UpstreamTarget): void {
    this.#limits = limits
    this.#target = target
    this.#context.messageBytes = limits.messageBytes
  }

  claim(identity: string, claimant: Claimant, isWanted: () => boolean): Promise<Claim | null> {
    return this.sessions.claim(identity, claimant, isWanted)
  }

  dial(request: UpstreamRequest): Promise<UpstreamOutcome> {
    return dial(this.#target, request, this.#readBuffer)
  }

  start(facts: SessionFacts, downstream: Socket, link: UpstreamLink, early: Buffer): void {
    const session = new Session(facts, downstream, link, this.#context, this)
    this.sessions.add(session)
    const labels = { listener: facts.listener, profile: String(facts.profile) }
    this.#deps.metrics.connections.inc(labels)
    this.#deps.metrics.connectionsTotal.inc(labels)
    this.#deps.log.info({ ...facts }, 'charge point connected')
    session.start(early)
    if (this.isDraining) session.end(1001, 'the proxy is shutting down')
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

  ended(session: Session, { by, code, text }: SessionEnd): void {
    this.sessions.remove(session)
    const { identity, listener, profile } = session.facts
    this.#deps.metrics.connections.dec({ listener, profile: String(profile) })
    this.#deps.log.info({ identity, listener, by, code, text }, 'charge point disconnected')
  }

  #sweep(): void {
    this.#clock.tick()
    const { idle, pingTimeout } = this.#limits
    this.sessions.sweep({ idle: Math.ceil(idle / 1000), pingTimeout: Math.ceil(pingTimeout / 1000) })
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
