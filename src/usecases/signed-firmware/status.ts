import { endOf, readSignedStatus, type SignedStatus } from '../../policy/firmware.ts'
import { type Call, type CallFate, forward, type UseCaseSession } from '../../relay/use-case.ts'
import type { FirmwareRequest } from '../../store/store.ts'
import { refusalOfMalformed } from '../security-messages/security-messages.ts'
import type { SignedFirmwareContext } from './context.ts'
import type { Delivery } from './delivery.ts'
import { meantRequest, reported, unknownUpdate } from './request-state.ts'
import { withUntold } from './untold.ts'
import { plainRequest } from './updates.ts'

/** Sessions that the central system has triggered for a status: the next one is its answer, even Idle. */
export type Triggered = WeakSet<UseCaseSession>

/**
 * SignedFirmwareStatusNotification: on disk, confirmed at once, and told to a central system that asked
 * for the update or for the status (facts, 5.4). Rejects when the store fails: then it is not confirmed,
 * and the charge point says it again.
 */
export async function onStatus(
  context: SignedFirmwareContext,
  delivery: Delivery,
  triggered: Triggered,
  call: Call,
  session: UseCaseSession,
): Promise<CallFate> {
  const { mode, schemas } = context
  const isForwarded = mode() === 'forward'
  const malformed = refusalOfMalformed(schemas, 'SignedFirmwareStatusNotification', call)
  if (malformed !== null) return isForwarded ? forward : malformed
  const status = readSignedStatus(call.payload['status'])
  if (status === null) return forward
  const { identity } = session.facts
  const named = typeof call.payload['requestId'] === 'number' ? call.payload['requestId'] : null
  const wasAsked = triggered.delete(session)
  const about = { identity, status, requestId: named, isTold: !isForwarded, wasAsked }
  const { origin, requestId } = await keep(context, about)
  context.log.info({ identity, status, requestId }, 'SignedFirmwareStatusNotification')
  tell(context, { identity, status, requestId })
  // Of a request that the central system has not made it knows nothing, even if it knows the message.
  if (isForwarded && origin !== 'operator' && origin !== 'campaign') return forward
  const answer: CallFate = {
    kind: 'answer',
    answer: { kind: 'result', payload: {} },
    sent: () => void delivery.deliver(identity),
  }
  return answer
}

/** FirmwareStatusNotification of the core: tells who waits for it, and goes on as it is. */
export function onPlainStatus(
  { updates, plain }: SignedFirmwareContext,
  call: Call,
  session: UseCaseSession,
): void {
  const status = readSignedStatus(call.payload['status'])
  if (status === null) return
  plain.status(session.facts.identity, status)
  updates.reported(session.facts.identity, plainRequest, status)
}

/** Does a plain update go on, or was it forgotten over a restart? */
export function onBoot(
  { plain }: Pick<SignedFirmwareContext, 'plain'>,
  { payload }: Call,
  session: UseCaseSession,
): void {
  const { firmwareVersion } = payload
  plain.booted(session.facts.identity, typeof firmwareVersion === 'string' ? firmwareVersion : null)
}

interface Reported {
  readonly identity: string
  readonly status: SignedStatus
  readonly requestId: number | null
}

/** Returns which request it is about, and whose that is; null: nobody knows. */
async function keep(
  { updates, now }: SignedFirmwareContext,
  { identity, status, requestId, isTold, wasAsked }: Reported & { isTold: boolean; wasAsked: boolean },
): Promise<{ origin: FirmwareRequest['origin'] | null; requestId: number | null }> {
  let of: { origin: FirmwareRequest['origin'] | null; requestId: number | null } = { origin: null, requestId }
  await updates.change(identity, (known) => {
    const before = known ?? unknownUpdate(identity, now())
    const meant = requestId ?? meantRequest(before, status)
    const { after, origin } = reported(before, status, meant, now())
    of = { origin, requestId: meant }
    return isTold && (wasAsked || origin === 'central-system') ? withUntold(after, status) : after
  })
  return of
}

/** Who waits for it, and the security log. */
function tell({ updates, note }: SignedFirmwareContext, { identity, status, requestId }: Reported): void {
  if (requestId !== null && endOf(status) !== null) updates.reported(identity, requestId, status)
  if (status !== 'InvalidSignature') return
  const techInfo = `the charge point reports InvalidSignature for request ${requestId} (L01.FR.03)`
  note({ type: 'InvalidFirmwareSignature', identity, techInfo })
}
