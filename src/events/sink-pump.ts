import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { messageOf } from '../policy/error.ts'
import type { SecurityEventLog } from '../store/store.ts'
import type { NoteEvent } from './proxy-event.ts'
import { failed, type Sink, type SinkFailure, type SinkOutcome } from './sinks/sink.ts'

/** Milliseconds after an event in which others may join its batch. */
const lingerMs = 100
/** Waits between tries, in milliseconds: doubled each time, and never longer than the last. */
export const defaultBackoff = { firstMs: 1_000, maxMs: 300_000 } as const
export type Backoff = { readonly firstMs: number; readonly maxMs: number }

export interface PumpDeps {
  readonly events: SecurityEventLog
  readonly metrics: Pick<Metrics, 'securityEventsPending' | 'securityEventDeliveries'>
  readonly log: Logger
  readonly note: NoteEvent
  readonly backoff?: Backoff
}

/**
 * Brings events from the store to one sink, in order and at least once: the cursor moves when the sink
 * has them, and is durable, so that a killed process goes on where it was. While a sink is away its
 * events wait in the store, and nowhere else.
 */
export class SinkPump {
  /** "kind/name": names the cursor and the metric. */
  readonly name: string
  readonly #sink: Sink
  readonly #deps: PumpDeps
  readonly #backoff: Backoff
  readonly #stop = new AbortController()
  /** Delivered already, and the store could not note it; null: it knows. */
  #delivered: number | null = null
  #pending = 0
  /** Events after `after` that were removed before the sink had them, as far as that was told. */
  #lost = { after: 0, count: 0 }
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null
  #again = false
  #failures = 0

  constructor(name: string, sink: Sink, deps: PumpDeps) {
    this.name = name
    this.#sink = sink
    this.#deps = deps
    this.#backoff = deps.backoff ?? defaultBackoff
  }

  /**
   * A sink that is new begins with what comes after this; one that was there before goes on. Never
   * rejected: a store that fails is asked again.
   */
  async start(): Promise<void> {
    try {
      const cursor = await this.#begin()
      this.#setPending(await this.#deps.events.countAfter(cursor))
      if (this.#pending > 0) this.#schedule(0)
    } catch (error) {
      this.#schedule(this.#failed(failed(`store: ${messageOf(error)}`)))
    }
  }

  /** So many events were stored. */
  wake(count: number): void {
    this.#setPending(this.#pending + count)
    this.#again = true
    if (this.#running === null && this.#timer === null) this.#schedule(lingerMs)
  }

  /** Ends within the time of one delivery; what was not delivered waits in the store. */
  async close(): Promise<void> {
    this.#stop.abort()
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#running
    await this.#sink.close()
    this.#deps.metrics.securityEventsPending.remove({ sink: this.name })
  }

  /** The cursor; a new one stands at the end of the log. */
  async #begin(): Promise<number> {
    const { events } = this.#deps
    const cursor = await events.cursor(this.#reader)
    if (cursor !== null) return cursor
    const end = await events.lastId()
    await events.setCursor(this.#reader, end)
    return end
  }

  /** Where to go on; `end` is the greatest id that was given. */
  async #resume(end: number): Promise<number> {
    const stored = await this.#begin()
    const delivered = this.#delivered ?? 0
    // A store that lost its last writes (a failover) gives ids anew: what has them now is no sink's yet.
    if (delivered <= stored || delivered > end) {
      this.#delivered = null
      return stored
    }
    await this.#moveTo(delivered)
    return delivered
  }

  /** The sink has everything up to `id`. Rejected when the store fails; it is not forgotten then. */
  async #moveTo(id: number): Promise<void> {
    this.#delivered = id
    await this.#deps.events.setCursor(this.#reader, id)
    this.#delivered = null
  }

  get #reader(): string {
    return `sink/${this.name}`
  }

  #schedule(ms: number): void {
    if (this.#stop.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#running = this.#run().then((waitMs) => {
        this.#running = null
        if (waitMs !== null) this.#schedule(waitMs)
        else if (this.#again) this.#schedule(lingerMs)
      })
    }, ms)
  }

  /** Never rejected. Milliseconds until the next try; null: everything is delivered. */
  async #run(): Promise<number | null> {
    this.#again = false
    let outcome: SinkOutcome
    try {
      outcome = await this.#deliverAll()
    } catch (error) {
      outcome = failed(`store: ${messageOf(error)}`)
    }
    if (outcome.kind === 'delivered') {
      this.#failures = 0
      return null
    }
    if (this.#stop.signal.aborted) return null
    return this.#failed(outcome)
  }

  async #deliverAll(): Promise<SinkOutcome> {
    const { events, metrics, log } = this.#deps
    const { signal } = this.#stop
    for (;;) {
      // Asked first: what comes meanwhile has a greater id.
      const end = await events.lastId()
      const cursor = await this.#resume(end)
      const page = await events.list({ afterId: cursor, limit: this.#sink.batch })
      const last = page.at(-1)
      this.#tellLost(cursor, (last?.id ?? Math.max(end, cursor)) - cursor - page.length)
      if (last === undefined) {
        if (end > cursor) await events.setCursor(this.#reader, end)
        this.#setPending(0)
        return { kind: 'delivered' }
      }
      const outcome = await this.#sink.send(page, signal)
      if (outcome.kind !== 'delivered') return outcome
      if (this.#failures > 0) log.info({ sink: this.name, failures: this.#failures }, 'the sink is back')
      this.#failures = 0
      await this.#moveTo(last.id)
      metrics.securityEventDeliveries.inc({ sink: this.name, result: 'delivered' }, page.length)
      this.#setPending(Math.max(0, this.#pending - page.length))
      if (signal.aborted) return failed('closed')
    }
  }

  /**
   * Ids have no gaps: one that is missing was an event that retention removed. So many are missing
   * after `after`, in all; each is told once, also while the sink is away and their number grows.
   */
  #tellLost(after: number, missing: number): void {
    const told = this.#lost.after === after ? this.#lost.count : 0
    if (missing <= told) return
    this.#lost = { after, count: missing }
    const { metrics, log, note } = this.#deps
    const lost = missing - told
    metrics.securityEventDeliveries.inc({ sink: this.name, result: 'lost' }, lost)
    log.error({ sink: this.name, lost }, 'security events were removed before the sink had them')
    const techInfo = `${lost} security events were removed before the sink ${this.name} had them`
    note({ type: 'SecurityEventsLost', identity: null, techInfo })
  }

  #failed(outcome: SinkFailure): number {
    const { firstMs, maxMs } = this.#backoff
    const waitMs = Math.max(
      Math.min(firstMs * 2 ** Math.min(this.#failures, 30), maxMs),
      outcome.retryAfterMs ?? 0,
    )
    this.#failures += 1
    this.#deps.metrics.securityEventDeliveries.inc({ sink: this.name, result: 'failed' })
    const line = { sink: this.name, detail: outcome.detail, failures: this.#failures, waitMs }
    if (outcome.needsOperator) this.#deps.log.error(line, 'the sink refuses security events; they wait')
    else this.#deps.log.warn(line, 'security events could not be delivered; they wait')
    return waitMs
  }

  #setPending(count: number): void {
    this.#pending = count
    this.#deps.metrics.securityEventsPending.set({ sink: this.name }, count)
  }
}
