import type { Logger } from '../../observe/log.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import type { Sessions } from '../../relay/sessions.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import type { Leases } from '../../store/store.ts'
import { inParallel } from './in-parallel.ts'
import { type Ownership, patienceMs } from './ownership.ts'
import type { Questions } from './questions.ts'

/** Sessions that are looked at at once. */
const width = 100
/** How long a charge point has to show that it is still there. */
const probeMs = 5_000
const lapsed = 'lease_lapsed'

export interface RecoveryDeps {
  readonly leases: Pick<Leases, 'held' | 'acquire'>
  /**
   * For so long a session stays whose identity another replica has as well and cannot be asked about; with
   * the beats before and behind it somewhat more than a lease.
   */
  readonly contestMs: number
  /** Longer than that a replica that admits nobody is not ready. */
  readonly leaseMs: number
  readonly ownership: Pick<Ownership, 'held' | 'adopt' | 'admitIn' | 'isCurrent' | 'behindSince'>
  readonly questions: Pick<Questions, 'ask'>
  readonly sessions: Pick<Sessions, 'get' | 'hold'>
  /** What else was missed. Rejected: it is done again. */
  readonly catchUp: () => Promise<void>
  readonly isAway: (error: unknown) => boolean
  /** The store is away, and known charge points are let in all the same. */
  readonly isBridged: () => boolean
  /** Milliseconds, any origin. */
  readonly now: () => number
  readonly log: Pick<Logger, 'warn'>
}

/**
 * What a replica does when it, or the store, was away: which sessions are its own still, which has another
 * one by now, which were never asked for? It is needed until all of it has succeeded: what fails half-way
 * is tried again with the next beat.
 */
export class Recovery {
  readonly #deps: RecoveryDeps
  #needed = 0
  #done = 0
  #told = 0
  #caughtUp = 0
  /** Why the last look failed; null: it did not. */
  #failure: string | null = null
  /** Since when another replica has the identity of a session, and cannot be asked. */
  readonly #contested = new WeakMap<UseCaseSession, number>()

  constructor(deps: RecoveryDeps) {
    this.#deps = deps
  }

  need(): void {
    this.#needed += 1
  }

  get isNeeded(): boolean {
    return this.#needed !== this.#done || !this.#deps.ownership.isCurrent
  }

  /** With every beat, in the life that it named. Rejected when the store is away again. */
  async look(life: string): Promise<void> {
    if (!this.isNeeded) return
    // Until all of it is done, and not only until others may come in.
    if (!this.#deps.ownership.isCurrent) this.need()
    // What comes up from here on asks for another look.
    const needed = this.#needed
    if (this.#told !== needed) {
      this.#told = needed
      this.#deps.log.warn({}, 'the store or this replica was away: what is ours is looked at')
    }
    try {
      const isSettled = await this.#recover(life)
      // Everybody is told everything: once is enough, however long one session takes.
      if (this.#caughtUp !== needed) await this.#deps.catchUp()
      this.#caughtUp = needed
      if (isSettled) this.#done = needed
      this.#failure = null
    } catch (error) {
      this.#failure = messageOf(error)
      // The next beat names the next life, and it begins anew.
      if (!isLapsed(error)) throw error
    }
  }

  /** For operators; none: all is looked at, or under way. A store that is away is told of elsewhere (`Outage`). */
  notes(): readonly string[] {
    if (this.#deps.isBridged()) return []
    if (!this.#deps.ownership.isCurrent) return [`nobody gets in: ${this.#state}`]
    return this.isNeeded && this.#failure !== null ? [this.#state] : []
  }

  /** Why this replica is not ready: nobody got in for longer than a lease. What is over by then is a note. */
  problems(): readonly string[] {
    const { ownership, leaseMs, now, isBridged } = this.#deps
    const { behindSince } = ownership
    if (behindSince === null || isBridged() || now() - behindSince <= leaseMs) return []
    return [`nobody gets in for longer than a lease: ${this.#state}`]
  }

  get #state(): string {
    const what = 'the store or this replica was away, and what is ours is looked at'
    return this.#failure === null ? what : `${what} again with every beat (${this.#failure})`
  }

  /** False: not everything could be told yet. */
  async #recover(life: string): Promise<boolean> {
    const { leases, ownership } = this.#deps
    const isFinal = (error: unknown) => this.#deps.isAway(error) || isLapsed(error)
    const held = [...ownership.held]
    const identities = held.map(([{ facts }]) => facts.identity)
    const tokens = await leases.held('sessions', identities)
    const lost = held.filter(([, fence], index) => fence !== tokens[index])
    const settle = ([session]: (typeof lost)[number]) => this.#settle(session, life)
    const fenced = lost.filter(([, fence]) => fence !== 'unleased')
    const first = await inParallel(fenced, width, settle, isFinal)
    // Nothing is here any more that another replica has taken: others may come in.
    ownership.admitIn(life)
    const unleased = lost.filter(([, fence]) => fence === 'unleased')
    const second = await inParallel(unleased, width, settle, isFinal)
    return [...first, ...second].every(Boolean)
  }

  async #settle(session: UseCaseSession, life: string): Promise<boolean> {
    const { sessions, ownership } = this.#deps
    const { identity } = session.facts
    const release = sessions.hold(identity)
    // Somebody claims it here at this moment: the session is replaced, or looked at next time.
    if (release === null) return false
    try {
      const fence = ownership.held.get(session)
      if (fence === undefined || sessions.get(identity) !== session) return true
      const owner = await this.#acquire(session, life)
      if (owner === null) return true
      // Whoever got it after us has the newer connection of the charge point.
      if (fence !== 'unleased') return this.#end(session)
      return await this.#contest(session, owner, life)
    } finally {
      release()
    }
  }

  /** Admitted without a lease, while another replica has it as well: one of them stays, by the rule for two connections. */
  async #contest(session: UseCaseSession, owner: string, life: string): Promise<boolean> {
    const { sessions, questions, now, contestMs } = this.#deps
    const { identity, address, certificate } = session.facts
    // One that is dead itself must not cost a living one its place.
    if ((await sessions.get(identity)?.probe(probeMs)) !== true) return this.#end(session)
    const since = this.#contested.get(session) ?? now()
    this.#contested.set(session, since)
    const answer = await questions.ask(owner, {
      identity,
      claimant: { address, certificate },
      isWanted: () => session.isOpen,
      until: Math.min(now() + patienceMs, since + contestMs),
    })
    if (answer === 'taken') return this.#end(session)
    if (answer === 'free' || answer === 'gone') return (await this.#acquire(session, life)) === null
    // It could not be asked: once more with the next beat.
    return now() < since + contestMs ? false : this.#end(session)
  }

  /** Null: it is held from here on. Otherwise who has it, and is alive. */
  async #acquire(session: UseCaseSession, life: string): Promise<string | null> {
    const got = await this.#deps.leases.acquire('sessions', session.facts.identity, life)
    if (!got.ok && got.owner === null) {
      throw new ProxyError(lapsed, 'operator', 'the lease of this replica ran out once more')
    }
    if (!got.ok) return got.owner
    this.#deps.ownership.adopt(session, got.token)
    return null
  }

  #end(session: UseCaseSession): true {
    const { identity } = session.facts
    this.#deps.log.warn({ identity }, 'another replica has this charge point by now: its session here ends')
    session.end(1001, 'another connection of this charge point took its place')
    return true
  }
}

function isLapsed(error: unknown): boolean {
  return error instanceof ProxyError && error.code === lapsed
}
