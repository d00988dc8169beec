import type { RedisConnection } from './client.ts'
import type { KeyOf } from './keys.ts'
import { transact } from './transaction.ts'

/** Records looked at in one round trip, and removed in one step: other commands wait for each step. */
const pageSize = 500
/** Records added in one step. */
const appendBatch = 500
/** Steps of one batch. */
const maxPages = 1000

/** A record before it has an id. */
export interface NewEntry {
  /** JSON. */
  readonly text: string
  readonly at: number
  /** Stands after the id in the index by time; without a digit at its beginning. */
  readonly note: string
  /** Another one with the same text here is the same record; null: it stands for itself. */
  readonly unique: string | null
  /** With `unique`: a repetition counts on by so many. null: it is left out. */
  readonly count: number | null
  /** Names of the indexes that it is found by. */
  readonly indexes: readonly string[]
}

export interface Entry {
  readonly id: number
  readonly text: string
  /** What repetitions made of it; null: there were none that count. */
  readonly grown: { readonly count: number; readonly at: number } | null
}

export interface LogQuery {
  /** Only in this index; null: all. */
  readonly index: string | null
  /** Greater ids, oldest first; left out: newest first. */
  readonly afterId?: number
  readonly since?: number
  readonly limit: number
}

/** What one process writes at once, which it writes again when it got no answer. */
export interface Batch {
  readonly writer: string
  /** Grows with each. */
  readonly number: number
}

/** What a record of the log says about its place; read again when it is removed. */
export type PlaceOf = (text: string) => Pick<NewEntry, 'note' | 'unique' | 'indexes'>

/** A log with ascending ids, read from cursors and pruned by age and number. */
export interface RedisLog {
  /** How many were new. A `batch` that is here already is left out, whatever it holds. */
  append(entries: readonly NewEntry[], batch?: Batch): Promise<number>
  /** Those that `keeps`, up to the limit. */
  list(query: LogQuery, keeps: (entry: Entry) => boolean, atOf: (entry: Entry) => number): Promise<Entry[]>
  lastId(): Promise<number>
  countAfter(id: number, index: string | null): Promise<number>
  /** [id, note, time] of every record since, some at a time. */
  times(since: number): AsyncIterable<readonly (readonly [id: string, note: string, at: number])[]>
  grown(ids: readonly string[]): Promise<readonly Entry['grown'][]>
  prune(before: number, keep: number): Promise<number>
}

export function redisLog(connection: RedisConnection, key: KeyOf, placeOf: PlaceOf): RedisLog {
  const names = {
    seq: key('seq'),
    records: key('records'),
    ids: key('ids'),
    at: key('at'),
    unique: key('unique'),
    grown: key('grown'),
  }
  const indexKey = (name: string | null) => (name === null ? names.ids : key('by', name))

  async function read(ids: readonly string[]): Promise<Entry[]> {
    if (ids.length === 0) return []
    const [texts, counts] = await Promise.all([
      connection.run((client) => client.hmget(names.records, ...ids)),
      grown(ids),
    ])
    return ids.flatMap((id, index) => {
      const text = texts[index] ?? null
      // Pruned between the two reads.
      return text === null ? [] : [{ id: Number(id), text, grown: counts[index] ?? null }]
    })
  }

  async function grown(ids: readonly string[]): Promise<readonly Entry['grown'][]> {
    if (ids.length === 0) return []
    const texts = await connection.run((client) => client.hmget(names.grown, ...ids))
    return texts.map((text) => {
      const match = /^(\d+) (\d+)$/.exec(text ?? '')
      return match === null ? null : { count: Number(match[1]), at: Number(match[2]) }
    })
  }

  function page(query: LogQuery, from: number | null): Promise<string[]> {
    const index = indexKey(query.index)
    if (query.afterId === undefined) {
      const below = from === null ? '+inf' : `(${from}`
      return connection.run((client) => client.zrevrangebyscore(index, below, '-inf', 'LIMIT', 0, pageSize))
    }
    const above = `(${from ?? query.afterId}`
    return connection.run((client) => client.zrangebyscore(index, above, '+inf', 'LIMIT', 0, pageSize))
  }

  async function remove(ids: readonly string[]): Promise<number> {
    return transact(connection, async (transaction) => {
      const texts = await transaction.getAll(names.records, ids)
      let removed = 0
      for (const [index, id] of ids.entries()) {
        const text = texts[index] ?? null
        transaction.score(names.ids, id, null)
        // Another replica prunes the same.
        if (text === null) continue
        removed += 1
        const { note, unique, indexes } = placeOf(text)
        transaction.set(names.records, id, null)
        transaction.set(names.grown, id, null)
        transaction.score(names.at, `${id}${note}`, null)
        if (unique !== null) transaction.set(names.unique, unique, null)
        for (const name of indexes) transaction.score(indexKey(name), id, null)
      }
      return removed
    })
  }

  async function removeEach(next: () => Promise<readonly string[]>): Promise<number> {
    let removed = 0
    for (;;) {
      const ids = await next()
      if (ids.length === 0) return removed
      removed += await remove(ids)
    }
  }

  return {
    grown,

    async append(entries, batch) {
      let added = 0
      for (let at = 0; at < entries.length; at += appendBatch) {
        const page = entries.slice(at, at + appendBatch)
        const indexes = [...new Set(page.flatMap((entry) => entry.indexes))]
        const { seq, records: texts, ids, at: times, unique: keys, grown: counts } = names
        const fixed = [seq, texts, ids, times, keys, counts, key('written', batch?.writer ?? '')]
        const records = page.map(({ text, at: time, note, unique, count, indexes: own }) => ({
          j: text,
          t: String(time),
          m: note,
          u: unique ?? false,
          n: count === null ? false : String(count),
          x: own.map((name) => fixed.length + 1 + indexes.indexOf(name)),
        }))
        // Each page is a step of its own: of a batch, some may be there.
        const number = batch === undefined ? '' : String(batch.number * maxPages + at / appendBatch)
        const all = [...fixed, ...indexes.map(indexKey)]
        added += Number(await connection.script('ospAppend', all, JSON.stringify(records), number))
      }
      return added
    },

    async list(query, keeps, atOf) {
      const found: Entry[] = []
      const { since, limit } = query
      // So many are there at all: when all of them were seen, older ones need not be looked at.
      const recent =
        since === undefined ? null : await connection.run((client) => client.zcount(names.at, since, '+inf'))
      let seen = 0
      let from: number | null = null
      while (found.length < limit && (recent === null || seen < recent)) {
        const ids = await page(query, from)
        for (const entry of await read(ids)) {
          const isRecent = since === undefined || atOf(entry) >= since
          if (isRecent) seen += 1
          if (isRecent && found.length < limit && keeps(entry)) found.push(entry)
        }
        if (ids.length < pageSize) break
        from = Number(ids.at(-1))
      }
      return found
    },

    lastId: async () => Number((await connection.run((client) => client.get(names.seq))) ?? 0),

    countAfter: (id, index) => connection.run((client) => client.zcount(indexKey(index), `(${id}`, '+inf')),

    async *times(since) {
      for (let offset = 0; ; offset += pageSize * 10) {
        const flat = await connection.run((client) =>
          client.zrangebyscore(names.at, since, '+inf', 'WITHSCORES', 'LIMIT', offset, pageSize * 10),
        )
        const rows: [string, string, number][] = []
        for (let at = 0; at + 1 < flat.length; at += 2) {
          const member = flat[at] ?? ''
          const id = /^\d+/.exec(member)?.[0] ?? ''
          rows.push([id, member.slice(id.length), Number(flat[at + 1])])
        }
        if (rows.length > 0) yield rows
        if (rows.length < pageSize * 10) return
      }
    },

    async prune(before, keep) {
      const old = await removeEach(async () => {
        const members = await connection.run((client) =>
          client.zrangebyscore(names.at, '-inf', `(${before}`, 'LIMIT', 0, pageSize),
        )
        return members.map((member) => /^\d+/.exec(member)?.[0] ?? member)
      })
      const surplus = await removeEach(async () => {
        const total = await connection.run((client) => client.zcard(names.ids))
        const over = Math.min(pageSize, total - Math.max(0, keep))
        return over <= 0 ? [] : connection.run((client) => client.zrange(names.ids, 0, `${over - 1}`))
      })
      return old + surplus
    },
  }
}
