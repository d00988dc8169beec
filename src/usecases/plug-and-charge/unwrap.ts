import type { Payload } from '../../ocpp/message.ts'
import { type PlugAndChargeMessage, unwrapAnswer, wrapRequest } from '../../ocpp/plug-and-charge.ts'
import type { CallOptions, CallOutcome, UseCaseSession } from '../../relay/use-case.ts'

/** A message of ours in a DataTransfer; its outcome is that of the message inside, and never rejected. */
export async function callWrapped(
  session: UseCaseSession,
  message: PlugAndChargeMessage,
  data: Payload,
  options: CallOptions,
): Promise<CallOutcome> {
  return unwrapOutcome(await session.callChargePoint('DataTransfer', wrapRequest(message, data), options))
}

/** What the charge point made of the message inside. Total on whatever a peer sends. */
export function unwrapOutcome(outcome: CallOutcome): CallOutcome {
  if (outcome.kind !== 'result') return outcome
  const answer = unwrapAnswer(outcome.payload)
  if (answer.ok) return { kind: 'result', payload: answer.data }
  switch (answer.status) {
    case 'UnknownVendorId':
    case 'UnknownMessageId':
      return { kind: 'error', code: 'NotSupported', description: answer.status, details: {} }
    case 'Rejected':
      return { kind: 'result', payload: { status: 'Rejected' } }
    default:
      // Without a status of the message inside, nobody knows.
      return { kind: 'result', payload: {} }
  }
}
