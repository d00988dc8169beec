import type { RenewalRecord } from '../../store/store.ts'
import { endOfWait, failure, type Operation, type OperationDeps } from '../operation/context.ts'
import type { OperationOutcome } from '../operation/operation.ts'
import { untilIdle } from '../operation/restart.ts'

/** A certificate that is to be used can be proven only by a connection with it (A02.FR.08). */
export async function reconnectWith(
  deps: OperationDeps,
  operation: Operation,
  { certificateFingerprint }: RenewalRecord,
): Promise<OperationOutcome> {
  const { identity, session, watch, deadline, signal } = operation
  const took = 'it took the new certificate'
  if (session.facts.profile !== 3)
    return { ok: true, detail: `${took}; on profile ${session.facts.profile} it does not connect with it` }
  if (!(await untilIdle(deps, operation)))
    return failure('not_back', `${took}; a transaction is open, or may be, so it was not made to reconnect`)
  deps.sessions.get(identity)?.end(1001, 'connect again, with the new certificate')
  for (;;) {
    const arrival = await watch.next(deadline.left(), signal)
    if (arrival === null) return endOfWait(operation, 'not_back', `${took}, and did not come back in time`)
    // Begun while the operation did: it is the one that was asked.
    if (arrival === session) continue
    if (arrival.facts.certificate === certificateFingerprint)
      return { ok: true, detail: 'it has connected with the new certificate' }
    return failure('fell_back', `${took}, and came back with another one, which stays valid`)
  }
}
