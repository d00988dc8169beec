import { minuteOf } from '../policy/rejection-minute.ts'
import type { NewRejection } from '../store/store.ts'

/**
 * Refusals that wait to be written, in order. A stranger's connections cost it nothing at stage tcp:
 * those of one minute that are the same are one record with a count (CWE-770), as in the store, so
 * that a flood does not take the place of what matters.
 */
export class RejectionBatch {
  #records: NewRejection[] = []
  /** Where a record that counts stands in `#records`. */
  readonly #places = new Map<string, number>()

  get size(): number {
    return this.#records.length
  }

  /** False: there is no room for another record. */
  add(rejection: NewRejection, room: number): boolean {
    const key = keyOf(rejection)
    const place = key === null ? undefined : this.#places.get(key)
    const same = place === undefined ? undefined : this.#records[place]
    if (place !== undefined && same !== undefined) {
      this.#records[place] = merged(same, rejection)
      return true
    }
    if (room <= 0) return false
    if (key !== null) this.#places.set(key, this.#records.length)
    this.#records.push(rejection)
    return true
  }

  /** Takes out all of them. */
  take(): NewRejection[] {
    const records = this.#records
    this.#records = []
    this.#places.clear()
    return records
  }
}

function merged(first: NewRejection, next: NewRejection): NewRejection {
  const count = (first.count ?? 1) + (next.count ?? 1)
  return { ...first, at: Math.max(first.at, next.at), count }
}

/** Null: it stays by itself. */
function keyOf(rejection: NewRejection): string | null {
  const minute = minuteOf(rejection)
  if (minute === null) return null
  const { reason, mode, address, listener, detail } = rejection
  return JSON.stringify([minute, reason, mode, address, listener, detail])
}
