import type { SQLInputValue } from 'node:sqlite'
import type { ReasonCode } from '../../policy/reasons.ts'
import { boundedEvent, repetitionKey } from '../event-key.ts'
import type { NewSecurityEvent, SecurityEventLog, SecurityEventQuery, SecurityEventRecord } from '../store.ts'
import type { Database } from './database.ts'
import { pruneLog } from './prune.ts'
import { integer, oneOf, type Row, text, textOrNull } from './rows.ts'

const origins: readonly SecurityEventRecord['origin'][] = ['charge-point', 'proxy']

/**
 * A04.FR.02: a charge point repeats what was not confirmed; it is here already then. Looked for first,
 * because a conflict would use up an id, and `lastId` would be one that nobody has.
 */
const insert = `
  INSERT INTO security_events
    (at, origin, type, identity, timestamp, tech_info, reason, listener, address, repetition)
  SELECT
    :at, :origin, :type, :identity, :timestamp, :techInfo, :reason, :listener, :address, :repetition
  WHERE NOT EXISTS (SELECT 1 FROM security_events WHERE repetition = :repetition)`

const setCursor = `
  INSERT INTO event_cursors (reader, id) VALUES (?, ?)
  ON CONFLICT (reader) DO UPDATE SET id = max(id, excluded.id)`

export function sqliteSecurityEvents(db: Database): SecurityEventLog {
  return {
    append: (events) =>
      db.write('power-loss', () => {
        let added = 0
        for (const event of events) added += Number(db.statement(insert).run(toValues(event)).changes)
        return added
      }),

    list: async (query) => db.read(() => listPage(db, query)),

    // AUTOINCREMENT remembers it, also when the newest records are gone.
    lastId: async () =>
      db.read(() => {
        const row = db.statement("SELECT seq FROM sqlite_sequence WHERE name = 'security_events'").get()
        return row === undefined ? 0 : integer(row, 'seq')
      }),

    countAfter: async (id, identity) =>
      db.read(() => {
        const row =
          identity === undefined
            ? db.statement(countAfter).get(id)
            : db.statement(`${countAfter} AND identity = ?`).get(id, identity)
        return row === undefined ? 0 : integer(row, 'total')
      }),

    cursor: async (reader) =>
      db.read(() => {
        const row = db.statement('SELECT id FROM event_cursors WHERE reader = ?').get(reader)
        return row === undefined ? null : integer(row, 'id')
      }),

    setCursor: (reader, id) =>
      db.write('power-loss', () => {
        db.statement(setCursor).run(reader, id)
      }),

    prune: (before, keep) => pruneLog(db, 'security_events', before, keep),
  }
}

const countAfter = 'SELECT count(*) AS total FROM security_events WHERE id > ?'

/** The columns that may be filtered, the one that leaves the fewest rows first. */
const filters = ['identity', 'type', 'origin'] as const

/**
 * The query as SQL. SQLite knows nothing of what the columns hold: a plus keeps it from using the
 * index of any but the best of them, and from sorting all that is newer than `since`.
 */
export function listSql(query: SecurityEventQuery): string {
  const given = filters.filter((column) => query[column] !== undefined)
  const conditions = ['id > :afterId']
  for (const column of given) {
    conditions.push(`${column === given[0] ? '' : '+'}${column} = :${column}`)
  }
  if (query.since !== undefined) conditions.push('+at >= :since')
  const order = query.afterId === undefined ? 'DESC' : 'ASC'
  return `SELECT * FROM security_events WHERE ${conditions.join(' AND ')} ORDER BY id ${order} LIMIT :limit`
}

function listPage(db: Database, query: SecurityEventQuery): SecurityEventRecord[] {
  const values: Record<string, SQLInputValue> = {
    afterId: query.afterId ?? 0,
    limit: Math.max(0, query.limit),
  }
  for (const name of [...filters, 'since'] as const) {
    const wanted = query[name]
    if (wanted !== undefined) values[name] = wanted
  }
  return db.statement(listSql(query)).all(values).map(toRecord)
}

function toValues(event: NewSecurityEvent): Record<string, SQLInputValue> {
  const { at, origin, type, identity, timestamp, techInfo, reason, listener, address } = boundedEvent(event)
  const repetition = repetitionKey({
    at,
    origin,
    type,
    identity,
    timestamp,
    techInfo,
    reason,
    listener,
    address,
  })
  return { at, origin, type, identity, timestamp, techInfo, reason, listener, address, repetition }
}

function toRecord(row: Row): SecurityEventRecord {
  return {
    id: integer(row, 'id'),
    at: integer(row, 'at'),
    origin: oneOf(origins, text(row, 'origin'), 'origin') ?? 'proxy',
    type: text(row, 'type'),
    identity: textOrNull(row, 'identity'),
    timestamp: text(row, 'timestamp'),
    techInfo: textOrNull(row, 'tech_info'),
    // A code of a newer version is shown as it is: codes are never renamed, only added.
    reason: textOrNull(row, 'reason') as ReasonCode | null,
    listener: textOrNull(row, 'listener'),
    address: textOrNull(row, 'address'),
  }
}
