import { setTimeout as delay } from 'node:timers/promises'
import { ProxyError } from '../../policy/error.ts'
import type { RedisConnection } from './client.ts'

/** Attempts before whoever asks is told that too many write the same. */
const maxAttempts = 40
/** Fields of one read. */
const pageSize = 1000

/** Members in the order of their last change, by numbers of the store's own: no clock has a part in it. */
export interface Revisions {
  readonly counter: string
  /** Sorted set of members by the number of their last change. */
  readonly members: string
  /** What has a smaller number is forgotten. */
  readonly floor: string
  /** Members that are kept. */
  readonly bound: number
}

type Write = readonly [command: string, key: string, ...values: string[]]

/**
 * Reads of hashes and writes of anything that take effect together or not at all: when it is committed,
 * everything that was read must still be as it was read, or all of it runs again. All keys are of one
 * part of the store. It sees what it wrote to hashes itself.
 */
export class Transaction {
  readonly #connection: RedisConnection
  readonly #read = new Map<string, Map<string, string | null>>()
  readonly #written = new Map<string, Map<string, string | null>>()
  readonly #writes: Write[] = []
  readonly #sizes = new Map<string, number>()
  readonly #revised = new Map<Revisions, Set<string>>()

  constructor(connection: RedisConnection) {
    this.#connection = connection
  }

  async get(key: string, field: string): Promise<string | null> {
    const [value = null] = await this.getAll(key, [field])
    return value
  }

  /** In the order of `fields`. */
  async getAll(key: string, fields: readonly string[]): Promise<readonly (string | null)[]> {
    const known = mapAt(this.#read, key)
    const missing = [...new Set(fields.map(wellFormed))].filter((field) => !known.has(field))
    for (let at = 0; at < missing.length; at += pageSize) {
      const page = missing.slice(at, at + pageSize)
      const values = await this.#connection.run((client) => client.hmget(key, ...page))
      for (const [index, field] of page.entries()) known.set(field, values[index] ?? null)
    }
    const written = this.#written.get(key)
    return fields.map(wellFormed).map((field) => {
      const own = written?.get(field)
      return own === undefined ? (known.get(field) ?? null) : own
    })
  }

  /** null: the field goes. */
  set(key: string, field: string, value: string | null): void {
    mapAt(this.#written, key).set(wellFormed(field), value)
  }

  /** All members of a set that only grows, or is removed as a whole. */
  async members(key: string): Promise<readonly string[]> {
    const found = await this.#connection.run((client) => client.smembers(key))
    this.#sizes.set(key, found.length)
    return found
  }

  /** The member has changed now. */
  revise(revisions: Revisions, member: string): void {
    const members = this.#revised.get(revisions) ?? new Set()
    this.#revised.set(revisions, members.add(wellFormed(member)))
  }

  /** Member of a sorted set; null: it goes. */
  score(key: string, member: string, score: number | null): void {
    this.write(score === null ? ['ZREM', key, member] : ['ZADD', key, String(score), member])
  }

  /** Any other command; not seen by later reads. */
  write(write: Write): void {
    this.#writes.push(write)
  }

  /** Null: something has changed. Otherwise what the commands of `write` and `score` gave, in order. */
  async commit(): Promise<readonly unknown[] | null> {
    const keys: string[] = []
    const places = new Map<string, number>()
    const place = (key: string) => {
      const known = places.get(key)
      if (known !== undefined) return known
      places.set(key, keys.push(key))
      return keys.length
    }
    const operations = this.#writes.map(([command, key, ...values]) => [
      command,
      place(key),
      ...values.map(wellFormed),
    ])
    for (const [key, fields] of this.#written) {
      for (const [field, value] of fields) {
        operations.push(
          value === null ? ['HDEL', place(key), field] : ['HSET', place(key), field, wellFormed(value)],
        )
      }
    }
    const revised = [...this.#revised].map(([{ counter, members, floor, bound }, changed]) => [
      ...[counter, members, floor].map(place),
      bound,
      [...changed],
    ])
    if (operations.length + revised.length === 0) return []
    const checks = [...this.#read].flatMap(([key, fields]) =>
      [...fields].map(([field, value]) => [place(key), field, value ?? false]),
    )
    const sizes = [...this.#sizes].map(([key, size]) => [place(key), size])
    const result = await this.#connection.script(
      'ospCommit',
      keys,
      JSON.stringify({ c: checks, s: sizes, o: operations, v: revised }),
    )
    return Array.isArray(result) ? result.slice(0, this.#writes.length) : null
  }
}

/** Runs `body` until nobody came between its reads and its writes. Throws what `body` throws, and `store_busy`. */
export async function transact<Result>(
  connection: RedisConnection,
  body: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const transaction = new Transaction(connection)
    const result = await body(transaction)
    if ((await transaction.commit()) !== null) return result
    // Those who meet again and again must not stay in step.
    await delay(Math.random() * Math.min(5 * attempt, 50))
  }
  throw new ProxyError('store_busy', 'operator', 'store redis: too many change the same record at once')
}

/** The client writes a lone surrogate as U+FFFD (UTF-8 has none): what is compared has to be the same text. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}

function mapAt<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const known = maps.get(key)
  if (known !== undefined) return known
  const made = new Map<string, Value>()
  maps.set(key, made)
  return made
}
