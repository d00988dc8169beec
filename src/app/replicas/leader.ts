import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import type { Leases } from '../../store/store.ts'

const job = 'leader'

export interface LeaderDeps {
  readonly leases: Leases
  readonly log: Pick<Logger, 'info' | 'error'>
  readonly mayLead: () => boolean
  /** Begins the work that one replica does for all. */
  readonly gained: () => Promise<void>
  /** Ends it; somebody else has begun it, or soon will. */
  readonly lost: () => Promise<void>
}

/** The one replica that runs campaigns, delivers to sinks, and prunes. Looked at with every beat. */
export class Leader {
  readonly #deps: LeaderDeps
  #token: number | null = null
  #changing: Promise<void> = Promise.resolve()
  #looking: Promise<void> | null = null

  constructor(deps: LeaderDeps) {
    this.#deps = deps
  }

  get isLeader(): boolean {
    return this.#token !== null
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
      if (held === this.#token) return
      this.#token = null
      log.info({}, 'another replica runs campaigns and sinks from here on')
      await this.#change(this.#deps.lost)
    }
    if (!this.#deps.mayLead()) return
    const got = await leases.acquire('jobs', job, life)
    if (!got.ok) return
    this.#token = got.token
    log.info({}, 'this replica runs campaigns and sinks from here on')
    await this.#change(this.#deps.gained)
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

  #change(task: () => Promise<void>): Promise<void> {
    this.#changing = this.#changing.then(task).catch((error: unknown) => {
      this.#deps.log.error({ err: messageOf(error) }, 'the work for all replicas did not change hands well')
    })
    return this.#changing
  }
}
