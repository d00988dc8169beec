import type { Logger } from '../../observe/log.ts'
import type { Payload } from '../../ocpp/message.ts'
import { type PlugAndChargeMessage, unwrapRequest, wrapAnswer } from '../../ocpp/plug-and-charge.ts'
import { answerWith, forward, type UseCase, type UseCaseSession } from '../../relay/use-case.ts'
import { certificateStatusAnswer, evCertificateAnswer, type ServedAnswer } from './answers.ts'
import type { PlugAndChargeServices } from './settings.ts'
import { callWrapped } from './unwrap.ts'
import type { V2gSigning } from './v2g-signing.ts'

export interface PlugAndChargeDeps {
  /** Asked for every message, so that a reload counts at once. */
  readonly services: () => PlugAndChargeServices
  readonly signing: V2gSigning
  /** Milliseconds for an answer of the charge point. */
  readonly callTimeoutMs: () => number
  readonly counted: (message: PlugAndChargeMessage, result: ServedAnswer['result']) => void
  readonly log: Logger
}

/**
 * ISO 15118 over OCPP 1.6: what the configuration serves of `org.openchargealliance.iso15118pnc` is
 * answered here and never seen by the central system; everything else goes on as the bytes that came.
 */
export function createPlugAndCharge(deps: PlugAndChargeDeps): UseCase {
  const { services, signing, counted, log } = deps
  const serves = (): boolean => {
    const { certificateStatus, contractPool, v2gAuthority } = services()
    return certificateStatus !== null || contractPool !== null || v2gAuthority !== null
  }
  return {
    name: 'plug-and-charge',
    watches: [{ direction: 'to-central-system', action: 'DataTransfer', only: serves }],
    async onCall(call, session) {
      if (call.direction !== 'to-central-system' || call.action !== 'DataTransfer') return forward
      const wrapped = unwrapRequest(call.payload)
      if (wrapped === null) return forward
      const { message } = wrapped
      // Data that cannot be read are an empty message: the answer says what is missing.
      const answer = await answerOf(deps, session, message, wrapped.data ?? {})
      if (answer === null) return forward
      counted(message, answer.result)
      if (answer.detail !== null) {
        const { identity } = session.facts
        log.warn({ identity, message, detail: answer.detail }, 'plug and charge: not accepted')
      }
      const { sent } = answer
      const fate = answerWith(wrapAnswer(answer.payload))
      return sent !== undefined && fate.kind === 'answer' ? { ...fate, sent } : fate
    },
    ended: (session) => signing.ended(session),
  }
}

/** null: the central system answers this one. */
function answerOf(
  { services, signing, callTimeoutMs }: PlugAndChargeDeps,
  session: UseCaseSession,
  message: PlugAndChargeMessage,
  data: Payload,
): Promise<ServedAnswer & { readonly sent?: () => void }> | null {
  const { certificateStatus, contractPool, v2gAuthority } = services()
  if (message === 'GetCertificateStatus' && certificateStatus !== null)
    return certificateStatusAnswer(data, certificateStatus)
  if (message === 'Get15118EVCertificate' && contractPool !== null)
    return evCertificateAnswer(data, contractPool)
  if (message === 'SignCertificate' && v2gAuthority !== null) {
    const deliver = (certificateChain: string) =>
      callWrapped(session, 'CertificateSigned', { certificateChain }, { timeoutMs: callTimeoutMs() })
    return signing.request(session, data, deliver)
  }
  return null
}
