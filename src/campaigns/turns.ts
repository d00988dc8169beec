/**
 * One after the other: a task begins when the one before it has ended. What a campaign decides and
 * writes is never mixed with what an operator does to it at the same time.
 */
export function createTurns(): <Result>(task: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const turn = last.then(task)
    last = turn.catch(() => {})
    return turn
  }
}
