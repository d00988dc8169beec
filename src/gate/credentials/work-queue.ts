/** Runs few tasks at a time and lets few wait; more are turned away at once. */
export interface WorkQueue {
  /** Undefined: the queue is full, the task was not started. */
  run<Result>(task: () => Promise<Result>): Promise<Result> | undefined
}

/** `maxConcurrent` tasks run, `maxQueue` wait in order of arrival. */
export function createWorkQueue(maxConcurrent: number, maxQueue: number): WorkQueue {
  const waiting: (() => void)[] = []
  let running = 0

  async function start<Result>(task: () => Promise<Result>): Promise<Result> {
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      // The place is handed on, so that nobody who comes in between can take it.
      if (next === undefined) running -= 1
      else next()
    }
  }

  return {
    run(task) {
      if (running < maxConcurrent) {
        running += 1
        return start(task)
      }
      if (waiting.length >= maxQueue) return undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      return promise.then(() => start(task))
    },
  }
}
