import { type LogStatus, uploadLocation } from '../../policy/charge-point-log.ts'
import type { LogRecord } from '../../store/store.ts'
import {
  callOptions,
  endOfWait,
  failure,
  type Operation,
  type OperationDeps,
  operate,
} from '../operation/context.ts'
import type { ChargePointOperations, GetLogOptions, OperationOutcome } from '../operation/operation.ts'
import { readGetLogAnswer } from './answer.ts'
import type { ChargePointLogContext } from './context.ts'
import { endSuperseded } from './superseded.ts'

type Deps = OperationDeps & ChargePointLogContext

/** N01 by an operator: GetLog with the URL of an upload, ours or another, and what the charge point reports of it. */
export function getLogOperation(deps: Deps): ChargePointOperations['getLog'] {
  return (identity, options) =>
    operate(deps, 'get-log', identity, options, (operation) => getLog(deps, operation, options))
}

async function getLog(deps: Deps, operation: Operation, options: GetLogOptions): Promise<OperationOutcome> {
  const { archive, waits } = deps
  const { identity, session } = operation
  if (archive === null) return failure('prerequisite', 'no logs are kept: chargePointLogs is not configured')
  const { listener } = session.facts
  const url = deps.uploadUrl(listener)
  const { logType, location, from = null, to = null } = options
  if (url === null && location === undefined) {
    const detail = `its listener ${listener} has no logUploadUrl: it would not know where to upload`
    return failure('prerequisite', detail)
  }
  const origin = options.origin === 'campaign' ? 'campaign' : 'operator'
  const { record, token } = await archive.begin({ identity, logType, origin, from, to })
  const wait = waits.open(identity, record.requestId)
  try {
    const { retries, retryInterval } = options
    const outcome = await session.callChargePoint(
      'GetLog',
      {
        logType,
        requestId: record.requestId,
        ...(retries === undefined ? {} : { retries }),
        ...(retryInterval === undefined ? {} : { retryInterval }),
        log: {
          remoteLocation: location ?? uploadLocation(url ?? '', token),
          ...(from === null ? {} : { oldestTimestamp: new Date(from).toISOString() }),
          ...(to === null ? {} : { latestTimestamp: new Date(to).toISOString() }),
        },
      },
      callOptions(deps, operation),
    )
    return await answered(deps, operation, options, record, outcome, wait.final)
  } finally {
    wait.close()
  }
}

async function answered(
  deps: Deps,
  operation: Operation,
  options: GetLogOptions,
  record: LogRecord,
  outcome: Parameters<typeof readGetLogAnswer>[0],
  final: Promise<LogStatus>,
): Promise<OperationOutcome> {
  const { archive, clock } = deps
  const { identity, requestId } = record
  const answer = readGetLogAnswer(outcome)
  switch (answer.kind) {
    case 'rejected':
      await archive?.note(identity, requestId, { answer: 'Rejected' })
      return failure('refused', 'it answered Rejected: it has no such log, or uploads none')
    case 'unknown':
      return failure('no_answer', `${answer.detail}; its upload is taken if it comes`)
    case 'failed': {
      // Without an answer it may upload all the same.
      if (answer.code !== 'no_answer') await archive?.note(identity, requestId, { answer: 'failed' })
      return failure(answer.code, answer.detail)
    }
    case 'accepted': {
      const { fileName, isCanceling } = answer
      const status = isCanceling ? 'AcceptedCanceled' : 'Accepted'
      await archive?.note(identity, requestId, { answer: status, fileName })
      if (isCanceling) await endSuperseded(deps, record, operation.session)
      const said = `it answered ${status} to request ${requestId}`
      if (options.wait === false) return { ok: true, detail: `${said}; the upload is to come` }
      const { deadline, signal } = operation
      // What came before the answer was noted counts as well.
      const last = await Promise.race([final, clock.wait(deadline.left(), signal).then(() => null)])
      return ended(deps, operation, record, last, options)
    }
    default:
      return answer satisfies never
  }
}

/** What is here, and what it has reported of it, together. */
async function ended(
  { archive }: Deps,
  operation: Operation,
  { identity, requestId }: LogRecord,
  last: LogStatus | null,
  { location }: GetLogOptions,
): Promise<OperationOutcome> {
  const upload = (await archive?.find(identity, requestId))?.upload ?? null
  const here = upload === null ? null : `${upload.bytes} bytes are here as request ${requestId}`
  if (last === 'Uploaded' && location !== undefined)
    return {
      ok: true,
      detail: `it reported Uploaded for request ${requestId}, to the place that it was given`,
    }
  if (last === 'Uploaded') {
    return here === null
      ? failure(
          'not_verified',
          `it reported Uploaded, and nothing has come to the URL of request ${requestId}`,
        )
      : { ok: true, detail: `it has uploaded its log: ${here}` }
  }
  if (last !== null) {
    const although = here === null ? '' : `, although ${here}`
    return failure('upload_failed', `it reported ${last} for request ${requestId}${although}`)
  }
  if (here !== null) return { ok: true, detail: `${here}; it has not reported that it is done` }
  const detail = `it accepted request ${requestId}, and has not uploaded yet; what comes later is kept`
  return endOfWait(operation, 'upload_pending', detail)
}
