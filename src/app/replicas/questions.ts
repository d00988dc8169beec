import { randomUUID } from 'node:crypto'
import type { Logger } from '../../observe/log.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import type { Claimant, Sessions } from '../../relay/sessions.ts'
import type { Leases } from '../../store/store.ts'
import type { Wire } from './wire.ts'

/** Once it was told that its session is wanted, an owner may have to end it, and to wait for its end. */
const endMs = 6_000
/** For the way back: is it still wanted? */
const confirmMs = 2_000

export type OwnerAnswer =
  /** Nobody there has it any more. */
  | 'free'
  /** The owner has died meanwhile: it has lost it. */
  | 'gone'
  /** Its session answers, and stays. */
  | 'taken'
  /** Too many wait for their turn there. */
  | 'crowded'
  /** It has found that the question was not wanted any more. */
  | 'left'
  /** It lives, and cannot be asked, or does not answer. */
  | 'silent'

/** What it says itself. */
const told: readonly OwnerAnswer[] = ['free', 'taken', 'crowded', 'left']

export interface QuestionsDeps {
  readonly self: string
  readonly leases: Pick<Leases, 'alive' | 'abandon'>
  readonly wire: Pick<Wire, 'ask' | 'serve'>
  readonly sessions: Pick<Sessions, 'claim'>
  readonly log: Pick<Logger, 'warn'>
  /** Milliseconds between two looks whether a replica that is asked lives still. */
  readonly lookMs: number
  /** Milliseconds, any origin. */
  readonly now: () => number
  /** Fulfilled after `ms`, or as soon as `signal` is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Question {
  readonly identity: string
  readonly claimant: Claimant
  /** Is there still somebody who would take it? */
  readonly isWanted: () => boolean
  /** By the clock `now`. */
  readonly until: number
}

interface Open {
  readonly question: Question
  /** Ends the waiting. */
  readonly over: AbortController
  /** The owner was told that its session is wanted. */
  isPromised: boolean
}

interface Message {
  readonly id: string
  readonly from: string
  readonly identity: string
  readonly claimant: Claimant
}

/**
 * One replica asks another one for an identity. The other ends its session only when, right before, the
 * first one has said that it wants the identity still: a question that waited too long, or whose charge
 * point has left, must not cost the session that there is.
 */
export class Questions {
  readonly #deps: QuestionsDeps
  readonly #open = new Map<string, Open>()
  #isClosed = false

  constructor(deps: QuestionsDeps) {
    this.#deps = deps
    deps.wire.serve('claim', (body) => this.#asked(body as Message))
    deps.wire.serve('claim-wanted', async (body) => this.#isWanted((body as Pick<Message, 'id'>).id))
  }

  /** Never rejected: an owner that cannot be asked is `silent`. */
  async ask(owner: string, question: Question): Promise<OwnerAnswer> {
    const { self, wire, log, now } = this.#deps
    const { identity, claimant, until } = question
    const id = randomUUID()
    const over = new AbortController()
    const { signal } = over
    this.#open.set(id, { question, over, isPromised: false })
    if (this.#isClosed) over.abort()
    try {
      const message: Message = { id, from: self, identity, claimant }
      const patience = Math.max(0, until - now())
      const answer = wire.ask(owner, 'claim', message, patience + endMs)
      return await Promise.race([
        answer.then((answered) => told.find((known) => known === answered) ?? 'silent'),
        this.#tires(id, patience, signal),
        this.#dies(owner, signal),
      ])
    } catch (error) {
      if (!isSilent(error)) {
        log.warn(
          { identity, err: messageOf(error) },
          'the replica that has this charge point cannot be asked',
        )
      }
      return 'silent'
    } finally {
      over.abort()
      this.#open.delete(id)
    }
  }

  /** Nobody waits for answers any more. */
  close(): void {
    this.#isClosed = true
    for (const { over } of this.#open.values()) over.abort()
  }

  /** Whoever has said that it wants it waits for the end of the session that this costs. */
  async #tires(id: string, patienceMs: number, signal: AbortSignal): Promise<'silent'> {
    await this.#deps.wait(patienceMs, signal)
    if (this.#open.get(id)?.isPromised === true) await this.#deps.wait(endMs, signal)
    return 'silent'
  }

  async #dies(owner: string, signal: AbortSignal): Promise<'gone' | 'silent'> {
    const { leases, lookMs, wait } = this.#deps
    for (;;) {
      await wait(lookMs, signal)
      if (signal.aborted) return 'silent'
      const [isAlive] = await leases.alive([owner])
      if (isAlive === false) return 'gone'
    }
  }

  /** Another replica has authenticated this charge point: may it have it? */
  async #asked({ id, from, identity, claimant }: Message): Promise<OwnerAnswer> {
    const { sessions, leases, wire } = this.#deps
    const isWanted = async () =>
      (await wire.ask(from, 'claim-wanted', { id }, confirmMs).catch(() => false)) === true
    const claim = await sessions.claim(identity, claimant, isWanted)
    if (claim.kind === 'unavailable') return 'silent'
    if (claim.kind !== 'granted') return claim.kind
    try {
      // Its turn is ours, and its session has ended: nobody here uses it.
      await leases.abandon('sessions', identity)
      return 'free'
    } finally {
      claim.release()
    }
  }

  #isWanted(id: string): boolean {
    const open = this.#open.get(id)
    if (open?.question.isWanted() !== true || this.#deps.now() >= open.question.until) return false
    open.isPromised = true
    return true
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'replica_silent'
}
