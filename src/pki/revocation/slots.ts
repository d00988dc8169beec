/** Runs so many tasks at once and keeps so many waiting; the rest is turned away. */
export interface Slots {
  /** What the task gives; null at once when too many wait already. Rejects as the task does. */
  run<Result>(task: () => Promise<Result>): Promise<Result> | null
  readonly running: number
  readonly waiting: number
}

/** First come, first served. `concurrency` at least 1. */
export function createSlots(concurrency: number, maxWaiting: number): Slots {
  const queue: (() => void)[] = []
  let running = 0
  const leave = (): void => {
    const next = queue.shift()
    // The slot goes to the next one as it is: `running` does not change.
    if (next === undefined) running -= 1
    else next()
  }
  const enter = (): Promise<void> | null => {
    if (running < concurrency) {
      running += 1
      return Promise.resolve()
    }
    if (queue.length >= maxWaiting) return null
    return new Promise((resolve) => queue.push(resolve))
  }
  return {
    run(task) {
      return enter()?.then(task).finally(leave) ?? null
    },
    get running() {
      return running
    },
    get waiting() {
      return queue.length
    },
  }
}
