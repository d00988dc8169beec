import { BoundedMap } from '../../policy/bounded-map.ts'
import type { Clock } from '../operation/clock.ts'

/** Milliseconds; charge points report a transaction at least that often, where they report it at all. */
export const unsureMs = 900_000

/** Milliseconds until the next MeterValues is worth reading: after one of a transaction, and after any other. */
const restMs = { transaction: 60_000, other: 2_000 } as const

/** Charge points of which nobody in this process can say whether they charge. */
export interface UnsureChargePoints {
  has(identity: string): boolean
  /** It is unsure, and its next report may tell more than the last one did: asked for every MeterValues. */
  wantsReport(identity: string): boolean
  /** It has a session: if it is new to this process, a transaction may be open that began before. */
  seen(identity: string): void
  /**
   * It reports meter values. Those of a transaction: it still has one of before, and is unsure for the
   * whole time again. No news of anybody else.
   */
  reported(identity: string, isOfTransaction: boolean): void
  /** From here on its own messages say it all. */
  clear(identity: string): void
}

/**
 * A process that has just started has seen no transaction begin, and a charge point that merely comes
 * back does not tell (OCPP 1.6 4.9: only what has changed). It is told apart from an idle one by time.
 * At most `max` of them, those longest unheard of go first. `over` hears whose time is over.
 */
export function unsureChargePoints(
  { max, clock }: { readonly max: number; readonly clock: Clock },
  over: (identity: string) => void,
): UnsureChargePoints {
  const known = new BoundedMap<string, true>(max)
  /** All have the same time, so that the first is the first that is over. */
  const unsure = new Map<string, { readonly until: number; readFrom: number }>()
  let isWaiting = false

  function add(identity: string, readFrom: number): void {
    unsure.delete(identity)
    unsure.set(identity, { until: clock.now() + unsureMs, readFrom })
    const [oldest] = unsure.keys()
    if (unsure.size > max && oldest !== undefined) unsure.delete(oldest)
    waitForFirst()
  }

  function waitForFirst(): void {
    const [first] = unsure.values()
    if (isWaiting || first === undefined) return
    isWaiting = true
    void clock.wait(Math.max(1, first.until - clock.now())).then(() => {
      isWaiting = false
      const now = clock.now()
      for (const [identity, { until }] of unsure) {
        if (until > now) break
        clear(identity)
        over(identity)
      }
      waitForFirst()
    })
  }

  function clear(identity: string): void {
    unsure.delete(identity)
    known.set(identity, true)
  }

  return {
    has: (identity) => unsure.has(identity),
    wantsReport(identity) {
      const one = unsure.get(identity)
      return one !== undefined && clock.now() >= one.readFrom
    },
    seen(identity) {
      if (known.get(identity) === undefined && !unsure.has(identity)) add(identity, clock.now())
    },
    reported(identity, isOfTransaction) {
      const one = unsure.get(identity)
      if (one === undefined) return
      if (isOfTransaction) add(identity, clock.now() + restMs.transaction)
      else one.readFrom = clock.now() + restMs.other
    },
    clear,
  }
}
