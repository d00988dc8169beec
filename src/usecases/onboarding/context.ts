import type { OnboardingConfig } from '../../config/schema.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import type { SessionDirectory, UseCaseSession } from '../../relay/use-case.ts'
import type { Registry } from '../../store/store.ts'
import type { Arrivals, ArrivalWatch } from '../operation/arrivals.ts'
import type { Clock, Deadline } from '../operation/clock.ts'
import { failure } from '../operation/context.ts'
import type { ChargePointOperations, OperationOutcome } from '../operation/operation.ts'
import type { TransactionWatch } from '../transactions/transactions.ts'

export interface RunDeps {
  readonly registry: Registry
  readonly sessions: SessionDirectory
  readonly arrivals: Arrivals
  readonly operations: Pick<ChargePointOperations, 'rotatePassword' | 'upgradeProfile' | 'renewCertificate'>
  readonly transactions: TransactionWatch
  readonly clock: Clock
  readonly settings: () => OnboardingConfig
  /** `cpo.names[0]`; null: there is none. */
  readonly cpoName: () => string | null
  readonly served: () => ReadonlySet<SecurityProfile>
  /** `limits.callTimeout`, in milliseconds. */
  readonly callTimeoutMs: () => number
  /** Ends every try: the proxy is shutting down. */
  readonly stopping: AbortSignal
}

/** One try to give a charge point its credentials. */
export interface OnboardingRun {
  readonly identity: string
  /** Of the onboarding that it belongs to. */
  readonly expectedAt: number
  readonly watch: ArrivalWatch
  readonly deadline: Deadline
  readonly signal: AbortSignal
}

/** The one that it has, or the next one in time. */
export async function presentSession(
  { sessions }: Pick<RunDeps, 'sessions'>,
  { identity, watch, deadline, signal }: OnboardingRun,
): Promise<UseCaseSession | null> {
  do {
    watch.taken()
    const session = sessions.get(identity)
    if (session?.isOpen === true) return session
  } while ((await watch.next(deadline.left(), signal)) !== null)
  return null
}

export function notBack({
  signal,
}: Pick<OnboardingRun, 'signal'>): OperationOutcome & { readonly ok: false } {
  return signal.aborted
    ? failure('draining', 'the proxy is shutting down')
    : failure('not_back', 'it did not come back in time')
}
