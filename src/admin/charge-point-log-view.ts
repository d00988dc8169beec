import { type Static, Type } from 'typebox'
import { logStatuses, logTypes } from '../policy/charge-point-log.ts'
import type { LogRecord } from '../store/store.ts'
import { iso, isoOrNull, nullableObject, nullableText, nullableTime, oneOf, time } from './schemas.ts'

/** Logs of charge points as the API shows them. */

export const chargePointLogSchema = Type.Object({
  id: Type.String({ description: 'Names the log in the path of its content.' }),
  requestId: Type.Integer({ description: 'Of GetLog, and of the statuses that belong to it.' }),
  logType: oneOf(logTypes),
  origin: oneOf(['operator', 'campaign', 'central-system'], {
    description: 'central-system: its GetDiagnostics, translated; the log went where it said.',
  }),
  requestedAt: time(),
  from: nullableTime(),
  to: nullableTime(),
  answer: nullableText({ description: 'Accepted, AcceptedCanceled, Rejected, failed; null: none so far.' }),
  fileName: nullableText({ description: 'As the charge point calls it.' }),
  status: nullableText({ description: `The last one that it reported: ${logStatuses.join(', ')}.` }),
  statusAt: nullableTime(),
  upload: nullableObject(
    Type.Object({
      bytes: Type.Integer(),
      sha256: Type.String(),
      receivedAt: time(),
      contentType: nullableText({ description: 'As it was sent with it.' }),
    }),
  ),
})

export function chargePointLogView(record: LogRecord): Static<typeof chargePointLogSchema> {
  const { id, requestId, logType, origin, answer, fileName, status, upload } = record
  return {
    ...{ id, requestId, logType, origin, answer, fileName, status },
    requestedAt: iso(record.requestedAt),
    from: isoOrNull(record.from),
    to: isoOrNull(record.to),
    statusAt: isoOrNull(record.statusAt),
    upload: upload === null ? null : { ...upload, receivedAt: iso(upload.receivedAt) },
  }
}
