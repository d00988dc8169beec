/**
 * A map that forgets what was used longest ago when it is full: the owner's memory has a bound,
 * whatever peers send.
 */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #maxEntries: number

  /** `maxEntries`: at least 1. */
  constructor(maxEntries: number) {
    this.#maxEntries = Math.max(1, maxEntries)
  }

  get size(): number {
    return this.#entries.size
  }

  /** Reading counts as use. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  /** Asking does not count as use. */
  has(key: Key): boolean {
    return this.#entries.has(key)
  }

  /** What was used longest ago comes first. */
  keys(): readonly Key[] {
    return [...this.#entries.keys()]
  }

  values(): readonly Value[] {
    return [...this.#entries.values()]
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#maxEntries) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }

  delete(key: Key): void {
    this.#entries.delete(key)
  }
}
