import type { Health } from '../admin/server.ts'
import type { Metrics } from '../observe/metrics.ts'
import { messageOf } from '../policy/error.ts'
import type { Store } from '../store/store.ts'
import type { Outage } from './replicas/outage.ts'
import type { Recovery } from './replicas/recovery.ts'
import { measuredCheck, sharedCheck } from './store-check.ts'

export interface HealthDeps {
  readonly store: Store
  readonly metrics: Pick<Metrics, 'storeUp' | 'storeFreeBytes'>
  /** Null: it has a store of its own. */
  readonly replicas: {
    readonly outage: Pick<Outage, 'bridges' | 'notes'>
    readonly recovery: Pick<Recovery, 'problems' | 'notes'>
  } | null
  /** Milliseconds, any origin. */
  readonly now: () => number
  readonly isStopping: () => boolean
  readonly reloadProblem: () => string | null
  readonly notes: () => readonly string[]
}

/** What readiness says (design, section 12). */
export function healthOf(deps: HealthDeps): Health {
  const { store, metrics, replicas, now, isStopping, reloadProblem, notes } = deps
  const check = sharedCheck(measuredCheck(store, metrics), 1_000, now)
  return {
    async problems() {
      if (isStopping()) return ['the proxy is shutting down']
      try {
        await check()
        return replicas?.recovery.problems() ?? []
      } catch (error) {
        // Known charge points are let in still, and nobody would be without the replicas: a note is enough.
        return replicas?.outage.bridges(error) === true ? [] : [`store: ${messageOf(error)}`]
      }
    },
    notes() {
      const reload = reloadProblem()
      const deaf = store.shared?.bus.problem() ?? null
      return [
        ...(reload === null ? [] : [`the last reload failed: ${reload}`]),
        ...notes(),
        ...(replicas?.outage.notes() ?? []),
        ...(replicas?.recovery.notes() ?? []),
        ...(deaf === null ? [] : [`other replicas are not heard: ${deaf}`]),
      ]
    },
  }
}
