import { randomUUID } from 'node:crypto'
import type { ReasonCode } from '../../policy/reasons.ts'
import { minuteOf } from '../../policy/rejection-minute.ts'
import { boundedRejection } from '../rejection-bounds.ts'
import type { NewRejection, RejectionCount, RejectionLog, RejectionQuery, RejectionRecord } from '../store.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { parseObject } from './json.ts'
import type { KeyOf } from './keys.ts'
import { type Entry, type NewEntry, redisLog } from './log.ts'

/** The fields that an index leads to, the one that leaves the fewest records first. */
const indexed = ['identity', 'address', 'reason'] as const

export function redisRejections(connection: RedisConnection, key: KeyOf): RejectionLog {
  const log = redisLog(connection, key, (text) => placeOf(parse(text)))
  const writer = randomUUID()

  return {
    async append(records, number) {
      await log.append(records.map(entryOf), number === undefined ? undefined : { writer, number })
    },

    async list(query) {
      const first = indexed.find((name) => query[name] !== undefined)
      const index = first === undefined ? null : `${first}:${query[first]}`
      const entries = await log.list({ ...query, index }, (entry) => fits(recordOf(entry), query), atOf)
      return entries.map(recordOf)
    },

    async summary(since) {
      const counts = new Map<string, { count: number; lastAt: number }>()
      for await (const page of log.times(since)) {
        const grown = await log.grown(page.filter(([, note]) => note.endsWith(' m')).map(([id]) => id))
        let place = 0
        for (const [, note, at] of page) {
          const [, reason = '', mode = '', isMinute] = note.split(' ')
          const count = isMinute === undefined ? 1 : (grown[place++]?.count ?? 1)
          const known = counts.get(`${reason} ${mode}`) ?? { count: 0, lastAt: 0 }
          const lastAt = Math.max(known.lastAt, at)
          counts.set(`${reason} ${mode}`, { count: known.count + count, lastAt })
        }
      }
      return [...counts].map(([name, figures]) => countOf(name, figures)).sort(byCount)
    },

    prune: (before, keep) => log.prune(before, keep),
  }
}

function countOf(name: string, figures: { count: number; lastAt: number }): RejectionCount {
  const [reason = '', mode = ''] = name.split(' ')
  // A code of a newer version is shown as it is: codes are never renamed, only added.
  return { reason: reason as ReasonCode, mode, ...figures }
}

function byCount(a: RejectionCount, b: RejectionCount): number {
  return b.count - a.count || compare(a.reason, b.reason) || compare(a.mode, b.mode)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function entryOf(record: NewRejection): NewEntry {
  const { count = 1, ...kept } = boundedRejection(record)
  const place = placeOf(kept)
  const isCounted = place.unique !== null
  return { text: JSON.stringify(kept), at: kept.at, count: isCounted ? count : null, ...place }
}

type Kept = Omit<NewRejection, 'count'>

/** A record of the same minute counts on, and keeps its id; a cursor that has passed it stays right. */
function placeOf(record: Kept): Pick<NewEntry, 'note' | 'unique' | 'indexes'> {
  const { address, listener, reason, mode, detail, identity } = record
  const minute = minuteOf(record)
  const unique = minute === null ? null : JSON.stringify([minute, address, listener, reason, mode, detail])
  const indexes = [`address:${address}`, `reason:${reason}`]
  if (identity !== null) indexes.push(`identity:${identity}`)
  return { note: ` ${reason} ${mode}${minute === null ? '' : ' m'}`, unique, indexes }
}

function fits(record: RejectionRecord, query: RejectionQuery): boolean {
  return indexed.every((name) => query[name] === undefined || query[name] === record[name])
}

function atOf(entry: Entry): number {
  return entry.grown?.at ?? parse(entry.text).at
}

function recordOf({ id, text, grown }: Entry): RejectionRecord {
  const record = parse(text)
  return { ...record, id, at: grown?.at ?? record.at, count: grown?.count ?? 1 }
}

/** Written by us; what is missing would be damage. Throws ProxyError `store_corrupt`. */
function parse(text: string): Kept {
  const value = parseObject(text, 'a rejection')
  const { at, reason, stage, mode, listener, address, facts } = value
  const texts = [reason, stage, mode, listener, address]
  if (typeof at !== 'number' || typeof facts !== 'object' || texts.some((one) => typeof one !== 'string')) {
    throw corrupt('a rejection')
  }
  return value as unknown as Kept
}
