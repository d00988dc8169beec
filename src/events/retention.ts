import type { Logger } from '../observe/log.ts'
import { messageOf } from '../policy/error.ts'
import type { SecurityEventLog } from '../store/store.ts'

const hourMs = 3_600_000

export interface RetentionBounds {
  /** Events that are kept at most. */
  readonly keep: number
  /** Milliseconds that they are kept at most. */
  readonly age: number
}

/**
 * Removes old security events: hourly, and after a tenth of `keep` has come, because a flood must not
 * fill the disk until the hour is over (CWE-400). Events that a sink has not got yet go as well: a
 * sink that is away for a year must not stop the proxy.
 */
export class EventRetention {
  readonly #events: Pick<SecurityEventLog, 'prune'>
  readonly #log: Logger
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  #bounds: RetentionBounds
  #since = 0
  #running: Promise<void> | null = null

  constructor(
    events: Pick<SecurityEventLog, 'prune'>,
    bounds: RetentionBounds,
    log: Logger,
    now: () => number,
  ) {
    this.#events = events
    this.#bounds = bounds
    this.#log = log
    this.#now = now
    this.#timer = setInterval(() => this.prune(), hourMs)
    this.#timer.unref()
    this.prune()
  }

  setBounds(bounds: RetentionBounds): void {
    this.#bounds = bounds
  }

  /** So many events were stored. */
  stored(count: number): void {
    this.#since += count
    if (this.#since >= this.#bounds.keep / 10) this.prune()
  }

  prune(): void {
    if (this.#running !== null) return
    this.#since = 0
    const { keep, age } = this.#bounds
    this.#running = this.#events
      .prune(this.#now() - age, keep)
      .then(() => undefined)
      .catch((error: unknown) => {
        this.#log.error({ err: messageOf(error) }, 'old security events cannot be removed')
      })
      .finally(() => {
        this.#running = null
      })
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }
}
