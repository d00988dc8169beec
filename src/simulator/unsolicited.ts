/**
 * CALLs of the central system side that nobody asked for. Nothing unsolicited may ever be sent (OCTT; the
 * proxy's own CALLs included): a test says what it has caused, and everything else is remembered here.
 */
export interface UnsolicitedCalls {
  /** The next `times` CALLs of this action are asked for. */
  expect(action: string, times?: number): void
  /** A CALL came. */
  see(action: string): void
  /** The actions of the last ones that were not asked for, oldest first. */
  list(): readonly string[]
  /** How many there were, those that are forgotten included. */
  readonly count: number
}

const remembered = 1000

/** `always`: actions that are asked for at any time. */
export function createUnsolicitedCalls(always: readonly string[] = []): UnsolicitedCalls {
  const fine = new Set(always)
  const expected = new Map<string, number>()
  const actions: string[] = []
  let count = 0
  return {
    expect(action, times = 1) {
      expected.set(action, (expected.get(action) ?? 0) + times)
    },
    see(action) {
      if (fine.has(action)) return
      const left = expected.get(action) ?? 0
      if (left > 1) expected.set(action, left - 1)
      else expected.delete(action)
      if (left > 0) return
      count += 1
      actions.push(action)
      if (actions.length > remembered) actions.shift()
    },
    list: () => [...actions],
    get count() {
      return count
    },
  }
}
