import type { TestContext } from 'node:test'

/** However long one takes to end: a test that fails must say so, and not hang. */
const endMs = 60_000

/** What has to end with a test, the last one first; each in a time of its own, whatever becomes of the others. */
export class Ends {
  readonly #ends: (() => unknown)[] = []

  constructor(t: Pick<TestContext, 'after'>) {
    t.after(async () => {
      const failures: unknown[] = []
      for (const end of this.#ends.reverse())
        await within(end).catch((error: unknown) => failures.push(error))
      if (failures.length > 0) throw new AggregateError(failures, 'not everything has ended')
    })
  }

  add(end: () => unknown): void {
    this.#ends.push(end)
  }
}

/** Rejected when it has not ended in time. */
export async function within(end: () => unknown, ms = endMs): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`not ended after ${ms} ms: ${end}`)), ms)
  try {
    await Promise.race([end(), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
