import { BoundedMap } from '../../policy/bounded-map.ts'
import type { Claim, Claimant, Sessions } from '../../relay/sessions.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import type { Fence, Leases } from '../../store/store.ts'
import type { Questions } from './questions.ts'

/** A replica that is asked may have to ping (5 s), to end a session and to wait for its end (5 s). */
export const patienceMs = 12_000
/** Rounds of asking: between two of them somebody else may have been faster. */
const maxRounds = 3

export interface OwnershipDeps {
  readonly leases: Pick<Leases, 'acquire' | 'release'>
  readonly questions: Pick<Questions, 'ask'>
  readonly sessions: Pick<Sessions, 'claim' | 'get'>
  /** Charge points whose last lease is remembered. */
  readonly maxKnown: number
  /** Milliseconds, any origin. */
  readonly now: () => number
  /** Is the store away? */
  readonly isAway: (error: unknown) => boolean
  /** No beat could be written of late, and known charge points are let in all the same. */
  readonly isBridged: () => boolean
  /** Somebody was admitted without a lease, or with one of a former life. */
  readonly doubtful: () => void
  /** The own lease has run out: nobody gets in before the next beat, and the recovery behind it. */
  readonly lapsed: () => void
}

interface Taken {
  readonly kind: 'granted'
  readonly fence: Fence
  /** In which it was taken. */
  readonly life: string
}

/**
 * One session per identity over all replicas (design, section 4). Who admits a charge point takes its
 * identity in the store; when another replica has it, that one is asked, and decides as it does for two
 * connections of its own. With the store away nobody can be asked: known charge points get in all the
 * same, and the identity is taken when it is back (`Recovery`).
 */
export class Ownership {
  readonly #deps: OwnershipDeps
  readonly #claimed = new Map<string, Taken>()
  readonly #fences = new Map<UseCaseSession, Fence>()
  /** What identities were held by here last, for what is written down behind the end of a session. */
  readonly #last: BoundedMap<string, Fence>
  /** In which charge points are admitted; it follows `#latest` when everything of before was looked at. */
  #life = ''
  /** Of the last beat. */
  #latest = ''
  #behindSince: number | null = null

  constructor(deps: OwnershipDeps) {
    this.#deps = deps
    this.#last = new BoundedMap(deps.maxKnown)
  }

  async claim(identity: string, claimant: Claimant, isWanted: () => boolean): Promise<Claim> {
    const local = await this.#deps.sessions.claim(identity, claimant, isWanted)
    if (local.kind !== 'granted') return local
    let taken: Taken | Exclude<Claim, { kind: 'granted' }> = { kind: 'left' }
    try {
      if (isWanted()) taken = await this.#take(identity, claimant, isWanted)
    } finally {
      if (taken.kind !== 'granted') local.release()
    }
    if (taken.kind !== 'granted') return taken
    const { fence } = taken
    this.#claimed.set(identity, taken)
    let isReleased = false
    const release = () => {
      if (isReleased) return
      isReleased = true
      this.#claimed.delete(identity)
      if (this.#deps.sessions.get(identity) === null) this.#release(identity, fence)
      local.release()
    }
    return { kind: 'granted', release }
  }

  /**
   * Goes with what is written about a charge point while it is being admitted, while its session lasts, and
   * behind its end: what it said last is as true then, as long as nobody else has it.
   */
  fenceOf(identity: string): Fence {
    const claimed = this.#claimed.get(identity)
    if (claimed !== undefined) return claimed.fence
    const session = this.#deps.sessions.get(identity)
    const held = session === null ? this.#last.get(identity) : this.#fences.get(session)
    return held ?? 'unleased'
  }

  started(session: UseCaseSession): void {
    const { fence = 'unleased', life } = this.#claimed.get(session.facts.identity) ?? {}
    this.#fences.set(session, fence)
    // The recovery may have looked while this one was on its way in.
    if (fence === 'unleased' || life !== this.#latest) this.#deps.doubtful()
  }

  ended(session: UseCaseSession): void {
    const fence = this.#fences.get(session)
    this.#fences.delete(session)
    if (fence !== undefined) this.#release(session.facts.identity, fence)
  }

  /** Every session here, and what it is held by. */
  get held(): ReadonlyMap<UseCaseSession, Fence> {
    return this.#fences
  }

  /** The session is held by this token from here on; when it has ended meanwhile, nobody needs it. */
  adopt(session: UseCaseSession, token: number): void {
    if (this.#fences.has(session)) this.#fences.set(session, token)
    else this.#release(session.facts.identity, token)
  }

  beaten(life: string): void {
    this.#latest = life
    this.#noteBehind()
  }

  /** What was held before this life was looked at: whoever comes now is admitted in it. */
  admitIn(life: string): void {
    this.#life = life
    this.#noteBehind()
  }

  /** Everything was looked at since the last time that this replica was away. */
  get isCurrent(): boolean {
    return this.#life === this.#latest
  }

  /** Since when it is not: with the store there, nobody gets in. Null: it is. */
  get behindSince(): number | null {
    return this.#behindSince
  }

  #noteBehind(): void {
    this.#behindSince = this.isCurrent ? null : (this.#behindSince ?? this.#deps.now())
  }

  async #take(
    identity: string,
    claimant: Claimant,
    isWanted: () => boolean,
  ): Promise<Taken | Exclude<Claim, { kind: 'granted' }>> {
    const { leases, questions, isAway, isBridged, now, doubtful, lapsed } = this.#deps
    const until = now() + patienceMs
    for (let round = 0; round < maxRounds; round++) {
      const life = this.#life
      const got = await leases.acquire('sessions', identity, life).catch((error: unknown) => {
        if (isAway(error)) return null
        throw error
      })
      // One that can be read and not written takes no beat: that the life is over is its fault.
      if (got === null || (!got.ok && got.owner === null && isBridged())) {
        // Somebody has it, and may be alive: that is not forgotten because the store is away now.
        if (round > 0) return unavailable('the store went away while another replica was asked for it')
        doubtful()
        return { kind: 'granted', fence: 'unleased', life }
      }
      if (got.ok) return { kind: 'granted', fence: got.token, life }
      if (got.owner === null) {
        lapsed()
        return unavailable(
          'this replica was silent for longer than its lease, and looks at what it has first',
        )
      }
      const answer = await questions.ask(got.owner, { identity, claimant, isWanted, until })
      if (answer === 'silent') return unavailable(`replica ${got.owner} has it, lives, and does not answer`)
      if (answer !== 'free' && answer !== 'gone') return { kind: answer }
    }
    return { kind: 'crowded' }
  }

  #release(identity: string, fence: Fence): void {
    this.#last.set(identity, fence)
    if (fence === 'unleased') return
    // Lost with the store, it ends with the lease; whoever asks for it gets it before.
    this.#deps.leases.release('sessions', identity, fence).catch(() => {})
  }
}

function unavailable(detail: string): Claim & { kind: 'unavailable' } {
  return { kind: 'unavailable', detail }
}
