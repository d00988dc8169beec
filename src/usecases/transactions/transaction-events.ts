import type { Payload } from '../../ocpp/message.ts'
import { isPayload } from '../../ocpp/message.ts'
import { BoundedMap } from '../../policy/bounded-map.ts'
import { forward, type UseCase } from '../../relay/use-case.ts'
import type { UnsureChargePoints } from './unsure.ts'

/** A charging station that names more of them is kept as busy by those it named first. */
const maxTransactions = 64
/** OCPP 2.0.1 has 36; who goes a little beyond is understood all the same. */
const maxIdLength = 255

/** OCPP 2.0.1, E: TransactionEvent says of each transaction when it begins, that it goes on, and when it ends. */
export function transactionEvents(options: {
  readonly maxChargePoints: number
  readonly unsure: Pick<UnsureChargePoints, 'seen' | 'clear'>
  /** Something may have ended. */
  readonly ended: (identity: string) => void
}): { readonly useCase: UseCase; readonly has: (identity: string) => boolean } {
  const busy = new BoundedMap<string, Set<string>>(options.maxChargePoints)

  function told(identity: string, payload: Payload): void {
    const id = isPayload(payload.transactionInfo) ? payload.transactionInfo.transactionId : null
    if (typeof id !== 'string' || id.length > maxIdLength) return
    const open = busy.get(identity) ?? new Set()
    if (payload.eventType === 'Started' || payload.eventType === 'Updated') {
      if (open.size < maxTransactions) busy.set(identity, open.add(id))
    } else if (payload.eventType === 'Ended' && open.delete(id) && open.size === 0) {
      busy.delete(identity)
      options.ended(identity)
    }
  }

  return {
    has: (identity) => busy.get(identity) !== undefined,
    useCase: {
      name: 'transaction-events',
      protocols: ['ocpp2.0.1'],
      watches: [
        { direction: 'to-central-system', action: 'TransactionEvent' },
        { direction: 'to-central-system', action: 'BootNotification' },
      ],
      onCall({ action, payload }, { facts: { identity } }) {
        if (action === 'TransactionEvent') told(identity, payload)
        else {
          // What was open before the restart is told again where it goes on.
          busy.delete(identity)
          options.unsure.clear(identity)
          options.ended(identity)
        }
        return forward
      },
      started: ({ facts }) => options.unsure.seen(facts.identity),
    },
  }
}
