import type { Payload } from '../ocpp/message.ts'
import type { CallOutcome } from './endpoint.ts'

/** Messages of the white paper that a charge point sends on demand, to see how it is answered. */
export interface SecurityMessages {
  /** One attempt, without the queue of `raise`. */
  notifySecurityEvent(type: string, techInfo?: string): Promise<CallOutcome>
  /** `csr` in PEM (A02). */
  signCertificate(csr: string): Promise<CallOutcome>
  /** `requestId` of the GetLog that it belongs to; none for Idle (N01). */
  logStatus(status: string, requestId?: number): Promise<CallOutcome>
  /** `requestId` of the SignedUpdateFirmware that it belongs to; none for Idle (L01). */
  signedFirmwareStatus(status: string, requestId?: number): Promise<CallOutcome>
}

export function securityMessages(
  call: (action: string, payload: Payload) => Promise<CallOutcome>,
  now: () => Date = () => new Date(),
): SecurityMessages {
  const withRequest = (status: string, requestId: number | undefined): Payload =>
    requestId === undefined ? { status } : { status, requestId }
  return {
    notifySecurityEvent: (type, techInfo) =>
      call('SecurityEventNotification', {
        type,
        timestamp: now().toISOString(),
        ...(techInfo === undefined ? {} : { techInfo }),
      }),
    signCertificate: (csr) => call('SignCertificate', { csr }),
    logStatus: (status, requestId) => call('LogStatusNotification', withRequest(status, requestId)),
    signedFirmwareStatus: (status, requestId) =>
      call('SignedFirmwareStatusNotification', withRequest(status, requestId)),
  }
}
