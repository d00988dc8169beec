import type { SecurityProfile } from '../../policy/facts.ts'
import { type ReasonCode, stages } from '../../policy/reasons.ts'
import { minuteOf } from '../../policy/rejection-minute.ts'
import { boundedRejection } from '../rejection-bounds.ts'
import type { NewRejection, RejectionLog, RejectionQuery, RejectionRecord } from '../store.ts'
import type { Database } from './database.ts'
import { pruneLog } from './prune.ts'
import { integer, oneOf, parseJson, type Row, text, textOrNull } from './rows.ts'

const profiles: readonly SecurityProfile[] = [0, 1, 2, 3]
const modes = ['enforce', 'report'] as const

/** A row of the same minute counts on, and keeps its id; a cursor that has passed it stays right. */
const insert = `
  INSERT INTO rejections
    (at, reason, stage, mode, event, listener, profile, address, port, identity, detail, facts, count, minute)
  VALUES
    (:at, :reason, :stage, :mode, :event, :listener, :profile, :address, :port, :identity, :detail, :facts,
     :count, :minute)
  ON CONFLICT (minute, address, listener, reason, mode, detail) WHERE minute IS NOT NULL DO UPDATE SET
    at = max(at, excluded.at), count = count + excluded.count`

export function sqliteRejections(db: Database): RejectionLog {
  return {
    append: (records) =>
      db.write('power-loss', () => {
        for (const record of records) db.statement(insert).run(toValues(record))
      }),

    list: async (query) => db.read(() => listPage(db, query)),

    summary: async (since) =>
      db.read(() =>
        db
          .statement(
            `SELECT reason, mode, sum(count) AS total, max(at) AS last_at FROM rejections
             WHERE at >= ? GROUP BY reason, mode ORDER BY total DESC, reason, mode`,
          )
          .all(since)
          .map((row) => ({
            reason: toReason(row),
            mode: text(row, 'mode'),
            count: integer(row, 'total'),
            lastAt: integer(row, 'last_at'),
          })),
      ),

    prune: (before, keep) => pruneLog(db, 'rejections', before, keep),
  }
}

function listPage(db: Database, query: RejectionQuery): RejectionRecord[] {
  const conditions = ['id > :afterId']
  const values: Record<string, string | number> = {
    afterId: query.afterId ?? 0,
    limit: Math.max(0, query.limit),
  }
  for (const column of ['identity', 'address', 'reason'] as const) {
    const wanted = query[column]
    if (wanted === undefined) continue
    conditions.push(`${column} = :${column}`)
    values[column] = wanted
  }
  if (query.since !== undefined) {
    conditions.push('at >= :since')
    values.since = query.since
  }
  const order = query.afterId === undefined ? 'DESC' : 'ASC'
  const sql = `SELECT * FROM rejections WHERE ${conditions.join(' AND ')} ORDER BY id ${order} LIMIT :limit`
  return db.statement(sql).all(values).map(toRecord)
}

function toValues(record: NewRejection): Record<string, string | number | null> {
  const bounded = boundedRejection(record)
  const { at, reason, stage, mode, event, listener, profile, address, port, identity, detail } = bounded
  const { count = 1 } = bounded
  const facts = JSON.stringify(bounded.facts)
  const minute = minuteOf(record)
  return {
    at,
    reason,
    stage,
    mode,
    event,
    listener,
    profile,
    address,
    port,
    identity,
    detail,
    facts,
    count,
    minute,
  }
}

function toRecord(row: Row): RejectionRecord {
  const facts = parseJson(row, 'facts')
  return {
    id: integer(row, 'id'),
    at: integer(row, 'at'),
    count: integer(row, 'count'),
    reason: toReason(row),
    stage: oneOf(stages, text(row, 'stage'), 'stage') ?? 'tcp',
    mode: oneOf(modes, text(row, 'mode'), 'mode') ?? 'enforce',
    event: textOrNull(row, 'event'),
    listener: text(row, 'listener'),
    profile: oneOf(profiles, integer(row, 'profile'), 'profile') ?? 0,
    address: text(row, 'address'),
    port: integer(row, 'port'),
    identity: textOrNull(row, 'identity'),
    detail: text(row, 'detail'),
    facts: typeof facts === 'object' && facts !== null ? { ...facts } : {},
  }
}

/** A code of a newer version is shown as it is: codes are never renamed, only added. */
function toReason(row: Row): ReasonCode {
  return text(row, 'reason') as ReasonCode
}
