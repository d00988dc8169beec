import type { Socket } from 'node:net'
import type { ListenerConfig } from '../config/schema.ts'
import type { CertificatePath } from '../pki/chain.ts'
import type { ChainFacts, HelloFacts, IdentityFacts, RemoteFacts, TlsFacts } from '../policy/facts.ts'
import type { OnboardingEntry } from '../policy/onboarding-stage.ts'
import type { ChargePointRecord } from '../store/store.ts'

/** What is known about a connection; grows from stage to stage and is never changed in place. */
export interface ConnectionFacts {
  readonly remote: RemoteFacts
  readonly hello: HelloFacts | null
  readonly tls: TlsFacts | null
  readonly chain: ChainFacts | null
  /** The certificate is good for onboarding only (A00.FR.406). */
  readonly entry: OnboardingEntry | null
  readonly identity: IdentityFacts | null
  readonly chargePoint: ChargePointRecord | null
}

/** A connection on its way through the gate. */
export class GateConnection {
  readonly listener: ListenerConfig
  /** The accepted TCP socket. */
  readonly raw: Socket
  /** What HTTP is spoken on: the TLS socket once there is one. */
  socket: Socket
  facts: ConnectionFacts
  /** Profile 3: the path that was judged, and how new the lists were that it was judged by. */
  judged: { readonly path: CertificatePath; readonly generation: number } | null = null
  /** A refusal was noted, or the connection was handed to the relay. */
  isSettled = false
  /** The peer has closed: nothing can be told to it any more, but a refusal still counts. */
  isGone = false
  /** Milliseconds, monotonic: when the stage that is measured began. */
  stageStartedAt = 0
  #deadline: NodeJS.Timeout | null = null
  readonly #releases: (() => void)[] = []

  constructor(listener: ListenerConfig, raw: Socket, remote: RemoteFacts) {
    this.listener = listener
    this.raw = raw
    this.socket = raw
    this.facts = nothingOf(remote)
  }

  /** What happens when the present stage takes longer than `ms`; replaces the one before. */
  setDeadline(ms: number, onTimeout: () => void): void {
    this.clearDeadline()
    this.#deadline = setTimeout(onTimeout, ms)
  }

  clearDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline)
    this.#deadline = null
  }

  know(more: Partial<ConnectionFacts>): void {
    this.facts = { ...this.facts, ...more }
  }

  /** `release` is called once, when the connection leaves the gate. */
  onLeave(release: () => void): void {
    this.#releases.push(release)
  }

  /** No stage has to go on with it. */
  get isOver(): boolean {
    return this.isSettled || this.isGone
  }

  /** Lets go of what only the gate needed: a relayed connection lives long, and there are many. */
  forget(): void {
    const { remote } = this.facts
    this.judged = null
    this.facts = nothingOf(remote)
  }

  /** The gate is done with it, whatever came of it. */
  leave(): void {
    this.isSettled = true
    this.#release()
  }

  /** The TCP connection is closed. */
  gone(): void {
    this.isGone = true
    this.#release()
  }

  #release(): void {
    this.clearDeadline()
    for (const release of this.#releases.splice(0)) release()
  }
}

function nothingOf(remote: RemoteFacts): ConnectionFacts {
  return { remote, hello: null, tls: null, chain: null, entry: null, identity: null, chargePoint: null }
}

/** IPv4-mapped IPv6 (::ffff:192.0.2.1) as IPv4, so that one peer has one address. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
