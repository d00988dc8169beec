import type { Metrics } from '../observe/metrics.ts'
import type { Store } from '../store/store.ts'

/** A check that is shared for `ms` milliseconds: who asks often must not make the store write often. */
export function sharedCheck(check: () => Promise<void>, ms: number, now: () => number): () => Promise<void> {
  let last: { readonly at: number; readonly result: Promise<void> } | null = null
  return () => {
    const at = now()
    if (last === null || at - last.at >= ms) last = { at, result: check() }
    return last.result
  }
}

/** The check of the store, whose result is a metric as well. */
export function measuredCheck(
  store: Pick<Store, 'check' | 'freeBytes' | 'shared'>,
  { storeUp, storeFreeBytes }: Pick<Metrics, 'storeUp' | 'storeFreeBytes'>,
): () => Promise<void> {
  const engine = store.shared === undefined ? 'sqlite' : 'redis'
  return async () => {
    try {
      await store.check()
      storeUp.set({ engine }, 1)
    } catch (error) {
      storeUp.set({ engine }, 0)
      throw error
    } finally {
      // A folder that is gone has no free space; that it is gone the check has said.
      const free = await store.freeBytes?.().catch(() => 0)
      if (free !== undefined) storeFreeBytes.set({ engine }, free)
    }
  }
}
