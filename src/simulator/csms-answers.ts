import { isActionName201 } from '../ocpp/actions-201.ts'
import type { CallMessage, Payload } from '../ocpp/message.ts'
import type { Answer } from './endpoint.ts'
import type { LegacyOptions } from './legacy-answers.ts'

/**
 * The answers of a central system of OCPP 2.0.1 to what charging stations say. It knows every message and
 * accepts everybody; certificates are signed elsewhere (csms-signing), or not at all.
 */
export function createCsmsAnswers(
  options: Omit<LegacyOptions, 'unknownActions'>,
): (call: CallMessage) => Answer {
  const currentTime = () => options.now().toISOString()
  return ({ action }) => {
    switch (action) {
      case 'BootNotification':
        return result({
          status: options.bootStatus,
          currentTime: currentTime(),
          interval: options.heartbeatIntervalSeconds,
        })
      case 'Heartbeat':
        return result({ currentTime: currentTime() })
      case 'Authorize':
        return result({ idTokenInfo: { status: 'Accepted' } })
      case 'DataTransfer':
        return result({ status: 'UnknownVendorId' })
      case 'SignCertificate':
        return result({ status: 'Rejected' })
      case 'GetCertificateStatus':
        return result({ status: 'Failed' })
      case 'Get15118EVCertificate':
        return result({ status: 'Failed', exiResponse: '' })
      default:
        if (isActionName201(action)) return result({})
        return { kind: 'error', code: 'NotImplemented', description: 'OCPP 2.0.1 has no such action' }
    }
  }
}

function result(payload: Payload): Answer {
  return { kind: 'result', payload }
}
