import { eventLabel } from '../../policy/security-event-types.ts'
import type { SecurityEventRecord } from '../../store/store.ts'

const minuteMs = 60_000

/**
 * So many events of a type in a minute. It goes by the time at which they were stored, so that the
 * backlog of a quiet week passes, and the noise of one minute does not, whenever it is delivered.
 * Types that are not in the white paper's list share one count: a charge point makes up as many as it likes.
 */
export class EventLimit {
  readonly #windows = new Map<string, { startedAt: number; count: number }>()
  #last: { readonly id: number; readonly allowed: boolean } | null = null

  /** Counts the event, and says whether it may pass. Events come in order; one that is tried again counts once. */
  allows(record: SecurityEventRecord, perMinute: number): boolean {
    if (this.#last?.id !== record.id) {
      this.#last = { id: record.id, allowed: this.#count(record, perMinute) }
    }
    return this.#last.allowed
  }

  #count({ type, at }: SecurityEventRecord, perMinute: number): boolean {
    const label = eventLabel(type)
    const window = this.#windows.get(label)
    // The clock may have been set back meanwhile.
    if (window === undefined || at - window.startedAt >= minuteMs || at < window.startedAt) {
      this.#windows.set(label, { startedAt: at, count: 1 })
      return perMinute >= 1
    }
    window.count += 1
    return window.count <= perMinute
  }
}
