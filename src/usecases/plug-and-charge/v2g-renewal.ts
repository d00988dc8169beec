import { readTrigger } from '../certificate-update/operation.ts'
import {
  callOptions,
  endOfWait,
  failure,
  type Operation,
  type OperationDeps,
  operate,
  refusedOver,
} from '../operation/context.ts'
import type { ChargePointOperations, OperationOutcome } from '../operation/operation.ts'
import { forms, v2gTrigger } from './forms.ts'
import type { V2gChange, V2gSigning } from './v2g-signing.ts'

export interface V2gRenewalDeps extends OperationDeps {
  readonly signing: Pick<V2gSigning, 'watch'>
  /** plugAndCharge.signCertificate serves. */
  readonly serves: () => boolean
}

/** A02 for the certificate that a charge point shows to vehicles: the trigger, its request, and the certificate. */
export function v2gRenewal(deps: V2gRenewalDeps): ChargePointOperations['renewV2gCertificate'] {
  return (identity, options) =>
    operate(deps, 'renew-v2g-certificate', identity, options, (operation) => renew(deps, operation))
}

async function renew(deps: V2gRenewalDeps, operation: Operation): Promise<OperationOutcome> {
  const { identity, session } = operation
  if (!deps.serves())
    return failure(
      'prerequisite',
      'plugAndCharge.signCertificate does not serve: its central system signs it',
    )
  const insecure = refusedOver(deps, 'certificates', session)
  if (insecure !== null) return insecure
  const end = Promise.withResolvers<OperationOutcome>()
  let isRequested = false
  // From before the trigger on, so that nothing is missed.
  const stop = deps.signing.watch(identity, (change) => {
    if (change.kind === 'requested') isRequested = true
    else end.resolve(outcomeOf(change))
  })
  try {
    const triggered = forms[session.facts.protocol].trigger(session, callOptions(deps, operation))
    // Some send the request before they answer the trigger, or in place of an answer.
    const first = await Promise.race([triggered, end.promise])
    if ('ok' in first) return first
    const refusal = readTrigger({ action: 'TriggerMessage', payload: v2gTrigger }, first)
    if (refusal !== null && !isRequested) return refusal
    return (await withinTime(deps, operation, end.promise)) ?? late(operation, isRequested)
  } finally {
    stop()
  }
}

function outcomeOf(change: Exclude<V2gChange, { kind: 'requested' }>): OperationOutcome {
  switch (change.kind) {
    case 'taken':
      return { ok: true, detail: 'it took its new V2G certificate' }
    case 'rejected':
      return failure('request_rejected', `its request was answered Rejected: ${change.detail}`)
    case 'failed':
      return failure('authority_failed', change.detail)
    case 'refused':
      return failure('refused', `it refused the certificate: ${change.detail}`)
    case 'unanswered':
      return failure('no_answer', change.detail)
    default:
      return change satisfies never
  }
}

/** null: the time of the operation is over. */
async function withinTime(
  { clock }: V2gRenewalDeps,
  { deadline, signal }: Operation,
  end: Promise<OperationOutcome>,
): Promise<OperationOutcome | null> {
  const over = new AbortController()
  const late = clock.wait(deadline.left(), AbortSignal.any([signal, over.signal])).then(() => null)
  const outcome = await Promise.race([end, late])
  over.abort()
  return outcome
}

function late(operation: Operation, isRequested: boolean): OperationOutcome {
  const detail = isRequested
    ? 'its request is being signed, or it has not answered CertificateSigned yet; that goes on while its session lasts'
    : 'it accepted the trigger and sent no request'
  return endOfWait(operation, 'no_answer', detail)
}
