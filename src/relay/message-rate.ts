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
