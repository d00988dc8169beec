import type { UseCaseSession } from '../../relay/use-case.ts'
import { failure, type Operation, type OperationDeps } from '../operation/context.ts'
import type { OperationFailure, OperationOutcome } from '../operation/operation.ts'

/** The two halves; each is safe at every step on its own. */
export interface UpgradeSteps {
  /** A01: offered, and proven by a login where the charge point logs in. */
  readonly rotate: (operation: Operation) => Promise<OperationOutcome>
  /** A05, on the session and the record of the operation. */
  readonly upgrade: (operation: Operation) => Promise<OperationOutcome>
}

/** How often SecurityProfile is sent to a charge point that hangs up before it answers. */
const maxAsked = 3
const unanswered: ReadonlySet<OperationFailure> = new Set(['not_sent', 'no_answer'])

/**
 * A01, then A05, which wants a password first (A05.FR.02). On profile 1 the charge point logs in with
 * the new password before it is asked for the profile. On profile 0 nobody logs in: a charge point that
 * says that it has taken the password is asked for the profile, and its login there is the proof. One
 * that does not say so is never asked: it stays where it can connect. Many a charge point hangs up and
 * comes back once it has taken a password, on profile 0, too; it is asked again then.
 */
export async function upgradeWithNewPassword(
  deps: OperationDeps,
  operation: Operation,
  { rotate, upgrade }: UpgradeSteps,
): Promise<OperationOutcome> {
  const { identity } = operation
  const rotated = await rotate(operation)
  if (!rotated.ok) {
    return failure(rotated.code, `new password: ${rotated.detail}; it was not asked for the profile`)
  }
  let last = failure('not_back', 'it took the new password and did not come back in time')
  for (let asked = 0; asked < maxAsked; asked += 1) {
    const session = await presentSession(deps, operation)
    if (session === null) {
      return operation.signal.aborted ? failure('draining', `ended from outside; ${last.detail}`) : last
    }
    const record = await deps.registry.get(identity)
    if (record === null) return failure('charge_point_unknown', 'it was removed meanwhile')
    const outcome = await upgrade({ ...operation, session, record })
    if (outcome.ok) return withProof(deps, identity, record.credentialChange?.startedAt ?? null, outcome)
    last = failure(outcome.code, `it took the new password; profile: ${outcome.detail}`)
    if (session.isOpen || !unanswered.has(outcome.code)) return last
  }
  return last
}

/** The one that it has, or the next one in time. */
async function presentSession(
  { sessions }: OperationDeps,
  { identity, watch, deadline, signal }: Operation,
): Promise<UseCaseSession | null> {
  do {
    // What has come so far says nothing about what is asked for next.
    watch.taken()
    const session = sessions.get(identity)
    if (session?.isOpen === true) return session
  } while ((await watch.next(deadline.left(), signal)) !== null)
  return null
}

/**
 * `startedAt`: of the change that was not settled when the profile was asked for, so that both passwords
 * were valid (a grace, or RebootRequired). The login on the new profile settled it, if it was the new one.
 */
async function withProof(
  { registry }: OperationDeps,
  identity: string,
  startedAt: number | null,
  outcome: OperationOutcome & { readonly ok: true },
): Promise<OperationOutcome> {
  const change = (await registry.get(identity))?.credentialChange ?? null
  if (change === null || change.startedAt !== startedAt) {
    return { ok: true, detail: `${outcome.detail}, with a new password` }
  }
  return failure('not_back', `${outcome.detail}, and has logged in there with its old password`)
}
