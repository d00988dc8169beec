import type { Payload } from '../../ocpp/message.ts'
import { checkKind } from '../../policy/messages.ts'
import type { CallOutcome, UseCaseSession } from '../../relay/use-case.ts'
import type { RenewalRecord } from '../../store/store.ts'
import { type CertificateUpdateContext, stepRenewal } from './context.ts'
import { maxDeliveries } from './rules.ts'

/** What a charge point made of CertificateSigned. */
type SignedAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string }
  | { readonly kind: 'not-sent'; readonly detail: string }

/** done: it had its outcome, whatever that is. later: on another session. again: it could not go out just now. */
export type Delivery = 'done' | 'later' | 'again'

/**
 * Sends the issued chain: on disk as sent before it can be, so that nobody takes a second refusal of the
 * same certificate for the answer to the first.
 */
export async function deliver(
  context: CertificateUpdateContext,
  session: UseCaseSession,
  renewal: RenewalRecord,
): Promise<Delivery> {
  const { settings, log } = context
  const { identity, chain, deliveries } = renewal
  const { overInsecureProfiles, callTimeoutMs } = settings()
  const allowed = checkKind('certificates', session.facts.profile, overInsecureProfiles)
  if (!allowed.allowed || chain === null) {
    log.info(
      { identity, profile: session.facts.profile },
      'an issued certificate waits for a secure connection',
    )
    return 'later'
  }
  if (deliveries >= maxDeliveries) {
    await giveUp(context, renewal)
    return 'done'
  }
  const sent = await stepRenewal(context, renewal, { phase: 'sent', deliveries: deliveries + 1 })
  if (sent === null) return 'again'
  const payload = signedPayload(chain, renewal, session)
  const outcome = await session.callChargePoint('CertificateSigned', payload, { timeoutMs: callTimeoutMs })
  const answer = readSigned(outcome)
  log.info({ identity, answer: answer.kind, deliveries: deliveries + 1 }, 'CertificateSigned')
  switch (answer.kind) {
    case 'accepted':
      await accepted(context, sent)
      return 'done'
    case 'refused':
      await refused(context, sent, answer.detail, deliveries > 0)
      return 'done'
    case 'unknown': {
      const detail = `${answer.detail}; it may have the new certificate, and both are valid`
      await stepRenewal(context, sent, { detail })
      return 'done'
    }
    case 'not-sent':
      await stepRenewal(context, sent, { phase: renewal.phase, deliveries, detail: answer.detail })
      return session.isOpen ? 'again' : 'later'
    default:
      return answer satisfies never
  }
}

/** The type is named where the request named one, so that it is put to that use alone (OCPP 2.0.1, A02). */
function signedPayload(
  certificateChain: string,
  { certificateType }: RenewalRecord,
  { facts }: UseCaseSession,
): Payload {
  return facts.protocol === 'ocpp2.0.1' && certificateType !== null
    ? { certificateChain, certificateType }
    : { certificateChain }
}

/** A02.FR.08: old and new are valid from here on; the key is the charge point's (A00.FR.427). */
async function accepted(context: CertificateUpdateContext, renewal: RenewalRecord): Promise<void> {
  const { registry, clock, note, log, counted } = context
  const { identity, keyFingerprint, certificateFingerprint, notAfter } = renewal
  if (certificateFingerprint !== null && notAfter !== null) {
    const subject = `O=${renewal.organization}, CN=${renewal.serialNumber}`
    const key = { keyFingerprint, certificateFingerprint, subject, notAfter }
    // Only what it comes with is seen: a key that it has already stays with the certificate of before.
    const owner =
      (await registry.keyOwner(keyFingerprint)) ?? (await registry.claimKey(identity, key, clock.now()))
    if (owner !== identity)
      log.error({ identity, owner }, 'the key of a new certificate belongs to another charge point')
  }
  const detail = 'it took the new certificate; the old one is valid until the new one is seen'
  if ((await stepRenewal(context, renewal, { phase: 'accepted', detail })) === null) return
  counted('accepted')
  note({
    type: 'ReconfigurationOfSecurityParameters',
    identity,
    techInfo: `certificate: ${detail} [A02.FR.08]`,
  })
}

/** A02.FR.07: it keeps its old certificate. `wasSent`: an earlier CALL may have been accepted. */
async function refused(
  context: CertificateUpdateContext,
  renewal: RenewalRecord,
  why: string,
  wasSent: boolean,
): Promise<void> {
  const { identity } = renewal
  const earlier = wasSent ? ' (an earlier one had no answer)' : ''
  const detail = `${why}${earlier}; its old certificate stays valid`
  if ((await stepRenewal(context, renewal, { phase: 'refused', detail })) === null) return
  context.counted('refused')
  const techInfo = `the charge point refused its new certificate: ${detail} [A02.FR.07]`
  context.note({ type: 'InvalidChargePointCertificate', identity, techInfo })
}

async function giveUp(context: CertificateUpdateContext, renewal: RenewalRecord): Promise<void> {
  const { identity, deliveries } = renewal
  const detail = `CertificateSigned was sent ${deliveries} times and never answered`
  if ((await stepRenewal(context, renewal, { phase: 'failed', detail })) === null) return
  context.counted('failed')
  context.note({
    type: 'InvalidChargePointCertificate',
    identity,
    techInfo: `${detail}; its old certificate stays valid`,
  })
}

/** Total on whatever a peer sends; a detail never repeats it. */
export function readSigned(outcome: CallOutcome): SignedAnswer {
  switch (outcome.kind) {
    case 'result': {
      const { status } = outcome.payload
      if (status === 'Accepted') return { kind: 'accepted' }
      if (status === 'Rejected') return { kind: 'refused', detail: 'it answered Rejected' }
      return { kind: 'unknown', detail: 'its answer has no status of CertificateSigned' }
    }
    case 'error':
      return outcome.origin === 'proxy'
        ? { kind: 'unknown', detail: 'its answer could not be read' }
        : { kind: 'refused', detail: 'it answered with a CALLERROR' }
    case 'not-sent':
      return { kind: 'not-sent', detail: outcome.detail }
    case 'no-answer':
      return { kind: 'unknown', detail: outcome.detail }
    default:
      return outcome satisfies never
  }
}
