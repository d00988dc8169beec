import { eventOfProblem } from '../../policy/firmware-certificate.ts'
import type { CallOptions } from '../../relay/use-case.ts'
import type { FirmwareEntry, FirmwareRequest } from '../../store/store.ts'
import type { OperationFailure } from '../operation/operation.ts'
import type { SignedFirmwareContext } from './context.ts'
import {
  plainUpdate,
  readPlainAnswer,
  readSignedAnswer,
  type SignedAnswer,
  signedUpdate,
  type Wanted,
} from './request.ts'
import { accepted, begun, refused, unanswered, unknownUpdate } from './request-state.ts'

/** What came of telling a charge point of an image. */
export type Sent =
  | { readonly kind: 'signed'; readonly requestId: number; readonly isCanceling: boolean }
  | { readonly kind: 'plain' }
  | {
      readonly kind: 'failed'
      readonly code: OperationFailure
      readonly detail: string
    }

export interface Sending {
  readonly identity: string
  /** As `beginUpdate` gave it. */
  readonly requestId: number
  readonly entry: FirmwareEntry
  readonly wanted: Wanted
  readonly origin: FirmwareRequest['origin']
  readonly options?: CallOptions
  /** Has another update taken its place meanwhile? Then nothing is sent. */
  readonly isObsolete?: () => boolean
}

/** The request is on disk before anybody is answered or told: whoever asked hears of it, whatever happens. */
export async function beginUpdate(
  { updates, now }: SignedFirmwareContext,
  identity: string,
  request: Pick<FirmwareRequest, 'origin' | 'name' | 'location'>,
): Promise<number> {
  let requestId = 0
  await updates.change(identity, (before) => {
    const after = begun(before ?? unknownUpdate(identity, now()), request, now())
    requestId = after.requestId
    return after
  })
  return requestId
}

/**
 * Verifies image and certificate (A00.FR.706), and sends SignedUpdateFirmware, or the plain message to a
 * charge point without L01. Rejects when the store fails.
 */
export async function sendUpdate(context: SignedFirmwareContext, sending: Sending): Promise<Sent> {
  const sent = await verifyAndSend(context, sending)
  const { updates, now } = context
  const { identity, requestId } = sending
  let givenUp: number | null = null
  await updates.change(identity, (before) => {
    if (before === null) return null
    if (sent.kind === 'failed')
      return (sent.code === 'no_answer' ? unanswered : refused)(before, requestId, now())
    const isCanceling = sent.kind === 'signed' && sent.isCanceling
    const after = accepted(before, { requestId, isCanceling }, now())
    givenUp = after === null ? null : (before.previous?.requestId ?? null)
    return after
  })
  if (givenUp !== null) updates.reported(identity, givenUp, 'superseded')
  return sent
}

async function verifyAndSend(context: SignedFirmwareContext, sending: Sending): Promise<Sent> {
  const { verifier, updates, note } = context
  const { identity, entry, wanted, isObsolete } = sending
  const [problem, ...more] = await verifier.verify(entry, wanted.location)
  if (problem !== undefined) {
    const type = eventOfProblem(problem.code)
    const detail = `${problem.detail} (${problem.code}${more.length === 0 ? '' : `, and ${more.length} more`})`
    if (type !== null)
      note({ type, identity, techInfo: `firmware ${entry.name} was not handed on: ${detail}` })
    return { kind: 'failed', code: 'prerequisite', detail: `firmware ${entry.name}: ${detail}` }
  }
  if (isObsolete?.() === true) return { kind: 'failed', code: 'busy', detail: 'another update came after it' }
  const known = await updates.of(identity)
  if (known?.isSigned !== false) return sendSigned(context, sending)
  return sendPlain(context, sending, 'signed may follow')
}

async function sendSigned(context: SignedFirmwareContext, sending: Sending): Promise<Sent> {
  const { updates, schemas, sessions, now } = context
  const { identity, requestId, entry, wanted, origin, options } = sending
  const payload = signedUpdate(requestId, entry, wanted)
  const violation = schemas.check('SignedUpdateFirmware', 'call', payload)
  if (violation !== null) {
    const detail = `SignedUpdateFirmware cannot carry it: ${violation.path} ${violation.problem}`
    return { kind: 'failed', code: 'prerequisite', detail }
  }
  const session = sessions.get(identity)
  if (session === null || !session.isOpen)
    return { kind: 'failed', code: 'not_connected', detail: 'it is not connected' }
  const answer = readSignedAnswer(await session.callChargePoint('SignedUpdateFirmware', payload, options))
  const hasIt = answer.kind === 'accepted' || answer.kind === 'refused'
  if (hasIt || answer.kind === 'unknown-message')
    await updates.change(identity, (before) =>
      before === null || before.isSigned === hasIt ? null : { ...before, isSigned: hasIt, updatedAt: now() },
    )
  if (answer.kind === 'unknown-message') return withoutSupport(context, sending)
  context.log.info(
    { identity, firmware: entry.name, requestId, origin, answer: answer.kind },
    'SignedUpdateFirmware',
  )
  return sentOf(context, sending, answer)
}

function sentOf(
  { note }: SignedFirmwareContext,
  { identity, requestId, entry }: Sending,
  answer: Exclude<SignedAnswer, { readonly kind: 'unknown-message' }>,
): Sent {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'signed', requestId, isCanceling: answer.isCanceling }
    case 'refused': {
      const type = answer.isCertificate ? 'InvalidFirmwareSigningCertificate' : 'FirmwareUpdateRefused'
      note({ type, identity, techInfo: `firmware ${entry.name}: ${answer.detail}` })
      return { kind: 'failed', code: 'refused', detail: answer.detail }
    }
    case 'failed':
      return answer
    default:
      return answer satisfies never
  }
}

function withoutSupport(context: SignedFirmwareContext, sending: Sending): Promise<Sent> | Sent {
  if (context.settings().withoutSupport === 'plain') return sendPlain(context, sending, 'never again')
  return noSupport(context, sending)
}

function noSupport({ note }: SignedFirmwareContext, { identity, entry }: Sending): Sent {
  const detail = 'it does not know SignedUpdateFirmware, and gets no plain one (firmware.withoutSupport)'
  note({ type: 'FirmwareUpdateRefused', identity, techInfo: `firmware ${entry.name}: ${detail}` })
  return { kind: 'failed', code: 'not_supported', detail }
}

/** `signed may follow`: it was known not to have L01, which an update of its firmware may have changed. */
async function sendPlain(
  context: SignedFirmwareContext,
  sending: Sending,
  then: 'signed may follow' | 'never again',
): Promise<Sent> {
  const { sessions, updates, settings, log, now } = context
  const { identity, entry, wanted, origin, options } = sending
  if (settings().withoutSupport === 'none')
    return then === 'never again' ? noSupport(context, sending) : sendSigned(context, sending)
  const session = sessions.get(identity)
  if (session === null || !session.isOpen)
    return { kind: 'failed', code: 'not_connected', detail: 'it is not connected' }
  const answer = readPlainAnswer(
    await session.callChargePoint('UpdateFirmware', plainUpdate(wanted), options),
  )
  log.info({ identity, firmware: entry.name, origin, answer: answer.kind }, 'UpdateFirmware')
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'plain' }
    case 'failed':
      return answer
    case 'wants-signed':
      if (then === 'never again') {
        const detail = 'it refuses both UpdateFirmware and SignedUpdateFirmware'
        return { kind: 'failed', code: 'not_supported', detail }
      }
      await updates.change(identity, (before) => ({
        ...(before ?? unknownUpdate(identity, now())),
        isSigned: true,
        updatedAt: now(),
      }))
      return sendSigned(context, sending)
    default:
      return answer satisfies never
  }
}
