import { checkKind } from '../../policy/messages.ts'
import type { CallOutcome } from '../../relay/use-case.ts'
import type { RenewalRecord } from '../../store/store.ts'
import { callOptions, failure, type Operation, type OperationDeps, operate } from '../operation/context.ts'
import type {
  ChargePointOperations,
  OperationOutcome,
  RenewCertificateOptions,
} from '../operation/operation.ts'
import type { CertificateUpdateContext } from './context.ts'
import type { Expectations } from './expectations.ts'
import type { CallWords, RenewalMessages } from './messages.ts'
import { reconnectWith } from './reconnect.ts'
import { signedElsewhere } from './served.ts'

export interface RenewalOperationDeps extends OperationDeps {
  readonly context: CertificateUpdateContext
  readonly expectations: Expectations
}

type Failure = OperationOutcome & { readonly ok: false }

/** A02 by an operator, a campaign or onboarding: CpoName, the trigger, the request, and the certificate. */
export function certificateRenewal(deps: RenewalOperationDeps): ChargePointOperations['renewCertificate'] {
  return (identity, options) =>
    operate(deps, 'renew-certificate', identity, options, (operation) =>
      renewWithin(deps, operation, options),
    )
}

/** The same as a part of an operation that has its turn. */
export async function renewWithin(
  deps: RenewalOperationDeps,
  operation: Operation,
  options: RenewCertificateOptions,
): Promise<OperationOutcome> {
  const missing = missingFor(deps, operation, options)
  if (missing !== null) return failure('prerequisite', missing)
  if (options.setCpoName === true) {
    const problem = await setCpoName(deps, operation)
    if (problem !== null) return problem
  }
  const maxChainSize = options.preflight === false ? null : await askChainSize(deps, operation)
  const { origin, keyType = null } = options
  const { identity } = operation
  const end = deps.expectations.expect(identity, { origin, keyType, maxChainSize })
  try {
    const renewal = await request(deps, operation)
    if ('code' in renewal) return renewal
    if (options.reconnect !== true)
      return {
        ok: true,
        detail: 'it took the new certificate; the old one is valid until the new one is seen',
      }
    return await reconnectWith(deps, operation, renewal)
  } finally {
    end()
  }
}

/** What has to be there before anything is sent; null: nothing is missing that the proxy could know of. */
function missingFor(
  { context }: RenewalOperationDeps,
  { record, session }: Operation,
  { keyType, setCpoName: sets }: RenewCertificateOptions,
): string | null {
  const settings = context.settings()
  const { overInsecureProfiles, cpoNames } = settings
  const elsewhere = signedElsewhere(settings, session)
  if (elsewhere !== null) return elsewhere
  const down = context.asking.problem(keyType)
  if (down !== null) return down
  const allowed = checkKind('certificates', session.facts.profile, overInsecureProfiles)
  if (!allowed.allowed) return allowed.detail
  // A00.FR.405
  if (record.serialNumber === null)
    return 'the serial number that its certificate must name is not registered'
  return sets === true && cpoNames.length === 0 ? 'cpo.names is empty: there is no CpoName to set' : null
}

/** A02.FR.13: the name that has to stand in O of the request. */
async function setCpoName(deps: RenewalOperationDeps, operation: Operation): Promise<Failure | null> {
  const [name = ''] = deps.context.settings().cpoNames
  const { setOrganization, readOrganization } = messagesOf(deps, operation)
  const answer = readOrganization(await say(deps, operation, setOrganization(name)))
  switch (answer.kind) {
    // Whether it takes it at once or later: the request will show.
    case 'accepted':
    case 'reboot-required':
      return null
    case 'refused':
      return failure(answer.code, `CpoName: ${answer.detail}`)
    case 'unknown':
      return failure('no_answer', `CpoName: ${answer.detail}`)
    default:
      return answer satisfies never
  }
}

/** Optional, and many do not have it: whatever else comes back means that it is not known. */
async function askChainSize(deps: RenewalOperationDeps, operation: Operation): Promise<number | null> {
  const { askChainSize: asked, readChainSize } = messagesOf(deps, operation)
  const outcome = await say(deps, operation, asked)
  return outcome.kind === 'result' ? readChainSize(outcome.payload) : null
}

function messagesOf({ context }: RenewalOperationDeps, { session }: Operation): RenewalMessages {
  return context.messagesOf(session.facts.protocol)
}

function say(
  deps: RenewalOperationDeps,
  operation: Operation,
  { action, payload }: CallWords,
): Promise<CallOutcome> {
  return operation.session.callChargePoint(action, payload, callOptions(deps, operation))
}

/** The trigger, and what comes of it until the charge point has answered CertificateSigned. */
async function request(deps: RenewalOperationDeps, operation: Operation): Promise<RenewalRecord | Failure> {
  const heard: Heard = { isRequested: false, rejection: null, wake: () => {} }
  // From before the trigger on, so that nothing is missed.
  const stop = deps.context.changes.watch(operation.identity, (change) => {
    if (change.kind === 'requested') heard.isRequested = true
    if (change.kind === 'rejected') heard.rejection = change.why
    heard.wake()
  })
  try {
    const { trigger } = messagesOf(deps, operation)
    const refusal = readTrigger(trigger, await say(deps, operation, trigger))
    // Some send the request before they answer the trigger, or in place of an answer.
    if (refusal !== null && !heard.isRequested && heard.rejection === null) return refusal
    return await untilSigned(deps, operation, heard)
  } finally {
    stop()
  }
}

/** What was heard of the charge point's request since the trigger. */
interface Heard {
  isRequested: boolean
  rejection: string | null
  wake: () => void
}

async function untilSigned(
  deps: RenewalOperationDeps,
  operation: Operation,
  heard: Heard,
): Promise<RenewalRecord | Failure> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      heard.wake = resolve
    })
    // What stands there before its request is an earlier one.
    const renewal = heard.isRequested ? await deps.context.renewals.get(operation.identity) : null
    if (renewal === null && heard.rejection !== null)
      return failure('request_rejected', `its request was answered Rejected: ${heard.rejection}`)
    const end = renewal === null ? null : endOf(renewal)
    if (end !== null) return end
    if (!(await untilChanged(deps, operation, changed))) return late(operation, renewal)
  }
}

/** False: the time of the operation is over. */
async function untilChanged(
  { clock }: RenewalOperationDeps,
  { deadline, signal }: Operation,
  changed: Promise<void>,
): Promise<boolean> {
  if (deadline.left() === 0 || signal.aborted) return false
  const over = new AbortController()
  const isChanged = await Promise.race([
    changed.then(() => true),
    clock.wait(deadline.left(), AbortSignal.any([signal, over.signal])).then(() => false),
  ])
  over.abort()
  return isChanged
}

/** How a renewal ended; null: it goes on. */
function endOf(renewal: RenewalRecord): RenewalRecord | Failure | null {
  const detail = renewal.detail ?? ''
  switch (renewal.phase) {
    case 'pending':
    case 'issued':
    case 'sent':
      return null
    case 'accepted':
    case 'seen':
      return renewal
    case 'refused':
      return failure('refused', detail)
    case 'failed':
      return failure('authority_failed', detail)
    default:
      return renewal.phase satisfies never
  }
}

function late({ signal }: Operation, renewal: RenewalRecord | null): Failure {
  if (signal.aborted) return failure('draining', 'the wait was ended from outside; what is under way goes on')
  if (renewal === null) return failure('no_answer', 'it accepted the trigger and sent no request')
  switch (renewal.phase) {
    case 'pending':
      return failure(
        'authority_failed',
        `nothing was issued so far, and it is tried again: ${renewal.detail ?? ''}`,
      )
    default:
      return failure('no_answer', `it has not answered CertificateSigned: ${renewal.detail ?? ''}`)
  }
}

/** null: it will send a request. Total on whatever a peer sends. */
export function readTrigger({ action, payload }: CallWords, outcome: CallOutcome): Failure | null {
  switch (outcome.kind) {
    case 'result':
      switch (outcome.payload.status) {
        case 'Accepted':
          return null
        case 'Rejected':
          return failure('refused', 'it answered the trigger with Rejected')
        case 'NotImplemented':
          return failure('not_supported', `it does not know the trigger ${String(payload.requestedMessage)}`)
        default:
          return failure('error_answer', `its answer has no status of ${action}`)
      }
    case 'error':
      return outcome.code === 'NotImplemented' || outcome.code === 'NotSupported'
        ? failure('not_supported', `it does not know ${action}`)
        : failure('error_answer', 'it answered the trigger with a CALLERROR')
    case 'not-sent':
      return failure('not_sent', outcome.detail)
    case 'no-answer':
      // It may be on its way: whoever sends a request later gets its certificate all the same.
      return failure('no_answer', `the trigger: ${outcome.detail}`)
    default:
      return outcome satisfies never
  }
}
