import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../observe/log.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import type { Claim, Claimant, Sessions } from '../../relay/sessions.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import type { Fence, Leases } from '../../store/store.ts'
import type { Wire } from './wire.ts'

/** A replica that is asked for an identity may have to ping, to end a session and to wait for its end. */
const askMs = 12_000
/** Rounds of asking: between two of them somebody else may have been faster. */
const maxRounds = 3
/** Sessions that are taken anew at once, when the store was away. */
const batch = 50

export interface OwnershipDeps {
  readonly leases: Leases
  readonly wire: Wire
  readonly sessions: Sessions
  readonly log: Pick<Logger, 'warn' | 'info'>
  /** Milliseconds between two looks whether a replica that is asked lives still. */
  readonly lookMs: number
  /** Is the store away? */
  readonly isAway: (error: unknown) => boolean
}

interface Asked {
  readonly identity: string
  readonly claimant: Claimant
}

/**
 * One session per identity over all replicas (design, section 4). Who admits a charge point takes its
 * identity in the store; when another replica has it, that one is asked, and decides as it does for two
 * connections of its own. With the store away nobody can be asked: known charge points get in all the
 * same, and the identity is taken when it is back.
 */
export class Ownership {
  readonly #deps: OwnershipDeps
  readonly #claimed = new Map<string, Fence>()
  readonly #tokens = new Map<UseCaseSession, Fence>()

  constructor(deps: OwnershipDeps) {
    this.#deps = deps
    deps.wire.serve('claim', (body) => this.#asked(body))
  }

  async claim(identity: string, claimant: Claimant, isWanted: () => boolean): Promise<Claim> {
    const { sessions } = this.#deps
    const local = await sessions.claim(identity, claimant, isWanted)
    if (local.kind !== 'granted') return local
    try {
      const taken = await this.#take(identity, claimant)
      if (taken.kind === 'granted') {
        this.#claimed.set(identity, taken.token)
        const release = () => {
          this.#claimed.delete(identity)
          if (sessions.get(identity) === null) this.#release(identity, taken.token)
          local.release()
        }
        return { kind: 'granted', release }
      }
      local.release()
      return taken
    } catch (error) {
      local.release()
      throw error
    }
  }

  /** Goes with what is written about a charge point while it is being admitted, and while its session lasts. */
  fenceOf(identity: string): Fence {
    const claimed = this.#claimed.get(identity)
    if (claimed !== undefined) return claimed
    const session = this.#deps.sessions.get(identity)
    return (session === null ? undefined : this.#tokens.get(session)) ?? 'unleased'
  }

  started(session: UseCaseSession): void {
    this.#tokens.set(session, this.#claimed.get(session.facts.identity) ?? 'unleased')
  }

  ended(session: UseCaseSession): void {
    const token = this.#tokens.get(session)
    this.#tokens.delete(session)
    if (token !== undefined) this.#release(session.facts.identity, token)
  }

  /** The lease had run out, or the store was away: what is ours still, what is not, what was never asked for? */
  async recover(): Promise<void> {
    const sessions = [...this.#tokens.keys()].filter(({ isOpen }) => isOpen)
    for (let at = 0; at < sessions.length; at += batch) {
      await Promise.all(sessions.slice(at, at + batch).map((session) => this.#recoverOne(session)))
    }
  }

  async #recoverOne(session: UseCaseSession): Promise<void> {
    const { leases, log, sessions } = this.#deps
    const { identity, address, certificate } = session.facts
    const token = this.#tokens.get(session)
    if (token === undefined) return
    const [held] = await leases.held('sessions', [identity])
    if (held === token) return
    // Another walk of ours has it: the session is being replaced.
    if (this.#claimed.has(identity) || sessions.get(identity) !== session) return
    const taken = await this.#take(identity, { address, certificate })
    if (taken.kind === 'granted') {
      if (this.#tokens.has(session)) this.#tokens.set(session, taken.token)
      else this.#release(identity, taken.token)
      return
    }
    log.warn({ identity }, 'another replica has this charge point by now: its session here ends')
    session.end(1001, 'another connection of this charge point took its place')
  }

  async #take(
    identity: string,
    claimant: Claimant,
  ): Promise<{ readonly kind: 'granted'; readonly token: Fence } | Exclude<Claim, { kind: 'granted' }>> {
    const { leases, isAway, log } = this.#deps
    for (let round = 0; round < maxRounds; round++) {
      try {
        const got = await leases.acquire('sessions', identity)
        if (got.ok) return { kind: 'granted', token: got.token }
        const answer = await this.#ask(got.owner, { identity, claimant })
        if (answer === 'taken' || answer === 'crowded') return { kind: answer }
      } catch (error) {
        if (isAway(error)) return { kind: 'granted', token: 'unleased' }
        // Until its lease is over nobody may have it: the charge point is told to come back, and holds no place here.
        if (isSilent(error)) return { kind: 'crowded' }
        log.warn(
          { identity, err: messageOf(error) },
          'the replica that has this charge point cannot be asked',
        )
        // One that has died meanwhile has lost it: the next round finds that.
      }
    }
    return { kind: 'crowded' }
  }

  /** What the owner says; 'gone': it has died meanwhile, and says nothing. */
  async #ask(owner: string, asked: Asked): Promise<unknown> {
    const { wire, leases, lookMs } = this.#deps
    const over = new AbortController()
    const gone = async () => {
      while (await wait(lookMs, over.signal)) {
        const [isAlive] = await leases.alive([owner])
        if (isAlive === false) return 'gone'
      }
      return 'over'
    }
    try {
      return await Promise.race([wire.ask(owner, 'claim', asked, askMs), gone()])
    } finally {
      over.abort()
    }
  }

  /** Another replica has authenticated this charge point: may it have it? */
  async #asked(body: unknown): Promise<Claim['kind'] | 'free'> {
    const { sessions, leases } = this.#deps
    const { identity, claimant } = body as Asked
    const claim = await sessions.claim(identity, claimant)
    if (claim.kind !== 'granted') return claim.kind
    try {
      // Its turn is ours, and its session has ended: nobody here uses it.
      await leases.abandon('sessions', identity)
      return 'free'
    } finally {
      claim.release()
    }
  }

  #release(identity: string, token: Fence): void {
    if (token === 'unleased') return
    // Lost with the store, it ends with the lease; whoever asks for it gets it before.
    this.#deps.leases.release('sessions', identity, token).catch(() => {})
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'replica_silent'
}

/** False: it is over before. */
async function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => {})
  return !signal.aborted
}
