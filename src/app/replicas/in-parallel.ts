/**
 * Calls `each` for all items, `width` at a time, and gives what it gave, in order. Throws its first error
 * when all that were begun have ended: one that fails does not keep the others from it, unless the error
 * `isFinal`; then no more are begun.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  each: (item: Item) => Promise<Result>,
  isFinal: (error: unknown) => boolean,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const errors: unknown[] = []
  let next = 0
  let isOver = false
  const work = async () => {
    while (!isOver && next < items.length) {
      const at = next++
      try {
        results[at] = await each(items[at] as Item)
      } catch (error) {
        errors.push(error)
        isOver ||= isFinal(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work))
  if (errors.length > 0) throw errors[0]
  return results
}
