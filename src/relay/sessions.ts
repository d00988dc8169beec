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
  /** Whoever asked is not there any more. */
  | { readonly kind: 'left' }
  /** Of several replicas this one cannot have it at present. */
  | { readonly kind: 'unavailable'; readonly detail: string }

/** Is a claimant there still? Another replica has to be asked for its own. */
export type IsWanted = () => boolean | Promise<boolean>

const taken: Claim = Object.freeze({ kind: 'taken' })
const crowded: Claim = Object.freeze({ kind: 'crowded' })
const left: Claim = Object.freeze({ kind: 'left' })

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
  readonly #turns = new Map<string, Turns>()
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
   * any more (it left) ends nobody: asked last of all, because waiting and pinging take time.
   */
  async claim(identity: string, claimant: Claimant, isWanted: IsWanted = () => true): Promise<Claim> {
    const release = await this.#turn(identity)
    if (release === null) return crowded
    try {
      const old = this.#byIdentity.get(identity)
      const refused = old === undefined ? null : await this.#replace(old, claimant, isWanted)
      if (refused === null) return { kind: 'granted', release }
      release()
      return refused
    } catch (error) {
      release()
      throw error
    }
  }

  /** The turn of an identity, for whoever looks after its session; null: somebody has it, or waits for it. */
  hold(identity: string): (() => void) | null {
    if (this.#turns.has(identity)) return null
    return this.#take(identity, { waiting: 0, last: Promise.resolve() }).release
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
    const { before, release } = this.#take(identity, turns)
    await before
    return release
  }

  #take(identity: string, turns: Turns): { readonly before: Promise<void>; readonly release: () => void } {
    this.#turns.set(identity, turns)
    turns.waiting += 1
    const before = turns.last
    const { promise, resolve } = Promise.withResolvers<void>()
    turns.last = promise
    let isReleased = false
    const release = () => {
      if (isReleased) return
      isReleased = true
      turns.waiting -= 1
      if (turns.waiting === 0) this.#turns.delete(identity)
      resolve()
    }
    return { before, release }
  }

  /** Null: it has ended. Otherwise it stays, and the claim is refused. */
  async #replace(old: Session, claimant: Claimant, isWanted: IsWanted): Promise<Claim | null> {
    const { facts } = old
    const isSame =
      facts.address === claimant.address ||
      (facts.certificate !== null && facts.certificate === claimant.certificate)
    if (!old.isEnding && !isSame && (await old.probe(probeMs))) return taken
    if (!(await isWanted())) return left
    if (this.#byIdentity.get(facts.identity) !== old) return null
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ended.set(old, resolve)
    old.end(1001, 'replaced by a new connection of this charge point')
    const timer = setTimeout(() => old.destroy(), replaceMs)
    await promise
    clearTimeout(timer)
    return null
  }
}

interface Turns {
  waiting: number
  last: Promise<void>
}
