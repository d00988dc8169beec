import { answerError, answerWith, type Call, type CallFate } from '../../relay/use-case.ts'

/**
 * What a charge point in onboarding hears in place of the central system (OCPP 1.6 4.2). Its BootNotification
 * is Pending, and until one is Accepted it has to be silent but for what was asked of it: everything else is
 * answered with SecurityError (OCPP-J 1.6 errata 3.8), so that it is kept and sent again, or dropped, as the
 * charge point has it. Security events, certificate requests and the status messages of the white paper have
 * had their answer before; what is left of them here belongs to a central system that knows them.
 */
export function answerInOnboarding(call: Call, now: number, intervalSeconds: number): CallFate {
  switch (call.action) {
    case 'BootNotification':
      return answerWith({
        status: 'Pending',
        currentTime: new Date(now).toISOString(),
        interval: intervalSeconds,
      })
    case 'SecurityEventNotification':
    case 'LogStatusNotification':
    case 'SignedFirmwareStatusNotification':
      return answerWith({})
    case 'SignCertificate':
      return answerWith({ status: 'Rejected' })
    case 'DataTransfer':
      // It has a word of its own for that, and vendors send it at any time.
      return answerWith({ status: 'Rejected' })
    default:
      return answerError('SecurityError', 'not before BootNotification was accepted')
  }
}
