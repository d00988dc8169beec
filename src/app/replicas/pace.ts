import { BoundedMap } from '../../policy/bounded-map.ts'

const secondMs = 1_000
const maxKeys = 256

/** How often something may be done: for one key once a second, and so often a second for all. */
export class Pace {
  readonly #perSecond: number
  readonly #now: () => number
  readonly #last = new BoundedMap<string, number>(maxKeys)
  #since = Number.NEGATIVE_INFINITY
  #count = 0

  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond
    this.#now = now
  }

  /** It counts as done when it may be. */
  allows(key: string): boolean {
    const at = this.#now()
    if (at - this.#since >= secondMs) {
      this.#since = at
      this.#count = 0
    }
    if (this.#count >= this.#perSecond || at - (this.#last.get(key) ?? Number.NEGATIVE_INFINITY) < secondMs) {
      return false
    }
    this.#count += 1
    this.#last.set(key, at)
    return true
  }
}
