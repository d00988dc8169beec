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
  ]
  const answers: ProbeAnswer[] = []
  for (const [action, step] of steps) answers.push({ action, outcome: await step() })
  return answers
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
