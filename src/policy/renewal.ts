/** When a certificate that the proxy makes for itself is made anew (A00.FR.701). Times are milliseconds. */

const earliest = 1 / 2
const latest = 2 / 3
const firstRetry = 1 / 48
const maxRetryMs = 15 * 60 * 1000
const minRetryMs = 1000

/**
 * Between a half and two thirds of its life: late enough to be seldom, early enough for many tries.
 * `jitter` (0 to 1, random) keeps replicas and listeners that began together from renewing together.
 */
export function renewalTime(life: { readonly from: number; readonly to: number }, jitter: number): number {
  return life.from + (life.to - life.from) * (earliest + (latest - earliest) * jitter)
}

/**
 * The pause after so many failures in a row: it doubles, up to a quarter of an hour. It begins small
 * in comparison with the life of the certificate, so that there are tries enough before its end.
 */
export function retryDelay(failures: number, lifeMs: number, jitter: number): number {
  const first = Math.max(minRetryMs, lifeMs * firstRetry)
  const pause = Math.min(maxRetryMs, first * 2 ** Math.min(failures - 1, 20))
  return pause * (0.75 + 0.25 * jitter)
}
