import type { CampaignItem, CampaignItemPatch, CampaignSettings } from '../store/store.ts'
import type { OperationFailure, OperationOutcome } from '../usecases/operation/operation.ts'

/** What a failure means for the charge point in this campaign. */
export type Consequence =
  /** Nothing happened and nobody is to blame: it waits on, and the try does not count. */
  | 'wait-on'
  /** It may go better next time. */
  | 'retry'
  /** Trying again changes nothing, or is not ours to risk. */
  | 'fail'
  /** It is none of the campaign's any more. */
  | 'skip'

export const consequences: Readonly<Record<OperationFailure, Consequence>> = {
  charge_point_unknown: 'skip',
  not_connected: 'wait-on',
  busy: 'wait-on',
  draining: 'wait-on',
  prerequisite: 'fail',
  not_supported: 'fail',
  not_found: 'fail',
  not_verified: 'fail',
  // Those that may have broken something count at once: a campaign must stop before it has broken a fleet.
  not_back: 'fail',
  fell_back: 'fail',
  // An image that does not install may have broken it.
  update_failed: 'fail',
  // Nobody knows yet: a canary that says nothing more is none.
  update_pending: 'fail',
  not_sent: 'retry',
  refused: 'retry',
  error_answer: 'retry',
  no_answer: 'retry',
  authority_failed: 'retry',
  // What it has begun goes on by itself.
  upload_pending: 'fail',
  upload_failed: 'retry',
  // Its key, its names: they are the same at the next try.
  request_rejected: 'fail',
}

/** Milliseconds before a charge point on which another operation is under way is looked at again. */
export const busyRetryMs = 10_000

/** The greatest wait between two tries, whatever the back-off says. */
const maxRetryMs = 86_400_000

/**
 * What is written about a charge point whose try ended. `item` is as it was when the try began, its
 * `attempts` without this one.
 */
export function afterOutcome(
  item: Pick<CampaignItem, 'attempts'>,
  outcome: OperationOutcome,
  settings: Pick<CampaignSettings, 'attempts' | 'retryAfterMs'>,
  now: number,
): CampaignItemPatch {
  if (outcome.ok) {
    return { state: 'done', code: null, detail: outcome.detail, notBefore: null, finishedAt: now }
  }
  const { code, detail } = outcome
  switch (consequences[code]) {
    case 'wait-on': {
      const notBefore = code === 'not_connected' ? null : now + busyRetryMs
      return { state: 'waiting', attempts: item.attempts, detail, notBefore }
    }
    case 'skip':
      return { state: 'skipped', code, detail, notBefore: null, finishedAt: now }
    case 'fail':
      return { state: 'failed', code, detail, notBefore: null, finishedAt: now }
    case 'retry':
      return afterFailedTry(item.attempts + 1, { code, detail }, settings, now)
  }
}

/** `attempts`: tries so far, the failed one included. Each wait is twice the one before. */
export function afterFailedTry(
  attempts: number,
  cause: { readonly code: string | null; readonly detail: string | null },
  settings: Pick<CampaignSettings, 'attempts' | 'retryAfterMs'>,
  now: number,
): CampaignItemPatch {
  if (attempts >= settings.attempts) {
    return { ...cause, state: 'failed', attempts, notBefore: null, finishedAt: now }
  }
  const backOff = Math.min(settings.retryAfterMs * 2 ** Math.max(0, attempts - 1), maxRetryMs)
  return { ...cause, state: 'waiting', attempts, notBefore: now + backOff }
}

/** May a waiting charge point be begun now? */
export type Readiness =
  | 'ready'
  | 'not-connected'
  | 'transaction-open'
  /** It went away after a failed try: that is a failed try too, or it would never count. */
  | 'missed'

export function readinessOf(
  item: Pick<CampaignItem, 'code'>,
  chargePoint: { readonly isConnected: boolean; readonly hasTransaction: boolean },
  onlyIdle: boolean,
): Readiness {
  if (!chargePoint.isConnected) return item.code === null ? 'not-connected' : 'missed'
  return onlyIdle && chargePoint.hasTransaction ? 'transaction-open' : 'ready'
}

/**
 * Why a campaign must stop now that one more charge point has failed for good, or null. A canary must
 * succeed, or it is none. When nobody is left there is nothing to protect: then it finishes.
 */
export function stopReason(failure: {
  readonly identity: string
  readonly code: string | null
  readonly isCanary: boolean
  /** Failed for good, this one included. */
  readonly failed: number
  readonly maxFailures: number
  /** Waiting or under way, this one not included. */
  readonly left: number
}): string | null {
  const { identity, code, isCanary, failed, maxFailures, left } = failure
  if (left === 0) return null
  if (isCanary) return `the canary ${identity} failed (${code ?? 'unknown'})`
  return failed >= maxFailures ? `${failed} failed, ${maxFailures} are the limit` : null
}
