import type { Store } from '../../../src/store/store.ts'

/** An empty store, and its clock. */
export interface Setting {
  readonly store: Store
  /** What the store takes for the time now. */
  readonly clock: { at: number }
  /** Closes the store and removes what it kept. */
  readonly end: () => Promise<void>
}

export type MakeStore = () => Promise<Setting>

/** Runs `body` with an empty store and cleans up, whatever happens. */
export async function withStore(
  makeStore: MakeStore,
  body: (store: Store, clock: { at: number }) => Promise<void>,
): Promise<void> {
  const { store, clock, end } = await makeStore()
  try {
    await body(store, clock)
  } finally {
    await end()
  }
}
