import { performance } from 'node:perf_hooks'
import type { Metrics } from '../observe/metrics.ts'
import type { IdentityFacts } from '../policy/facts.ts'
import { type AdmissionDeps, type AdmissionResult, admit } from './admission.ts'
import type { GateConnection } from './connection.ts'
import type { LivePolicy } from './listener.ts'
import { modeOf } from './mode.ts'
import type { Refuser } from './refuser.ts'
import { httpView } from './upgrade-answer.ts'

export interface AdmitConnectionDeps extends AdmissionDeps {
  readonly refuser: Refuser
  readonly metrics: Pick<Metrics, 'admissionDuration'>
  /** Resolves after so many milliseconds. */
  readonly delay: (ms: number) => Promise<void>
}

/**
 * Every 401 is answered this long after the request at the earliest, whatever made it: the time
 * must not tell an unknown identity from a wrong password, nor a fast hash from a slow one.
 */
const unauthorizedMs = 300

/**
 * Admission of a connection on which HTTP is spoken, for an upgrade or for a plain request. Null: it was
 * refused here.
 */
export async function admitConnection(
  deps: AdmitConnectionDeps,
  connection: GateConnection,
  policy: LivePolicy,
  request: {
    readonly identity: IdentityFacts
    readonly authorization: string | undefined
    readonly learn: boolean
  },
): Promise<(AdmissionResult & { ok: true }) | null> {
  const { refuser, metrics, delay } = deps
  const startedAt = performance.now()
  const { checks } = policy.config.admission
  const result = await admit(
    {
      ...request,
      profile: policy.listener.securityProfile,
      facts: connection.facts,
      // Whose certificate it becomes must be certain: for onboarding nothing is switched off.
      modeOf: (reason) => (connection.facts.entry === null ? modeOf(checks, reason) : 'enforce'),
      report: (reason, detail) => refuser.report(connection, reason, detail),
    },
    deps,
  )
  const tookMs = performance.now() - startedAt
  metrics.admissionDuration.observe(tookMs / 1000)
  connection.know({ chargePoint: result.chargePoint })
  if (result.ok) return result
  const view = httpView(result.reason, policy)
  if (view.kind === 'http' && view.status === 401) await delay(Math.max(0, unauthorizedMs - tookMs))
  refuser.refuse(connection, result.reason, result.detail.slice(0, 500), view)
  return null
}
