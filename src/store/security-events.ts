import type { ReasonCode } from '../policy/reasons.ts'

/** The security log: what charge points reported (A04) and what the proxy found or did itself. */
export interface SecurityEventRecord {
  /** Ascending, never given twice; the cursor of whoever reads along. Given by the store. */
  readonly id: number
  /** When it was stored, in milliseconds since the epoch. */
  readonly at: number
  readonly origin: 'charge-point' | 'proxy'
  /** Of the white paper's list, or any other name of at most 50 characters: unknown ones are kept (A04.FR.03). */
  readonly type: string
  /** Null: nobody that could be named, such as a stranger before its identity was read. */
  readonly identity: string | null
  /** When it happened, as its origin says (RFC 3339, at most 50 characters). */
  readonly timestamp: string
  /** At most 255 characters. */
  readonly techInfo: string | null
  /** Of a refusal. */
  readonly reason: ReasonCode | null
  readonly listener: string | null
  readonly address: string | null
}

export type NewSecurityEvent = Omit<SecurityEventRecord, 'id'> & {
  /**
   * Of an event of the proxy: tells it from all others, at most 100 characters. When a store that is a network
   * away did what was asked and its answer was lost, the event comes again, and is left out. Never given out.
   */
  readonly retryKey?: string
}

export interface SecurityEventQuery {
  readonly identity?: string
  readonly type?: string
  readonly origin?: SecurityEventRecord['origin']
  /** Stored at or after. */
  readonly since?: number
  /** Only records with a greater id, oldest first: a cursor. Without it: newest first. */
  readonly afterId?: number
  readonly limit: number
}

export interface SecurityEventLog {
  /**
   * Durable when the promise is fulfilled. What a charge point repeats because it did not get our
   * confirmation (same identity, type, timestamp and techInfo, on the same day) is kept once, and so is what has the same `retryKey`. Returns
   * how many were new.
   */
  append(events: readonly NewSecurityEvent[]): Promise<number>
  list(query: SecurityEventQuery): Promise<readonly SecurityEventRecord[]>
  /** The greatest id that was ever given; 0: none. */
  lastId(): Promise<number>
  /** How many records have a greater id, and are of `identity` where it is given. */
  countAfter(id: number, identity?: string): Promise<number>
  /** The id of the last event that this reader has dealt with; null: it is new here. */
  cursor(reader: string): Promise<number | null>
  /** Durable when fulfilled; a cursor never goes back. */
  setCursor(reader: string, id: number): Promise<void>
  /** Removes what is older than `before`, and the oldest above `keep`. Returns how many went. */
  prune(before: number, keep: number): Promise<number>
}
