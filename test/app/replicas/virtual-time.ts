/** Time that moves only when nothing else is left to do: what takes hours for a fleet takes a moment here. */
export class VirtualTime {
  now = 0
  #order = 0
  readonly #due: { at: number; order: number; run: () => void }[] = []

  /** Runs after `ms`; at the same time, in the order in which it was asked for. */
  after(ms: number, run: () => void): void {
    this.#due.push({ at: this.now + ms, order: this.#order++, run })
  }

  /** Fulfilled after `ms`, or as soon as `signal` is aborted. */
  readonly wait = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) resolve()
      signal?.addEventListener('abort', () => resolve(), { once: true })
      this.after(ms, resolve)
    })

  /** Until `at`, with `look` after each step. */
  async runUntil(at: number, look: () => void): Promise<void> {
    for (;;) {
      await settled()
      look()
      const next = this.#takeNext(at)
      if (next === null) break
      this.now = Math.max(this.now, next.at)
      next.run()
    }
    this.now = at
  }

  #takeNext(until: number) {
    let first = -1
    for (const [index, { at, order }] of this.#due.entries()) {
      const best = this.#due[first]
      if (best === undefined || at < best.at || (at === best.at && order < best.order)) first = index
    }
    const next = this.#due[first]
    if (next === undefined || next.at > until) return null
    this.#due.splice(first, 1)
    return next
  }
}

/** Everything that follows from what has happened has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
