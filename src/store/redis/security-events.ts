import { boundedEvent, repetitionKey } from '../event-key.ts'
import type { NewSecurityEvent, SecurityEventLog, SecurityEventQuery, SecurityEventRecord } from '../store.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { parseObject } from './json.ts'
import type { KeyOf } from './keys.ts'
import { type Entry, type NewEntry, redisLog } from './log.ts'

/** The fields that an index leads to, the one that leaves the fewest records first. */
const indexed = ['identity', 'type', 'origin'] as const

export function redisSecurityEvents(connection: RedisConnection, key: KeyOf): SecurityEventLog {
  const log = redisLog(connection, key, (text) => placeOf(parse(text)))
  const cursors = key('cursors')

  return {
    append: (events) => log.append(events.map(entryOf)),

    async list(query) {
      const first = indexed.find((name) => query[name] !== undefined)
      const index = first === undefined ? null : `${first}:${query[first]}`
      const entries = await log.list({ ...query, index }, (entry) => fits(recordOf(entry), query), atOf)
      return entries.map(recordOf)
    },

    lastId: () => log.lastId(),

    countAfter: (id, identity) => log.countAfter(id, identity === undefined ? null : `identity:${identity}`),

    async cursor(reader) {
      const text = await connection.run((client) => client.hget(cursors, reader))
      return text === null ? null : Number(text)
    },

    async setCursor(reader, id) {
      await connection.script('ospRaise', [cursors], reader, id)
    },

    prune: (before, keep) => log.prune(before, keep),
  }
}

function entryOf(event: NewSecurityEvent): NewEntry {
  const kept = boundedEvent(event)
  return { text: JSON.stringify(kept), at: kept.at, count: null, ...placeOf(kept) }
}

/** A04.FR.02: a charge point repeats what was not confirmed, and so does the proxy; it is here already then. */
function placeOf(event: NewSecurityEvent): Pick<NewEntry, 'note' | 'unique' | 'indexes'> {
  const repetition = repetitionKey(event)
  const { origin, type, identity } = event
  const retry = event.retryKey === undefined ? null : `retry ${event.retryKey}`
  const indexes = [`origin:${origin}`, `type:${type}`]
  if (identity !== null) indexes.push(`identity:${identity}`)
  const unique = repetition === null ? retry : Buffer.from(repetition).toString('base64')
  return { note: '', unique, indexes: indexes.map((name) => name.toWellFormed()) }
}

function fits(record: SecurityEventRecord, query: SecurityEventQuery): boolean {
  return indexed.every((name) => query[name] === undefined || query[name] === record[name])
}

function atOf(entry: Entry): number {
  return parse(entry.text).at
}

function recordOf({ id, text }: Entry): SecurityEventRecord {
  const { retryKey: _, ...event } = parse(text)
  return { ...event, id }
}

/** Written by us; what is missing would be damage. Throws ProxyError `store_corrupt`. */
function parse(text: string): NewSecurityEvent {
  const value = parseObject(text, 'a security event')
  const { at, origin, type, timestamp } = value
  if (typeof at !== 'number' || typeof type !== 'string' || typeof timestamp !== 'string') {
    throw corrupt('a security event')
  }
  if (origin !== 'charge-point' && origin !== 'proxy') throw corrupt('a security event')
  return value as unknown as NewSecurityEvent
}
