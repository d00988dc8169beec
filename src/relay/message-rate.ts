import { BoundedMap } from '../policy/bounded-map.ts'

/** Larger than anything that is sent between two sweeps, and still a small integer to the engine. */
const unbounded = 2 ** 30

/** How many messages a charge point may send before the next sweep, when none was used yet. */
export function budgetOf(messagesPerMinute: number): number {
  return messagesPerMinute === 0 ? unbounded : messagesPerMinute
}

/**
 * What a sweep adds to each budget: the share of a minute between two seconds of the clock. Whole
 * numbers that add up to the exact rate over time.
 */
export function refillOf(messagesPerMinute: number, from: number, to: number): number {
  if (messagesPerMinute === 0) return unbounded
  return Math.floor((messagesPerMinute * to) / 60) - Math.floor((messagesPerMinute * from) / 60)
}

/** Charge points whose budget is remembered after their session. */
const maxCarried = 20_000

/**
 * What charge points have left when their session ends: a reconnect must not fill the budget up (CWE-770).
 * It grows meanwhile as it would have, so that nothing is remembered for longer than a minute.
 */
export class CarriedBudgets {
  readonly #left = new BoundedMap<string, { readonly left: number; readonly second: number }>(maxCarried)

  /** `second` of the clock in which the session ended. */
  keep(identity: string, left: number, second: number): void {
    this.#left.set(identity, { left: Math.max(0, left), second })
  }

  /** What a session that begins in `second` may send before the next sweep. */
  take(identity: string, messagesPerMinute: number, second: number): number {
    const full = budgetOf(messagesPerMinute)
    const carried = this.#left.get(identity)
    if (carried === undefined) return full
    this.#left.delete(identity)
    return Math.min(full, carried.left + refillOf(messagesPerMinute, carried.second, second))
  }
}
