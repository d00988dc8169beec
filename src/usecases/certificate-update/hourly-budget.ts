import { BoundedMap } from '../../policy/bounded-map.ts'

const hourMs = 3_600_000

/** What each charge point may still ask for in this hour: who signs pays for every request (CWE-770). */
export interface HourlyBudget {
  /** False: it is used up. `now` in milliseconds, any origin. */
  take(identity: string, perHour: number, now: number): boolean
}

/** `maxKeys`: who is forgotten for want of room begins anew. */
export function createHourlyBudget(maxKeys: number): HourlyBudget {
  const used = new BoundedMap<string, { readonly since: number; count: number }>(maxKeys)
  return {
    take(identity, perHour, now) {
      const present = used.get(identity)
      const age = present === undefined ? hourMs : now - present.since
      if (present === undefined || age < 0 || age >= hourMs) {
        used.set(identity, { since: now, count: 1 })
        return perHour > 0
      }
      if (present.count >= perHour) return false
      present.count += 1
      return true
    },
  }
}
