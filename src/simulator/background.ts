import { messageOf } from '../policy/error.ts'

/** Work that nobody waits for: it may fail, and its owner waits for it before it ends. */
export interface Background {
  start(work: () => Promise<unknown>): void
  /** Fulfilled when all that was started has ended. */
  settled(): Promise<void>
}

/** `onFailure` gets the message of what was thrown. */
export function createBackground(onFailure: (message: string) => void): Background {
  const tasks = new Set<Promise<void>>()
  return {
    start(work) {
      const task = work()
        .then(() => {})
        .catch((error: unknown) => onFailure(messageOf(error)))
        .finally(() => tasks.delete(task))
      tasks.add(task)
    },
    async settled() {
      await Promise.all(tasks)
    },
  }
}
