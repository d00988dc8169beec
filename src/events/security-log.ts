import { randomUUID } from 'node:crypto'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import { cutText, eventLabel, eventLimits } from '../policy/security-event-types.ts'
import type { NewSecurityEvent, SecurityEventLog } from '../store/store.ts'
import type { ProxyEvent } from './proxy-event.ts'

/** Events of the proxy that wait this long at the most, in milliseconds, are written in one transaction. */
const flushMs = 50
/** Events of one transaction. */
const maxBatch = 500
/** What a store that does not answer may cost; beyond, events of the proxy are lost and counted. */
const maxWaiting = 20_000
/** ... and those of charge points are answered with an error. */
const maxUnconfirmed = 10_000
const retryMs = 1_000

export interface SecurityLogDeps {
  readonly events: SecurityEventLog
  readonly metrics: Pick<Metrics, 'securityEvents'>
  readonly log: Logger
  readonly now: () => number
}

interface Entry {
  readonly event: NewSecurityEvent
  /** Of an event of the proxy, which is written again when nobody knows whether it was written. */
  readonly retryKey?: string
  /** Somebody waits until it is durable; null: nobody does. */
  readonly waiter: PromiseWithResolvers<void> | null
}

/** Told of what has become durable, before those who wait for it. */
export type StoredListener = (events: readonly NewSecurityEvent[]) => void

/**
 * The security log (design, principle 4): an event is on disk before it is confirmed. Everything
 * that comes while a transaction is under way goes into the next one, so that a fleet that comes
 * back does not cost a disk flush per event.
 */
export class SecurityLog {
  readonly #deps: SecurityLogDeps
  readonly #stored = new Set<StoredListener>()
  #waiting: Entry[] = []
  #unconfirmed = 0
  #timer: NodeJS.Timeout | null = null
  #timerMs = 0
  #writing: Promise<void> | null = null
  #inFlight = 0
  #isFailing = false
  #lost = 0
  /** Of this process; no other one has the same. */
  readonly #life = randomUUID()
  #kept = 0

  constructor(deps: SecurityLogDeps) {
    this.#deps = deps
  }

  /**
   * An event that a charge point reported; fulfilled when it is durable.
   * @throws ProxyError `event_not_stored`: the store failed, or too many wait for it.
   */
  async fromChargePoint(event: NewSecurityEvent): Promise<void> {
    if (this.#unconfirmed >= maxUnconfirmed) {
      throw new ProxyError('event_not_stored', 'proxy', 'too many security events wait for the store')
    }
    const waiter = Promise.withResolvers<void>()
    this.#unconfirmed += 1
    this.#waiting.push({ event, waiter })
    this.#flushIn(this.#isFailing ? retryMs : 0)
    try {
      await waiter.promise
      this.#count(event)
    } finally {
      this.#unconfirmed -= 1
    }
  }

  /** An act or a finding of the proxy. Answers at once (`NoteEvent`). */
  readonly note = (event: ProxyEvent): void => {
    const kept = keptOf(event, this.#deps.now())
    this.#count(kept)
    this.keep(kept)
  }

  /**
   * An act of the proxy that is not answered before it is on disk. It is kept as `note` keeps it, also
   * when the store fails now.
   * @throws ProxyError `event_not_stored`: it is not durable yet.
   */
  readonly noteDurably = async (event: ProxyEvent): Promise<void> => {
    const kept = keptOf(event, this.#deps.now())
    this.#count(kept)
    if (this.#isFull()) {
      this.#lost += 1
      throw notStored(null)
    }
    const waiter = Promise.withResolvers<void>()
    this.#waiting.push({ event: kept, retryKey: this.#nextKey(), waiter })
    this.#flushIn(this.#isFailing ? retryMs : 0)
    await waiter.promise
  }

  /** Stores an event that was counted elsewhere already: a refusal. Answers at once. */
  keep(event: NewSecurityEvent): void {
    if (this.#isFull()) {
      this.#lost += 1
      return
    }
    this.#waiting.push({ event, retryKey: this.#nextKey(), waiter: null })
    this.#flushIn(this.#isFailing ? retryMs : this.#waiting.length >= maxBatch ? 0 : flushMs)
  }

  #nextKey(): string {
    this.#kept += 1
    return `${this.#life} ${this.#kept}`
  }

  #isFull(): boolean {
    return this.#waiting.length + this.#inFlight >= maxWaiting
  }

  /**
   * `listener` is told of every batch that has become durable; whoever needs the records' ids reads the
   * store from a cursor. Returns what ends it.
   */
  subscribe(listener: StoredListener): () => void {
    // One function may be given twice; each time ends by itself.
    const own: StoredListener = (events) => listener(events)
    this.#stored.add(own)
    return () => void this.#stored.delete(own)
  }

  /** Everything noted before is durable, or was logged as lost, when this is fulfilled. */
  async close(): Promise<void> {
    for (let failures = 0; this.#waiting.length > 0 || this.#writing !== null; ) {
      this.#flush()
      await this.#writing
      if (this.#isFailing) failures += 1
      if (failures >= 2) this.#giveUp()
    }
    this.#cancelTimer()
    this.#tellLoss()
  }

  /** The store does not take them; they are in the log at least. */
  #giveUp(): void {
    for (const { event, waiter } of this.#waiting.splice(0)) {
      waiter?.reject(notStored(null))
      if (event.origin !== 'proxy') continue
      this.#lost += 1
      this.#tell(event)
    }
  }

  #flushIn(ms: number): void {
    if (this.#writing !== null) return
    if (this.#timer !== null) {
      if (ms >= this.#timerMs || this.#isFailing) return
      this.#cancelTimer()
    }
    this.#timerMs = ms
    this.#timer = setTimeout(() => this.#flush(), ms)
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #flush(): void {
    this.#cancelTimer()
    if (this.#writing !== null || this.#waiting.length === 0) return
    const batch = this.#waiting.splice(0, maxBatch)
    this.#inFlight = batch.length
    this.#writing = this.#write(batch).finally(() => {
      this.#writing = null
      this.#inFlight = 0
      if (this.#waiting.length > 0) this.#flushIn(this.#isFailing ? retryMs : 0)
    })
  }

  async #write(batch: readonly Entry[]): Promise<void> {
    const events = batch.map(({ event }) => event)
    try {
      await this.#deps.events.append(
        batch.map(({ event, retryKey }) => (retryKey === undefined ? event : { ...event, retryKey })),
      )
    } catch (error) {
      this.#failed(batch, error)
      return
    }
    this.#isFailing = false
    for (const event of events) this.#tell(event)
    this.#tellLoss()
    for (const listener of this.#stored) this.#guard(() => listener(events))
    for (const { waiter } of batch) waiter?.resolve()
  }

  /** A charge point keeps its event and repeats it; the proxy's own wait here, in order. */
  #failed(batch: readonly Entry[], error: unknown): void {
    this.#isFailing = true
    this.#deps.log.error({ err: messageOf(error), events: batch.length }, 'security events cannot be stored')
    for (const { waiter } of batch) waiter?.reject(notStored(error))
    const own = batch.filter(({ event }) => event.origin === 'proxy')
    this.#waiting = own.map((entry): Entry => ({ ...entry, waiter: null })).concat(this.#waiting)
  }

  /** A listener that fails must not undo what is durable. */
  #guard(task: () => void): void {
    try {
      task()
    } catch (error) {
      this.#deps.log.error({ err: messageOf(error) }, 'a reader of the security log failed')
    }
  }

  #count({ type, origin }: NewSecurityEvent): void {
    this.#deps.metrics.securityEvents.inc({ type: eventLabel(type), origin })
  }

  /** Refusals have their own line. What a charge point wrote into techInfo stays out of the log. */
  #tell({ origin, type, identity, techInfo, reason }: NewSecurityEvent): void {
    if (reason !== null) return
    const line = { origin, type, identity, ...(origin === 'proxy' ? { techInfo } : {}) }
    this.#deps.log.info(line, 'security event')
  }

  #tellLoss(): void {
    if (this.#lost > 0) this.#deps.log.error({ lost: this.#lost }, 'security events of the proxy were lost')
    this.#lost = 0
  }
}

function keptOf(event: ProxyEvent, now: number): NewSecurityEvent {
  return {
    at: now,
    origin: 'proxy',
    type: cutText(event.type, eventLimits.type),
    identity: event.identity,
    timestamp: new Date(now).toISOString(),
    techInfo: cutText(event.techInfo, eventLimits.techInfo),
    reason: event.reason ?? null,
    listener: event.listener ?? null,
    address: event.address ?? null,
  }
}

function notStored(cause: unknown): ProxyError {
  return new ProxyError('event_not_stored', 'proxy', 'the security event could not be stored', { cause })
}
