import { BoundedMap } from './bounded-map.ts'

/** Says the same thing once in a while only, so that a peer that repeats itself fills no log and no disk. */
export class Repeats {
  readonly #windowMs: number
  readonly #seen: BoundedMap<string, { since: number; suppressed: number }>

  /** `maxKeys`: what is forgotten for want of room is simply said again. */
  constructor(windowMs: number, maxKeys: number) {
    this.#windowMs = windowMs
    this.#seen = new BoundedMap(maxKeys)
  }

  /**
   * null: it was said less than `windowMs` before `now` (milliseconds, any origin) and stays unsaid;
   * otherwise how often that happened since it was said last.
   */
  say(key: string, now: number): number | null {
    const entry = this.#seen.get(key)
    const age = entry === undefined ? 0 : now - entry.since
    if (entry !== undefined && age >= 0 && age < this.#windowMs) {
      entry.suppressed += 1
      return null
    }
    this.#seen.set(key, { since: now, suppressed: 0 })
    return entry?.suppressed ?? 0
  }
}

/** ` (and 3 times since it was said last)`, or nothing. */
export function unsaidWords(unsaid: number): string {
  return unsaid === 0 ? '' : ` (and ${unsaid} times since it was said last)`
}
