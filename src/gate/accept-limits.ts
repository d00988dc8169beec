import { admitted, refused, type Verdict } from '../policy/verdict.ts'
import { networkOf } from './credentials/network.ts'

const minuteMs = 60_000
/** Addresses whose rate is remembered; beyond, the oldest are forgotten. */
const maxAddresses = 100_000

export interface AcceptBounds {
  readonly connections: number
  readonly handshakes: number
  readonly perAddressPerMinute: number
  readonly connectionsPerAddress: number
}

/** A bucket that fills with `perAddressPerMinute` tokens a minute. */
interface Bucket {
  tokens: number
  at: number
}

/**
 * Bounds on who may connect at all (CWE-770, CWE-307): in total, TLS handshakes in flight, per
 * address at a time and per minute. An IPv6 address counts by its /64.
 */
export class AcceptLimits {
  #bounds: AcceptBounds
  readonly #now: () => number
  readonly #live = new Map<string, number>()
  readonly #buckets = new Map<string, Bucket>()
  #connections = 0
  #handshakes = 0

  /** `now` in milliseconds, any origin. */
  constructor(bounds: AcceptBounds, now: () => number) {
    this.#bounds = bounds
    this.#now = now
  }

  /** From here on; what is connected already stays. */
  setBounds(bounds: AcceptBounds): void {
    this.#bounds = bounds
  }

  get connections(): number {
    return this.#connections
  }

  /**
   * A connection was accepted, wherever it comes from. Counts it whatever the verdict is;
   * `connectionEnded` must be called when it is over.
   */
  connectionBegins(): Verdict {
    this.#connections += 1
    const { connections } = this.#bounds
    if (this.#connections <= connections) return admitted
    return refused('capacity', `${connections} connections are open (limits.connections)`)
  }

  connectionEnded(): void {
    this.#connections -= 1
  }

  /**
   * The address of a connection is known: behind a load balancer only once its PROXY header is whole.
   * Counts it whatever the verdict is; `left` must be called when it is over.
   */
  entered(address: string): Verdict {
    const key = networkOf(address)
    const live = (this.#live.get(key) ?? 0) + 1
    this.#live.set(key, live)
    const bounds = this.#bounds
    if (!this.#take(key)) {
      return refused(
        'rate_limited',
        `over ${bounds.perAddressPerMinute} connections a minute from this address`,
      )
    }
    if (live > bounds.connectionsPerAddress) {
      return refused('capacity', `${bounds.connectionsPerAddress} connections of this address are open`)
    }
    return admitted
  }

  left(address: string): void {
    const key = networkOf(address)
    const live = (this.#live.get(key) ?? 1) - 1
    if (live <= 0) this.#live.delete(key)
    else this.#live.set(key, live)
  }

  /** A TLS handshake begins. `handshakeEnded` must be called only when it was admitted. */
  handshakeBegins(): Verdict {
    if (this.#handshakes >= this.#bounds.handshakes) {
      return refused('capacity', `${this.#bounds.handshakes} handshakes are in flight (limits.handshakes)`)
    }
    this.#handshakes += 1
    return admitted
  }

  handshakeEnded(): void {
    this.#handshakes -= 1
  }

  #take(key: string): boolean {
    const now = this.#now()
    const perMinute = this.#bounds.perAddressPerMinute
    const bucket = this.#buckets.get(key) ?? { tokens: perMinute, at: now }
    const filled = Math.min(perMinute, bucket.tokens + ((now - bucket.at) * perMinute) / minuteMs)
    // Least recently used first, so that a bounded map forgets those who left.
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: filled >= 1 ? filled - 1 : filled, at: now })
    if (this.#buckets.size > maxAddresses) {
      const oldest = this.#buckets.keys().next()
      if (!oldest.done) this.#buckets.delete(oldest.value)
    }
    return filled >= 1
  }
}
