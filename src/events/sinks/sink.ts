import type { SecurityEventRecord } from '../../store/store.ts'

/** Somewhere outside that gets every security event. */
export interface Sink {
  /** Events of one `send` at the most. */
  readonly batch: number
  /**
   * Gives events on, in order; never rejected. `delivered` means that the other side has them, as far as its
   * protocol lets anybody know. Aborted: the sink is being closed.
   */
  send(events: readonly SecurityEventRecord[], signal: AbortSignal): Promise<SinkOutcome>
  /** After the last `send`. */
  close(): Promise<void>
}

export type SinkOutcome = { readonly kind: 'delivered' } | SinkFailure

export interface SinkFailure {
  readonly kind: 'failed'
  /** For the log; never a secret, nor a URL that may hold one. */
  readonly detail: string
  /** Not before so many milliseconds, as the other side asked. */
  readonly retryAfterMs?: number
  /** Trying again will hardly help: an operator has to look. */
  readonly needsOperator?: true
}

export const delivered: SinkOutcome = Object.freeze({ kind: 'delivered' })

export function failed(detail: string): SinkFailure {
  return { kind: 'failed', detail }
}

/** An event as JSON, for files, webhooks and the command line: times are RFC 3339. */
export function eventView(record: SecurityEventRecord) {
  const { id, at, origin, type, identity, timestamp, techInfo, reason, listener, address } = record
  const storedAt = new Date(at).toISOString()
  return { id, storedAt, origin, type, identity, timestamp, techInfo, reason, listener, address }
}
