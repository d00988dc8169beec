import type { Logger } from '../../observe/log.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { ActionName } from '../../ocpp/actions.ts'
import type { Payload } from '../../ocpp/message.ts'
import { BoundedMap } from '../../policy/bounded-map.ts'
import type { CallOutcome } from '../../relay/use-case.ts'
import type { SecurityEventLog, SecurityEventRecord } from '../../store/store.ts'
import type { EventLimit } from './limit.ts'
import { type EventMessageSettings, eventMessage, type MainStatus } from './message.ts'

const pageSize = 50
/** Milliseconds before the second and the third try of an event that was answered with an error. */
const errorWaits = [1_000, 5_000] as const
/** Cursors that the store could not take, and that must not be forgotten. */
const maxUnsaved = 10_000

export interface OutboxSettings extends EventMessageSettings {
  /** Events of a type and charge point. */
  readonly perMinute: number
}

export interface OutboxDeps {
  /** The name of a charge point's cursor; `readerOf` when left out. */
  readonly readerOf?: (identity: string) => string
  readonly events: SecurityEventLog
  readonly metrics: Pick<Metrics, 'securityEventDeliveries'>
  readonly log: Logger
  readonly settings: () => OutboxSettings
  /**
   * What the central system gets at all: with `securityMessages: forward` a charge point's own events
   * have passed already, and only those of the proxy are left.
   */
  readonly wanted: (record: SecurityEventRecord) => boolean
  /** True after so many milliseconds, false when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<boolean>
}

/** The way to the central system: a charge point's session, or the proxy's own. */
export interface Channel {
  /** Whose session it is. */
  readonly identity: string
  /** Metric label. */
  readonly sink: 'central-system' | 'central-system/own' | 'central-system-201'
  readonly limit: EventLimit
  /** Aborted when the session has ended. */
  readonly signal: AbortSignal
  status(): MainStatus
  call(action: ActionName, payload: Payload): Promise<CallOutcome>
}

/** settled: the central system has it, or will never get it. later: it has to be tried again. */
export type Delivery = 'settled' | 'later'

/**
 * Brings security events into the central system, in order and at least once. What was answered is
 * never sent again: the cursor is durable before the next event goes out.
 */
export class EventOutbox {
  readonly #deps: OutboxDeps
  readonly #unsaved = new BoundedMap<string, number>(maxUnsaved)
  readonly #turns = new Map<string, Promise<void>>()

  constructor(deps: OutboxDeps) {
    this.#deps = deps
  }

  readerOf(identity: string): string {
    return (this.#deps.readerOf ?? readerOf)(identity)
  }

  /**
   * Where this reader stands. One that is new begins at the end of the log: a central system is not
   * flooded with history when the feature is switched on. Rejected when the store fails.
   */
  async begin(reader: string): Promise<number> {
    const { events } = this.#deps
    const stored = await events.cursor(reader)
    if (stored === null) {
      const end = await events.lastId()
      await events.setCursor(reader, end)
      return end
    }
    const unsaved = this.#unsaved.get(reader) ?? 0
    if (unsaved <= stored) return stored
    await this.move(reader, unsaved)
    return unsaved
  }

  /** Remembers that everything up to `id` is settled. Rejected when the store fails; it is not forgotten then. */
  async move(reader: string, id: number): Promise<void> {
    this.#unsaved.set(reader, id)
    await this.#deps.events.setCursor(reader, id)
    if (this.#unsaved.get(reader) === id) this.#unsaved.delete(reader)
  }

  /**
   * Delivers what is pending for an identity, up to `upTo` where it is given. One at a time for an identity, so that
   * two sessions that follow each other never send the same event. Rejected when the store fails.
   */
  drain(identity: string, channel: Channel, upTo = Number.MAX_SAFE_INTEGER): Promise<Delivery> {
    return this.inTurn(identity, async () => {
      const reader = this.readerOf(identity)
      let cursor = await this.begin(reader)
      for (;;) {
        const page = await this.#deps.events.list({ identity, afterId: cursor, limit: pageSize })
        const records = page.filter(({ id }) => id <= upTo)
        const end = await this.#deliverPage(reader, records, channel)
        if (end === null) return 'later'
        cursor = Math.max(cursor, end)
        if (records.length < pageSize) return 'settled'
      }
    })
  }

  /** Sends one event, with its tries. Never rejected. */
  async deliver(record: SecurityEventRecord, channel: Channel): Promise<Delivery> {
    const { log, wait } = this.#deps
    const settings = this.#deps.settings()
    if (!this.#deps.wanted(record)) return 'settled'
    if (!channel.limit.allows(record, settings.perMinute)) {
      this.#count(channel, 'skipped')
      return 'settled'
    }
    const { action, payload } = eventMessage(record, settings, channel.status(), channel.identity)
    for (let failures = 0; ; failures += 1) {
      if (channel.signal.aborted) return 'later'
      const outcome = await channel.call(action, payload)
      const problem = problemOf(action, outcome)
      if (problem === null) {
        this.#count(channel, 'delivered')
        return 'settled'
      }
      const line = {
        identity: record.identity,
        event: record.id,
        type: record.type,
        action,
        problem: problem.text,
      }
      if (problem.kind === 'unanswered') {
        this.#count(channel, 'failed')
        log.info(line, 'a security event did not get through to the central system; it waits')
        return 'later'
      }
      const waitMs = problem.kind === 'final' ? undefined : errorWaits[failures]
      if (waitMs === undefined) {
        this.#count(channel, 'rejected')
        log.warn(line, 'the central system refused a security event; it is not sent again')
        return 'settled'
      }
      this.#count(channel, 'failed')
      if (!(await wait(waitMs, channel.signal))) return 'later'
    }
  }

  /** One task after the other for an identity. Rejected as the task is. */
  inTurn<T>(identity: string, task: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(identity) ?? Promise.resolve()
    const result = before.then(task)
    const settled = result.then(noop, noop)
    this.#turns.set(identity, settled)
    void settled.then(() => {
      if (this.#turns.get(identity) === settled) this.#turns.delete(identity)
    })
    return result
  }

  /** The id up to which everything is settled; null: something has to wait. */
  async #deliverPage(
    reader: string,
    records: readonly SecurityEventRecord[],
    channel: Channel,
  ): Promise<number | null> {
    let settled = 0
    let saved = 0
    for (const record of records) {
      const sends = this.#deps.wanted(record)
      const delivery = await this.deliver(record, channel)
      if (delivery === 'later') {
        if (settled > saved) await this.move(reader, settled)
        return null
      }
      settled = record.id
      // What was left out costs no write of its own.
      if (!sends) continue
      await this.move(reader, settled)
      saved = settled
    }
    if (settled > saved) await this.move(reader, settled)
    return settled
  }

  #count({ sink }: Channel, result: 'delivered' | 'failed' | 'rejected' | 'skipped'): void {
    this.#deps.metrics.securityEventDeliveries.inc({ sink, result })
  }
}

/** The name of a charge point's cursor. */
export function readerOf(identity: string): string {
  return `central-system/${identity}`
}

/** The same for the central system of OCPP 2.0.1: one that speaks either version has a place in both. */
export function readerOf201(identity: string): string {
  return `central-system-201/${identity}`
}

interface Problem {
  /** error: worth another try. final: an answer, and a no. unanswered: it may or may not have arrived. */
  readonly kind: 'error' | 'final' | 'unanswered'
  readonly text: string
}

function problemOf(action: ActionName, outcome: CallOutcome): Problem | null {
  switch (outcome.kind) {
    case 'result': {
      if (action !== 'DataTransfer') return null
      const { status } = outcome.payload
      if (status === 'Accepted') return null
      return { kind: 'final', text: `DataTransfer was answered with ${String(status).slice(0, 30)}` }
    }
    case 'error':
      return { kind: 'error', text: outcome.code.slice(0, 50) }
    case 'not-sent':
    case 'no-answer':
      return { kind: 'unanswered', text: outcome.detail }
  }
}

function noop(): void {}
