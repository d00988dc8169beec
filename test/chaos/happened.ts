/** What happened, in order, and promises for what is to happen. */
export class Happened<T> {
  readonly all: T[] = []
  readonly #waiting = new Set<() => void>()
  readonly #what: string

  constructor(what: string) {
    this.#what = what
  }

  add(entry: T): void {
    this.all.push(entry)
    for (const look of [...this.#waiting]) look()
  }

  /** The index behind the first entry from `from` on that fits. Throws when there is none in time. */
  async next(what: string, fits: (entry: T) => boolean, from = 0, timeoutMs = 120_000): Promise<number> {
    let next = from
    const found = (): boolean => {
      for (; next < this.all.length; next += 1) {
        const entry = this.all[next]
        if (entry !== undefined && fits(entry)) return true
      }
      return false
    }
    await this.until(what, found, timeoutMs)
    return next + 1
  }

  /** Fulfilled when `holds`, which is looked at after every entry; rejected when it throws. */
  async until(what: string, holds: () => boolean, timeoutMs = 120_000): Promise<void> {
    if (holds()) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = () => {
      try {
        if (holds()) resolve()
      } catch (error) {
        reject(error)
      }
    }
    const timer = setTimeout(() => {
      const last = this.all.slice(-8).map((entry) => JSON.stringify(entry))
      reject(new Error(`${this.#what}: waited in vain for ${what}; the last were\n${last.join('\n')}`))
    }, timeoutMs)
    this.#waiting.add(look)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(look)
    }
  }
}
