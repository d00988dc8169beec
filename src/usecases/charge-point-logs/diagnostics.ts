import type { Payload } from '../../ocpp/message.ts'
import {
  answerError,
  answerWith,
  type Call,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../../relay/use-case.ts'
import type { LogArchive } from '../../store/store.ts'
import { readGetLogAnswer } from './answer.ts'
import type { ChargePointLogContext } from './context.ts'
import { endSuperseded } from './superseded.ts'

const watched = ['GetDiagnostics', 'TriggerMessage'] as const

/**
 * GetDiagnostics of a central system of the core as GetLog (facts, 5.3 and 5.4): the upload goes where it
 * said. Its own words go on where the charge point does not know the new ones.
 */
export function diagnosticsTranslation(context: ChargePointLogContext): UseCase {
  /** Sessions of charge points that do not know GetLog: they are asked once. */
  const plain = new WeakSet<UseCaseSession>()
  const only = (session: UseCaseSession) =>
    context.archive !== null && context.translates() && !plain.has(session)
  return {
    name: 'diagnostics-translation',
    watches: watched.map((action) => ({ direction: 'to-charge-point', action, only })),
    async onCall(call, session) {
      const { archive } = context
      if (archive === null || !only(session)) return forward
      if (call.action === 'TriggerMessage') return trigger(context, call, session)
      if (call.action !== 'GetDiagnostics') return forward
      return getLog({ ...context, archive, doesNotKnow: () => plain.add(session) }, call, session)
    },
  }
}

/** Before ours the relay would give up waiting for the central system's own CALL. */
function callOptions({ callTimeoutMs }: ChargePointLogContext) {
  return { timeoutMs: Math.max(1, Math.floor(callTimeoutMs() * 0.9)) }
}

async function getLog(
  context: ChargePointLogContext & { readonly archive: LogArchive; readonly doesNotKnow: () => void },
  { payload }: Call,
  session: UseCaseSession,
): Promise<CallFate> {
  const { identity } = session.facts
  const { archive } = context
  // What GetLog has no room or no form for, or the charge point has to judge itself.
  if (context.schemas.check('GetLog', 'call', asLog(payload, 0)) !== null) return forward
  const { startTime, stopTime } = payload
  const { record } = await archive.begin({
    ...{ identity, logType: 'DiagnosticsLog', origin: 'central-system' },
    ...{ from: timeOf(startTime), to: timeOf(stopTime) },
  })
  const { requestId } = record
  const outcome = await session.callChargePoint('GetLog', asLog(payload, requestId), callOptions(context))
  const answer = readGetLogAnswer(outcome)
  switch (answer.kind) {
    case 'accepted': {
      const { fileName, isCanceling } = answer
      const status = isCanceling ? 'AcceptedCanceled' : 'Accepted'
      await archive.note(identity, requestId, { answer: status, fileName })
      if (isCanceling) await endSuperseded(context, record, session)
      return answerWith(fileName === null ? {} : { fileName })
    }
    case 'rejected':
      await archive.note(identity, requestId, { answer: 'Rejected' })
      // OCPP 1.6, 5.9: without a file name there is nothing to upload.
      return answerWith({})
    case 'unknown':
      return answerError('InternalError', 'the charge point gave no answer that can be used')
    case 'failed':
      await archive.note(identity, requestId, { answer: 'failed' })
      if (answer.code !== 'not_supported' && answer.code !== 'error_answer') {
        return answerError('InternalError', 'the charge point gave no answer')
      }
      context.doesNotKnow()
      context.log.info({ identity, detail: answer.detail }, 'GetDiagnostics goes on: no GetLog there')
      return forward
    default:
      return answer satisfies never
  }
}

/** GetDiagnostics in the words of GetLog; whether it keeps its schema is another question. */
function asLog(payload: Payload, requestId: number): Payload {
  const { location, startTime, stopTime, retries, retryInterval } = payload
  return {
    logType: 'DiagnosticsLog',
    requestId,
    ...integers({ retries, retryInterval }),
    log: {
      remoteLocation: location,
      ...(typeof startTime === 'string' ? { oldestTimestamp: startTime } : {}),
      ...(typeof stopTime === 'string' ? { latestTimestamp: stopTime } : {}),
    },
  }
}

/** TriggerMessage(DiagnosticsStatusNotification): what reports is LogStatusNotification (facts, 5.3). */
async function trigger(
  context: ChargePointLogContext,
  { payload }: Call,
  session: UseCaseSession,
): Promise<CallFate> {
  if (payload.requestedMessage !== 'DiagnosticsStatusNotification') return forward
  const { asked } = context
  // Before it is sent: the status may come right behind the answer.
  asked.add(session)
  const outcome = await session.callChargePoint(
    'ExtendedTriggerMessage',
    { requestedMessage: 'LogStatusNotification' },
    callOptions(context),
  )
  const status = outcome.kind === 'result' ? outcome.payload.status : null
  if (status === 'Accepted') return answerWith({ status })
  asked.delete(session)
  return status === 'Rejected' ? answerWith({ status }) : forward
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time
}

function integers(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => Number.isInteger(value)))
}
