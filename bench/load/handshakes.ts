import { createHistogram } from 'node:perf_hooks'
import { ChargePoint, type Fleet } from './charge-point.ts'
import { handshakeSlots, identitiesPerSlot, type LoadResult } from './commands.ts'
import { record, resultOf } from './loops.ts'

/**
 * Connects, upgrades and closes for `seconds`, in several slots at once. A slot goes through its own
 * identities, so that no charge point comes back before its last connection is over at the peer.
 * Throws Error when a handshake was resumed and should not be, or the other way round.
 */
export async function handshakes(fleet: Fleet, seconds: number, resumed: boolean): Promise<LoadResult> {
  const sessions: (Buffer | undefined)[] = []
  for (let slot = 0; slot < handshakeSlots; slot++) {
    sessions.push(resumed ? await freshSession(fleet, numberOf(slot, 0)) : undefined)
  }
  const latencies = createHistogram()
  const start = performance.now()
  const until = start + seconds * 1000
  await Promise.all(
    sessions.map(async (session, slot) => {
      for (let turn = 1; performance.now() < until; turn++) {
        const begun = performance.now()
        const chargePoint = new ChargePoint(fleet, numberOf(slot, turn), session)
        await chargePoint.opened()
        record(latencies, performance.now() - begun)
        if (chargePoint.resumed() !== resumed) {
          throw new Error(resumed ? 'a session was not resumed' : 'a session was resumed')
        }
        await chargePoint.close()
      }
    }),
  )
  return resultOf(latencies, start)
}

function numberOf(slot: number, turn: number): number {
  return 1 + slot * identitiesPerSlot + (turn % identitiesPerSlot)
}

/** A ticket of a connection that said something: with TLS 1.3 tickets come after the handshake. */
async function freshSession(fleet: Fleet, number: number): Promise<Buffer> {
  const chargePoint = new ChargePoint(fleet, number, undefined)
  await chargePoint.opened()
  await chargePoint.close()
  if (chargePoint.session === undefined) throw new Error('the peer gave no session ticket')
  return chargePoint.session
}
