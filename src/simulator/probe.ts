import type { Payload } from '../ocpp/message.ts'
import type { PlugAndChargeMessage } from '../ocpp/plug-and-charge.ts'
import type { ChargePoint } from './charge-point.ts'
import { createRequestPem } from './csr.ts'
import type { CallOutcome } from './endpoint.ts'

/** How one message of the white paper was answered. */
export interface ProbeAnswer {
  readonly action: string
  readonly outcome: CallOutcome
}

/**
 * Sends the messages that a charge point of the white paper sends on its own, and one that nobody
 * knows, one after the other: the answers tell what kind of central system it is.
 */
export async function probeSecurityMessages(member: ChargePoint): Promise<readonly ProbeAnswer[]> {
  const csr = await createRequestPem(member.identity, 'Example CPO')
  const steps: readonly (readonly [string, () => Promise<CallOutcome>])[] = [
    ['SecurityEventNotification', () => member.notifySecurityEvent('StartupOfTheDevice')],
    ['SignCertificate', () => member.signCertificate(csr)],
    ['LogStatusNotification', () => member.logStatus('Idle')],
    ['SignedFirmwareStatusNotification', () => member.signedFirmwareStatus('Idle')],
    ['NoSuchAction', () => member.call('NoSuchAction', {})],
    ...(member.configuration.get('ISO15118PnCEnabled') === 'true' ? plugAndChargeSteps(member, csr) : []),
  ]
  const answers: ProbeAnswer[] = []
  for (const [action, step] of steps) answers.push({ action, outcome: await step() })
  return answers
}

/** ISO 15118 in the form of its version, with contents that nobody can fulfil: who answers is what shows. */
function plugAndChargeSteps(
  member: ChargePoint,
  csr: string,
): readonly (readonly [string, () => Promise<CallOutcome>])[] {
  const hash = '00'.repeat(32)
  const ocspRequestData = {
    hashAlgorithm: 'SHA256',
    issuerNameHash: hash,
    issuerKeyHash: hash,
    serialNumber: '1',
    responderURL: 'http://ocsp.invalid/',
  }
  const idToken = { idToken: 'DE-EXA-C12345678-9', type: 'eMAID' }
  const contract = {
    iso15118SchemaVersion: 'urn:iso:15118:2:2013:MsgDef',
    action: 'Install',
    exiRequest: 'gJgC',
  }
  const messages: readonly (readonly [PlugAndChargeMessage, Payload])[] = [
    ['GetCertificateStatus', { ocspRequestData }],
    ['Get15118EVCertificate', contract],
    ['SignCertificate', { csr, certificateType: 'V2GCertificate' }],
    ['Authorize', { idToken, iso15118CertificateHashData: [ocspRequestData] }],
  ]
  const form = member.plugAndCharge.isNative ? '' : 'DataTransfer '
  return messages.map(([message, data]) => [
    `${form}${message}`,
    () => member.plugAndCharge.send(message, data),
  ])
}

/** In words, for people. */
export function describeOutcome(outcome: CallOutcome): string {
  switch (outcome.kind) {
    case 'result':
      return `result ${JSON.stringify(outcome.payload)}`
    case 'error':
      return `CALLERROR ${outcome.code} ${outcome.description}`.trimEnd()
    case 'timeout':
      return 'no answer in time'
    case 'closed':
      return 'the connection was closed'
  }
}
