import { randomBytes } from 'node:crypto'

/**
 * Which messages of other replicas are new. A message lies open on the server for whoever may read there,
 * and comes again from whoever may publish; its seal only tells that a replica made it, some time.
 *
 * No clock is shared, so nothing can be said of a message from its time alone. Instead:
 *
 * 1. A sender is believed only after it has answered a hello of ours: it repeated a nonce that did not exist
 *    before, so it has the key and lives now. Messages of a life that has ended cannot pass, since no dead
 *    replica answers.
 * 2. The answer carries the number of the sender's messages. What has that number or a smaller one may be of
 *    any age and is dropped; of greater ones each is taken once. Publish/subscribe keeps the order of one
 *    connection, but a sender may have connected anew, and nodes of a cluster forward independently: so it is
 *    a window over the greatest numbers, as of RFC 4303 3.4.3, and not only "greater than the last".
 * 3. The answer carries the sender's own clock as well. Two clocks that go at the same pace, however they are
 *    set, tell how much later than the answer a message was made; when more time than that has gone by here,
 *    it was kept back. The pace of clocks differs by some hundred parts in a million: the two are compared
 *    anew after `remeetMs`.
 *
 * Memory: so many senders, and of each its window. Of whom is forgotten nothing can be repeated either: it
 * has to answer anew, and a nonce lives shorter than anybody is remembered.
 */

/** Senders: replicas, and those that have ended since. */
const maxPeers = 256
/** Messages of one sender that may overtake each other. */
const windowSize = 512
/** A message that was on its way for longer is dropped. */
const maxAgeMs = 30_000
/** A nonce is ours for so long, and is answered for as long again at most. */
const nonceMs = 5_000
const remeetMs = 600_000

/** unmet: it has not shown that it lives. repeated: it was here. late: it was on its way for too long. */
export type Verdict = 'new' | 'unmet' | 'repeated' | 'late'

interface Peer {
  /** Numbers that were taken, each at its remainder. */
  readonly taken: Float64Array
  readonly floor: number
  greatest: number
  /** Its clock and ours, when it answered. */
  metTheirs: number
  metOurs: number
  heardAt: number
}

export class Peers {
  readonly #now: () => number
  readonly #peers = new Map<string, Peer>()
  /** The newest last. */
  #nonces: { readonly text: string; readonly at: number }[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  knows(from: string): boolean {
    return this.#peers.has(from)
  }

  /** For a hello. */
  nonce(): string {
    const at = this.#now()
    const newest = this.#nonces.at(-1)
    if (newest !== undefined && at - newest.at < nonceMs) return newest.text
    const text = randomBytes(16).toString('base64url')
    this.#nonces = [...this.#live(), { text, at }]
    return text
  }

  /** It has answered a hello. late: not one of ours, or of long ago. unmet: there are too many to know one more. */
  meet(from: string, n: number, t: number, echo: string): Verdict {
    const known = this.#peers.get(from)
    if (known !== undefined && !isNew(known, n)) return 'repeated'
    if (!this.#live().some(({ text }) => text === echo)) return 'late'
    const at = this.#now()
    if (known === undefined) {
      if (!this.#makeRoom()) return 'unmet'
      const taken = new Float64Array(windowSize)
      this.#peers.set(from, { taken, floor: n, greatest: n, metTheirs: t, metOurs: at, heardAt: at })
      return 'new'
    }
    take(known, n)
    Object.assign(known, { metTheirs: t, metOurs: at, heardAt: at })
    return 'new'
  }

  /** Is this message to be taken? It is, once. `withinMs`: a bound of its age that its sender gave. */
  judge(from: string, n: number, t: number, withinMs: number = maxAgeMs): Verdict {
    const peer = this.#peers.get(from)
    if (peer === undefined) return 'unmet'
    if (!isNew(peer, n)) return 'repeated'
    take(peer, n)
    const at = this.#now()
    // At least: the answer that clocks are compared by was on its way itself.
    const age = at - peer.metOurs - (t - peer.metTheirs)
    if (age > Math.min(maxAgeMs, withinMs)) return 'late'
    peer.heardAt = at
    return 'new'
  }

  /** Its clock may have gone away from ours. */
  isStale(from: string): boolean {
    const peer = this.#peers.get(from)
    return peer !== undefined && this.#now() - peer.metOurs > remeetMs
  }

  #live() {
    const at = this.#now()
    return this.#nonces.filter((nonce) => at - nonce.at < 2 * nonceMs)
  }

  /** Who was not heard of for the longest time goes; never somebody who could answer the same nonce again. */
  #makeRoom(): boolean {
    if (this.#peers.size < maxPeers) return true
    const [oldest] = [...this.#peers].sort(([, a], [, b]) => a.heardAt - b.heardAt)
    if (oldest === undefined || this.#now() - oldest[1].heardAt < 2 * nonceMs) return false
    return this.#peers.delete(oldest[0])
  }
}

function isNew(peer: Peer, n: number): boolean {
  if (n <= peer.floor || n <= peer.greatest - windowSize) return false
  return peer.taken[n % windowSize] !== n
}

function take(peer: Peer, n: number): void {
  peer.taken[n % windowSize] = n
  peer.greatest = Math.max(peer.greatest, n)
}
