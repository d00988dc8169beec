import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import type { Leases } from '../../store/store.ts'

const job = 'leader'

export interface LeaderDeps {
  readonly leases: Leases
  readonly log: Pick<Logger, 'info' | 'error'>
  readonly mayLead: () => boolean
  /** Begins the work that one replica does for all, with the token that it has it by. */
  readonly gained: (token: number) => Promise<void>
  /** Ends it; somebody else has begun it, or soon will. */
  readonly lost: () => Promise<void>
}

/** The one replica that runs campaigns, delivers to sinks, and prunes. Looked at with every beat. */
export class Leader {
  readonly #deps: LeaderDeps
  #token: number | null = null
  /** The life of this replica in which it has found its lease the last time. */
  #foundIn = ''
  #changing: Promise<void> = Promise.resolve()
  #looking: Promise<void> | null = null

  constructor(deps: LeaderDeps) {
    this.#deps = deps
  }

  get isLeader(): boolean {
    return this.#token !== null
  }

  /** null: another replica does the work, or nobody. */
  get token(): number | null {
    return this.#token
  }

  /** It had the lease in this life: as long as that lasts, nobody can have taken it. */
  isSureIn(life: string): boolean {
    return this.#token !== null && this.#foundIn === life
  }

  /**
   * In the life that the last beat named. Rejected when the store is away: then everything stays as it is.
   * Who asks while a look is under way gets that one: two must not take the work twice.
   */
  look(life: string): Promise<void> {
    this.#looking ??= this.#look(life).finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #look(life: string): Promise<void> {
    const { leases, log } = this.#deps
    if (this.#token !== null) {
      const [held] = await leases.held('jobs', [job])
      if (held === this.#token) {
        this.#foundIn = life
        return
      }
      this.#token = null
      log.info({}, 'another replica runs campaigns and sinks from here on')
      await this.#change(this.#deps.lost)
    }
    if (!this.#deps.mayLead()) return
    const got = await leases.acquire('jobs', job, life)
    if (!got.ok) return
    const { token } = got
    this.#token = token
    this.#foundIn = life
    log.info({}, 'this replica runs campaigns and sinks from here on')
    if (await this.#change(() => this.#deps.gained(token))) return
    // Half of it may have begun. This one tries again with its next beat, or another one does.
    this.#token = null
    await this.#change(this.#deps.lost)
    await leases.release('jobs', job, token)
  }

  /** Who leads, for requests that only that one can answer; null: nobody at present. */
  owner(): Promise<string | null> {
    return this.#deps.leases.owner('jobs', job)
  }

  async close(): Promise<void> {
    await this.#looking?.catch(() => {})
    const token = this.#token
    this.#token = null
    await this.#changing
    if (token !== null) await this.#deps.leases.release('jobs', job, token).catch(() => {})
  }

  /** False: it did not succeed. */
  async #change(task: () => Promise<void>): Promise<boolean> {
    const changing = this.#changing.then(task)
    this.#changing = changing.catch((error: unknown) => {
      this.#deps.log.error({ err: messageOf(error) }, 'the work for all replicas did not change hands well')
    })
    return changing.then(
      () => true,
      () => false,
    )
  }
}
