/** A check that is shared for `ms` milliseconds: who asks often must not make the store write often. */
export function sharedCheck(check: () => Promise<void>, ms: number, now: () => number): () => Promise<void> {
  let last: { readonly at: number; readonly result: Promise<void> } | null = null
  return () => {
    const at = now()
    if (last === null || at - last.at >= ms) last = { at, result: check() }
    return last.result
  }
}
