import type { Health } from '../admin/server.ts'
import { messageOf } from '../policy/error.ts'
import type { Store } from '../store/store.ts'
import type { Replicas } from './replicas/replicas.ts'
import { sharedCheck } from './store-check.ts'

export interface HealthDeps {
  readonly store: Store
  readonly replicas: Replicas | null
  /** Milliseconds, any origin. */
  readonly now: () => number
  readonly isStopping: () => boolean
  readonly reloadProblem: () => string | null
  readonly notes: () => readonly string[]
}

/** What readiness says (design, section 12). */
export function healthOf({ store, replicas, now, isStopping, reloadProblem, notes }: HealthDeps): Health {
  const check = sharedCheck(() => store.check(), 1_000, now)
  return {
    async problems() {
      if (isStopping()) return ['the proxy is shutting down']
      try {
        await check()
        return []
      } catch (error) {
        // Known charge points are let in still, and nobody would be without the replicas: a note is enough.
        return replicas?.outage.bridges(error) === true ? [] : [`store: ${messageOf(error)}`]
      }
    },
    notes() {
      const reload = reloadProblem()
      return [
        ...(reload === null ? [] : [`the last reload failed: ${reload}`]),
        ...notes(),
        ...(replicas?.outage.notes() ?? []),
      ]
    },
  }
}
