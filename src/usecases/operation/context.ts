import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { checkKind, type InsecureProfilePolicy, type SensitiveKind } from '../../policy/messages.ts'
import type { SessionDirectory, UseCaseSession } from '../../relay/use-case.ts'
import type { ChargePointRecord, Registry } from '../../store/store.ts'
import type { TransactionWatch } from '../transactions/transactions.ts'
import type { Arrivals, ArrivalWatch } from './arrivals.ts'
import { type Clock, type Deadline, deadlineOf } from './clock.ts'
import type { OperationFailure, OperationOptions, OperationOutcome } from './operation.ts'
import type { OperationTurns } from './turns.ts'

/** What every operation on a charge point needs. */
export interface OperationDeps {
  readonly registry: Registry
  readonly sessions: SessionDirectory
  readonly arrivals: Arrivals
  readonly turns: OperationTurns
  readonly transactions: TransactionWatch
  readonly clock: Clock
  readonly note: NoteEvent
  readonly log: Logger
  /** `limits.callTimeout`, in milliseconds. */
  readonly callTimeoutMs: () => number
  /** `messages.overInsecureProfiles`: it holds for what the proxy sends as for what passes. */
  readonly overInsecureProfiles: () => InsecureProfilePolicy
  /** Ends every operation that waits: the proxy is shutting down. */
  readonly stopping: AbortSignal
}

/** One operation on one charge point that is connected. */
export interface Operation {
  readonly identity: string
  readonly record: ChargePointRecord
  readonly session: UseCaseSession
  readonly watch: ArrivalWatch
  readonly deadline: Deadline
  readonly signal: AbortSignal
}

export function failure(code: OperationFailure, detail: string): OperationOutcome & { readonly ok: false } {
  return { ok: false, code, detail }
}

/** What helps a charge point in onboarding: one without our root refuses what we have signed (A00.FR.806). */
const inOnboarding: ReadonlySet<string> = new Set(['list-roots', 'install-root'])

/** What can be said in OCPP 2.0.1 as well. */
const in201: ReadonlySet<string> = new Set([
  'rotate-password',
  'upgrade-profile',
  'renew-certificate',
  'renew-v2g-certificate',
  'list-roots',
  'install-root',
  'delete-root',
])

/** Takes the turn of the charge point, makes sure that it is there, runs `body`, and logs how it ended. */
export async function operate(
  deps: OperationDeps,
  name: string,
  identity: string,
  options: Pick<OperationOptions, 'timeoutMs' | 'signal'> & { readonly origin: string },
  body: (operation: Operation) => Promise<OperationOutcome>,
): Promise<OperationOutcome> {
  const { registry, sessions, arrivals, turns, clock, stopping, log } = deps
  const signal = options.signal === undefined ? stopping : AbortSignal.any([options.signal, stopping])
  if (signal.aborted) return failure('draining', 'it was ended before it began')
  const giveBack = turns.take(identity)
  if (giveBack === null) return failure('busy', 'another operation on this charge point is under way')
  const watch = arrivals.watch(identity)
  try {
    const record = await registry.get(identity)
    if (record === null) return failure('charge_point_unknown', 'it is not registered')
    const session = sessions.get(identity)
    if (session === null || !session.isOpen) return failure('not_connected', 'it is not connected')
    const isHeld = session.facts.stage === 'onboarding' && options.origin !== 'onboarding'
    if (isHeld && !inOnboarding.has(name))
      return failure('busy', 'it is in onboarding: it gets its credentials from the proxy, and nothing else')
    const { protocol } = session.facts
    if (protocol !== 'ocpp1.6' && !in201.has(name))
      return failure(
        'prerequisite',
        `it speaks ${protocol}, for which this is not there; its central system does it`,
      )
    const deadline = deadlineOf(clock, options.timeoutMs)
    const outcome = await body({ identity, record, session, watch, deadline, signal })
    log.info({ identity, operation: name, origin: options.origin, ...outcome }, 'operation ended')
    return outcome
  } catch (error) {
    if (!(error instanceof ProxyError && error.code.startsWith('lease_'))) throw error
    // What is stored stands as if this process had ended before the step, and every step is prepared for that.
    const detail = 'another replica has it by now; what is stored stands, and its next session decides'
    log.warn({ identity, operation: name, err: messageOf(error) }, 'operation ended: the lease is lost')
    return failure('not_connected', detail)
  } finally {
    watch.close()
    giveBack()
  }
}

/** Why nothing about `kind` may be sent over this session (A00.FR.206); null: it may. */
export function refusedOver(
  { overInsecureProfiles }: Pick<OperationDeps, 'overInsecureProfiles'>,
  kind: SensitiveKind,
  { facts }: UseCaseSession,
): (OperationOutcome & { readonly ok: false }) | null {
  const verdict = checkKind(kind, facts.profile, overInsecureProfiles())
  return verdict.allowed ? null : failure('prerequisite', `${verdict.detail} (messages.overInsecureProfiles)`)
}

/** How long a CALL of an operation may take. */
export function callOptions(
  deps: Pick<OperationDeps, 'callTimeoutMs'>,
  { deadline }: Pick<Operation, 'deadline'>,
) {
  // Other CALLs to the charge point wait meanwhile: never longer than for any other CALL.
  return { timeoutMs: Math.max(1, Math.min(deps.callTimeoutMs(), deadline.left())) }
}

/** The outcome when nothing more came: ended from outside, or `code` because its time is over. */
export function endOfWait(
  { signal }: Pick<Operation, 'signal'>,
  code: OperationFailure,
  detail: string,
): OperationOutcome & { readonly ok: false } {
  return signal.aborted
    ? failure('draining', `the wait was ended from outside; ${detail}`)
    : failure(code, detail)
}
