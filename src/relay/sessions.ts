import type { Session, SweepLimits } from './session.ts'
import type { SessionDirectory } from './use-case.ts'

/** How long a charge point has to show that it is still there when a second one claims its identity. */
const probeMs = 5_000
/** How long the old session may take to end before its sockets are destroyed. */
const replaceMs = 5_000
/** Connections of one identity that may wait for their turn. */
const maxWaiting = 4

export type Claim =
  /** `release`: the caller is done: its session is registered, or it gave up. */
  | { readonly kind: 'granted'; readonly release: () => void }
  /** Somebody else has the identity, and answers. */
  | { readonly kind: 'taken' }
  /** Too many wait for the identity already: that says nothing about who has it. */
  | { readonly kind: 'crowded' }

const taken: Claim = Object.freeze({ kind: 'taken' })
const crowded: Claim = Object.freeze({ kind: 'crowded' })

/** Who asks for an identity, to be compared with who has it. */
export interface Claimant {
  readonly address: string
  readonly certificate: string | null
}

/**
 * The live sessions, one per identity at the most (CWE-613: a second connection must neither hijack
 * nor shadow the first).
 */
export class Sessions implements SessionDirectory {
  readonly #byIdentity = new Map<string, Session>()
  readonly #turns = new Map<string, { waiting: number; last: Promise<void> }>()
  readonly #ended = new Map<Session, () => void>()

  get size(): number {
    return this.#byIdentity.size
  }

  get(identity: string): Session | null {
    return this.#byIdentity.get(identity) ?? null
  }

  all(): Iterable<Session> {
    return this.#byIdentity.values()
  }

  /**
   * Waits until the identity is free for `claimant`, who is authenticated already. An old session
   * from the same certificate or address is replaced; one from elsewhere is pinged, and stays when
   * it answers: then the identity is `taken`. The old session has ended on both sides before this
   * returns, because a central system may refuse a second connection. A claimant that is not wanted
   * any more when its turn comes (it left) replaces nobody.
   */
  async claim(identity: string, claimant: Claimant, isWanted: () => boolean = () => true): Promise<Claim> {
    const release = await this.#turn(identity)
    if (release === null) return crowded
    try {
      const old = this.#byIdentity.get(identity)
      if (old === undefined || !isWanted() || (await this.#replace(old, claimant))) {
        return { kind: 'granted', release }
      }
    } catch (error) {
      release()
      throw error
    }
    release()
    return taken
  }

  add(session: Session): void {
    this.#byIdentity.set(session.facts.identity, session)
  }

  remove(session: Session): void {
    const { identity } = session.facts
    // A session that was replaced ends after its successor began.
    if (this.#byIdentity.get(identity) === session) this.#byIdentity.delete(identity)
    this.#ended.get(session)?.()
    this.#ended.delete(session)
  }

  sweep(limits: SweepLimits): void {
    for (const session of this.#byIdentity.values()) session.sweep(limits)
  }

  /** One at a time per identity; null: too many wait already. */
  async #turn(identity: string): Promise<(() => void) | null> {
    const turns = this.#turns.get(identity) ?? { waiting: 0, last: Promise.resolve() }
    if (turns.waiting >= maxWaiting) return null
    this.#turns.set(identity, turns)
    turns.waiting += 1
    const before = turns.last
    const { promise, resolve } = Promise.withResolvers<void>()
    turns.last = promise
    await before
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      turns.waiting -= 1
      if (turns.waiting === 0) this.#turns.delete(identity)
      resolve()
    }
  }

  async #replace(old: Session, claimant: Claimant): Promise<boolean> {
    const { facts } = old
    const isSame =
      facts.address === claimant.address ||
      (facts.certificate !== null && facts.certificate === claimant.certificate)
    if (!old.isEnding && !isSame && (await old.probe(probeMs))) return false
    if (this.#byIdentity.get(facts.identity) !== old) return true
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ended.set(old, resolve)
    old.end(1001, 'replaced by a new connection of this charge point')
    const timer = setTimeout(() => old.destroy(), replaceMs)
    await promise
    clearTimeout(timer)
    return true
  }
}
