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

/** What is written at once, and again as it was when the store has not said that it has it. */
interface Batch {
  readonly number: number
  readonly records: readonly NewRejection[]
}

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
  #number = 0
  /** It comes first, and unchanged: a store that did not answer in time may have written it. */
  #failed: Batch | null = null
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
    if (!this.#waiting.add(rejection, maxWaiting - this.#size)) {
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
    for (let batch = this.#next(); batch !== null; batch = this.#next()) await this.#write(batch, false)
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#lost > 0) this.#log.error({ lost: this.#lost }, 'rejection records were lost')
    this.#lost = 0
  }

  get #size(): number {
    return this.#waiting.size + this.#inFlight + (this.#failed?.records.length ?? 0)
  }

  #next(): Batch | null {
    const failed = this.#failed
    this.#failed = null
    if (failed !== null || this.#waiting.size === 0) return failed
    this.#number += 1
    return { number: this.#number, records: this.#waiting.take() }
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => this.#flushNow(), this.#isFailing ? retryMs : flushMs)
  }

  #flushNow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const batch = this.#inFlight > 0 ? null : this.#next()
    if (batch === null) return
    this.#inFlight = batch.records.length
    this.#writing = this.#write(batch, true).finally(() => {
      this.#inFlight = 0
      if (this.#size > 0) this.#flushLater()
    })
  }

  async #write(batch: Batch, mayRetry: boolean): Promise<void> {
    const { number, records } = batch
    try {
      await this.#store.append(records, number)
      this.#stored(records.length)
      this.#isFailing = false
      for (const rejection of records) this.#tell(rejection)
      if (this.#lost > 0) this.#log.error({ lost: this.#lost }, 'rejection records were lost')
      this.#lost = 0
    } catch (error) {
      this.#log.error(
        { err: messageOf(error), records: records.length },
        'rejection records cannot be stored',
      )
      if (!mayRetry) {
        for (const rejection of records) this.#tell(rejection)
        return
      }
      this.#isFailing = true
      this.#failed = batch
    }
  }

  #tell({ at, facts, ...rest }: NewRejection): void {
    const line = { ...rest, refusedAt: new Date(at).toISOString(), ja4: facts['ja4'] }
    if (rest.mode === 'report') this.#log.warn(line, 'found, and admitted (report mode)')
    else this.#log.warn(line, 'refused')
  }
}
