/** A map of at most `maxEntries` entries, which forgets what was not asked for longest. */
export interface Lru<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  readonly size: number
}

/** Map keeps the order of insertion, so the first key is the one that was used least recently. */
export function createLru<Value>(maxEntries: number): Lru<Value> {
  const entries = new Map<string, Value>()
  const set = (key: string, value: Value): void => {
    entries.delete(key)
    entries.set(key, value)
    if (entries.size <= maxEntries) return
    const oldest = entries.keys().next()
    if (!oldest.done) entries.delete(oldest.value)
  }
  return {
    get(key) {
      const value = entries.get(key)
      if (value !== undefined) set(key, value)
      return value
    },
    set,
    get size() {
      return entries.size
    },
  }
}
