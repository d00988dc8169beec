import type { Payload } from '../../ocpp/message.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import { callOptions, type Operation, type OperationDeps } from './context.ts'

export type RestartDeps = Pick<OperationDeps, 'sessions' | 'transactions' | 'clock' | 'callTimeoutMs'>
type Restarted = Pick<Operation, 'identity' | 'deadline' | 'signal'>

/**
 * Reset(Soft), once no transaction is open: for a charge point that takes a change at its next start.
 * Returns null when it restarts, or may; otherwise why it does not.
 */
export async function restart(deps: RestartDeps, operation: Restarted): Promise<string | null> {
  const { identity } = operation
  if (!(await untilIdle(deps, operation))) return 'a transaction is open, or may be, so it was not restarted'
  const session = deps.sessions.get(identity)
  if (session === null) return null
  const outcome = await session.callChargePoint('Reset', resetOf(session), callOptions(deps, operation))
  switch (outcome.kind) {
    case 'result':
      return restarts.has(outcome.payload['status']) ? null : 'it did not accept the Reset'
    case 'error':
      return 'it answered the Reset with an error'
    case 'not-sent':
      return session.isOpen ? 'the Reset could not be sent' : null
    case 'no-answer':
      return null
    default:
      return outcome satisfies never
  }
}

/** OCPP 2.0.1: Scheduled, until its transactions have ended. */
const restarts: ReadonlySet<unknown> = new Set(['Accepted', 'Scheduled'])

function resetOf({ facts }: UseCaseSession): Payload {
  return { type: facts.protocol === 'ocpp2.0.1' ? 'OnIdle' : 'Soft' }
}

/** Waits until no transaction is open; false: one is, and the time is over. */
export async function untilIdle(
  { transactions, clock }: RestartDeps,
  operation: Restarted,
): Promise<boolean> {
  const { identity, deadline, signal } = operation
  while (transactions.hasOpen(identity)) {
    if (deadline.left() === 0 || signal.aborted) return false
    const idle = new AbortController()
    const stop = transactions.onIdle((one) => {
      if (one === identity) idle.abort()
    })
    try {
      await clock.wait(deadline.left(), AbortSignal.any([signal, idle.signal]))
    } finally {
      stop()
    }
  }
  return !signal.aborted
}
