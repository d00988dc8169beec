import type { CallMessage, Payload } from '../ocpp/message.ts'
import type { Answer } from './endpoint.ts'

/** How central systems of the field answer what they do not know (OCPP-J 1.6 4.2.3 asks for the first). */
export const unknownActionAnswers = ['NotImplemented', 'NotSupported', 'InternalError'] as const
export type UnknownActionAnswer = (typeof unknownActionAnswers)[number]

/** What a charge point may send to such a central system: Core, and the statuses of FirmwareManagement. */
export const legacyActions: ReadonlySet<string> = new Set([
  'Authorize',
  'BootNotification',
  'DataTransfer',
  'DiagnosticsStatusNotification',
  'FirmwareStatusNotification',
  'Heartbeat',
  'MeterValues',
  'StartTransaction',
  'StatusNotification',
  'StopTransaction',
])

export interface LegacyOptions {
  readonly unknownActions: UnknownActionAnswer
  readonly bootStatus: 'Accepted' | 'Pending' | 'Rejected'
  /** Seconds between two heartbeats, sent with BootNotification.conf. */
  readonly heartbeatIntervalSeconds: number
  readonly now: () => Date
}

/**
 * The answers of a central system that knows OCPP 1.6 Core and the two statuses of FirmwareManagement, and
 * nothing of the security white paper. It accepts everybody and everything: judging is the proxy's part.
 */
export function createLegacyAnswers(options: LegacyOptions): (call: CallMessage) => Answer {
  let lastTransactionId = 0
  const accepted: Payload = { status: 'Accepted' }

  return (call) => {
    switch (call.action) {
      case 'BootNotification':
        return result({
          status: options.bootStatus,
          currentTime: options.now().toISOString(),
          interval: options.heartbeatIntervalSeconds,
        })
      case 'Heartbeat':
        return result({ currentTime: options.now().toISOString() })
      case 'Authorize':
        return result({ idTagInfo: accepted })
      case 'StartTransaction':
        lastTransactionId += 1
        return result({ transactionId: lastTransactionId, idTagInfo: accepted })
      case 'StopTransaction':
        return result({ idTagInfo: accepted })
      case 'DataTransfer':
        return result({ status: 'UnknownVendorId' })
      case 'StatusNotification':
      case 'MeterValues':
      case 'FirmwareStatusNotification':
      case 'DiagnosticsStatusNotification':
        return result({})
      default:
        return { kind: 'error', code: options.unknownActions, description: 'this central system is old' }
    }
  }
}

function result(payload: Payload): Answer {
  return { kind: 'result', payload }
}
