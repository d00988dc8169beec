import {
  diagnosticsStatusOf,
  isFinalLogStatus,
  type LogStatus,
  readLogStatus,
} from '../../policy/charge-point-log.ts'
import { messageOf } from '../../policy/error.ts'
import {
  answerWith,
  type Call,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../../relay/use-case.ts'
import type { LogRecord } from '../../store/store.ts'
import { refusalOfMalformed } from '../security-messages/security-messages.ts'
import type { ChargePointLogContext } from './context.ts'

/**
 * LogStatusNotification (N01): always confirmed to the charge point, noted with the request that it
 * belongs to, and told to the central system where that was its GetDiagnostics.
 */
export function logStatuses(context: ChargePointLogContext): UseCase {
  return {
    name: 'log-statuses',
    watches: [{ direction: 'to-central-system', action: 'LogStatusNotification' }],
    async onCall(call, session) {
      if (call.action !== 'LogStatusNotification') return forward
      const record = await recordOf(context, call, session)
      if (record === null && context.mode() === 'forward') return forward
      const malformed = refusalOfMalformed(context.schemas, 'LogStatusNotification', call)
      if (malformed !== null) return malformed
      const { identity } = session.facts
      // Of a closed list and a number: the schema has seen to that.
      const { status: written, requestId } = call.payload
      context.log.info(
        { identity, action: call.action, status: written, requestId },
        'status of a charge point',
      )
      const status = readLogStatus(written)
      return status === null ? answerWith({}) : noted(context, record, status, session)
    },
  }
}

async function noted(
  context: ChargePointLogContext,
  record: LogRecord | null,
  status: LogStatus,
  session: UseCaseSession,
): Promise<CallFate> {
  const { archive, asked, waits, log } = context
  const isAsked = asked.delete(session)
  if (record === null) return isAsked ? toCentralSystem(status) : answerWith({})
  const { identity, requestId } = record
  try {
    await archive?.note(identity, requestId, { status })
  } catch (error) {
    log.error({ identity, requestId, err: messageOf(error) }, 'the status of a log is not on disk')
  }
  waits.told(identity, requestId, status)
  if (record.origin !== 'central-system') {
    // Its diagnostics do not run: what runs is the operator's, and none of its business.
    return isAsked ? toCentralSystem('Idle') : answerWith({})
  }
  return isFinalLogStatus(record.status) && !isAsked ? answerWith({}) : toCentralSystem(status)
}

/** Our request that the message names; null: none. */
async function recordOf(
  { archive, log }: ChargePointLogContext,
  { payload: { requestId } }: Call,
  { facts: { identity } }: UseCaseSession,
): Promise<LogRecord | null> {
  if (archive === null || typeof requestId !== 'number') return null
  try {
    return await archive.find(identity, requestId)
  } catch (error) {
    log.error({ identity, err: messageOf(error) }, 'logs of charge points cannot be read')
    return null
  }
}

/** It goes on in the words of the core; whatever the central system says of it, the charge point is confirmed. */
function toCentralSystem(status: LogStatus): CallFate {
  return {
    kind: 'replace',
    action: 'DiagnosticsStatusNotification',
    payload: { status: diagnosticsStatusOf(status) },
    answered: (answer) =>
      answer === null ? forward : { kind: 'replace', answer: { kind: 'result', payload: {} } },
  }
}
