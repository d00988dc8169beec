import type { CallOutcome } from '../../relay/use-case.ts'
import { refusingCode } from '../operation/answer.ts'
import { type Unanswered, unanswered } from '../root-certificates/answers.ts'

export type GetLogAnswer =
  | { readonly kind: 'accepted'; readonly isCanceling: boolean; readonly fileName: string | null }
  | { readonly kind: 'rejected' }
  /** It may do it, or not. */
  | { readonly kind: 'unknown'; readonly detail: string }
  | Unanswered

/** GetLog.conf (N01). Pure, and total on whatever a peer sends. */
export function readGetLogAnswer(outcome: CallOutcome): GetLogAnswer {
  if (outcome.kind === 'error' && (outcome.origin === 'proxy' || refusingCode(outcome.code) === null)) {
    return { kind: 'unknown', detail: 'it answered with an error that does not say that nothing was done' }
  }
  if (outcome.kind !== 'result') return unanswered(outcome)
  const { status, filename } = outcome.payload
  switch (status) {
    case 'Accepted':
    case 'AcceptedCanceled':
      return {
        kind: 'accepted',
        isCanceling: status === 'AcceptedCanceled',
        fileName: readFileName(filename),
      }
    case 'Rejected':
      return { kind: 'rejected' }
    default:
      return { kind: 'unknown', detail: 'its answer has no status of GetLog' }
  }
}

/** At most 255 characters (GetLog.conf, GetDiagnostics.conf). */
function readFileName(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= 255 ? value : null
}
