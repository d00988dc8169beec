import type { Store } from '../../../src/store/store.ts'

/** An empty store, and its clock. */
export interface Setting {
  readonly store: Store
  /** Another handle on the same data, as another process has it. Whoever opens it need not close it. */
  readonly again: () => Promise<Store>
  /** What the store takes for the time now. */
  readonly clock: { at: number }
  /** Closes the store and removes what it kept. */
  readonly end: () => Promise<void>
}

export type MakeStore = () => Promise<Setting>

/** Runs `body` with an empty store and cleans up, whatever happens. */
export async function withStore(
  makeStore: MakeStore,
  body: (store: Store, clock: { at: number }, again: () => Promise<Store>) => Promise<void>,
): Promise<void> {
  const { store, clock, again, end } = await makeStore()
  try {
    await body(store, clock, again)
  } finally {
    await end()
  }
}
