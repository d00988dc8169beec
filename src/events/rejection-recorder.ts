import type { Logger } from '../observe/log.ts'
import { messageOf } from '../policy/error.ts'
import type { NewRejection, RejectionLog } from '../store/store.ts'
import { RejectionBatch } from './rejection-batch.ts'

/** Records that wait this long at the most, in milliseconds, are written in one transaction. */
const flushMs = 50
/** ... or when there are this many. */
const flushCount = 500
/** What a store that does not answer may cost; beyond, records are lost and counted. */
const maxWaiting = 20_000
const retryMs = 1_000

/**
 * Writes refusals to the store, in batches, and logs each record when it is durable (design, principle 4).
 * While the store fails the records wait, and go on waiting in order.
 */
export class RejectionRecorder {
  readonly #store: RejectionLog
  readonly #log: Logger
  readonly #waiting = new RejectionBatch()
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  /** Records of the transaction that is being written; 0: none is. */
  #inFlight = 0
  #isFailing = false
  #lost = 0

  readonly #stored: (count: number) => void

  /** `stored` hears of every batch that is durable. */
  constructor(store: RejectionLog, log: Logger, stored: (count: number) => void = () => {}) {
    this.#store = store
    this.#log = log
    this.#stored = stored
  }

  record(rejection: NewRejection): void {
    if (!this.#waiting.add(rejection, maxWaiting - this.#waiting.size - this.#inFlight)) {
      this.#lost += 1
      return
    }
    // A store that fails is asked again after a while, however many come meanwhile.
    if (this.#waiting.size >= flushCount && !this.#isFailing) this.#flushNow()
    else this.#flushLater()
  }

  /** Everything recorded before is durable, or was logged as lost, when this is fulfilled. */
  async close(): Promise<void> {
    this.#flushNow()
    await this.#writing
    if (this.#waiting.size > 0) await this.#write(this.#waiting.take(), false)
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#lost > 0) this.#log.error({ lost: this.#lost }, 'rejection records were lost')
    this.#lost = 0
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => this.#flushNow(), this.#isFailing ? retryMs : flushMs)
  }

  #flushNow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#inFlight > 0 || this.#waiting.size === 0) return
    const batch = this.#waiting.take()
    this.#inFlight = batch.length
    this.#writing = this.#write(batch, true).finally(() => {
      this.#inFlight = 0
      if (this.#waiting.size > 0) this.#flushLater()
    })
  }

  async #write(batch: NewRejection[], mayRetry: boolean): Promise<void> {
    try {
      await this.#store.append(batch)
      this.#stored(batch.length)
      this.#isFailing = false
      for (const rejection of batch) this.#tell(rejection)
      if (this.#lost > 0) this.#log.error({ lost: this.#lost }, 'rejection records were lost')
      this.#lost = 0
    } catch (error) {
      this.#log.error({ err: messageOf(error), records: batch.length }, 'rejection records cannot be stored')
      if (!mayRetry) {
        for (const rejection of batch) this.#tell(rejection)
        return
      }
      this.#isFailing = true
      this.#waiting.putBack(batch)
    }
  }

  #tell({ at, facts, ...rest }: NewRejection): void {
    const line = { ...rest, refusedAt: new Date(at).toISOString(), ja4: facts['ja4'] }
    if (rest.mode === 'report') this.#log.warn(line, 'found, and admitted (report mode)')
    else this.#log.warn(line, 'refused')
  }
}
