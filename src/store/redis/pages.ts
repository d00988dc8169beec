import type { RedisConnection } from './client.ts'

const pageSize = 500

/** Texts of a hash by the members of its index, those that are gone left out. */
export async function textsOf(
  connection: RedisConnection,
  records: string,
  members: readonly string[],
): Promise<readonly string[]> {
  if (members.length === 0) return []
  const texts = await connection.run((client) => client.hmget(records, ...members))
  return texts.filter((text) => text !== null)
}

/** Where a table has its records, and the sorted set of their ids, all with score 0. */
export interface LexTable<Item> {
  readonly records: string
  readonly ids: string
  readonly parse: (text: string) => Item
}

/** Records after an id, in order of the bytes of their ids; filters look at all of them, some hundred at a time. */
export async function lexPage<Item>(
  connection: RedisConnection,
  { records, ids, parse }: LexTable<Item>,
  after: string | undefined,
  limit: number,
  fits: ((item: Item) => boolean) | null,
): Promise<readonly Item[]> {
  const found: Item[] = []
  let last = after
  while (found.length < limit) {
    const size = fits === null ? Math.min(pageSize, limit - found.length) : pageSize
    const from = last === undefined || last === '' ? '-' : `(${last}`
    const page = await connection.run((client) => client.zrangebylex(ids, from, '+', 'LIMIT', 0, size))
    for (const text of await textsOf(connection, records, page)) {
      const item = parse(text)
      if (found.length < limit && (fits === null || fits(item))) found.push(item)
    }
    last = page.at(-1)
    if (page.length < size) break
  }
  return found
}

/** Ids whose score is below a bound, until there are none: each batch is removed by `remove`, which says how many went. */
export async function pruneByScore(
  connection: RedisConnection,
  index: string,
  before: number,
  remove: (ids: readonly string[]) => Promise<number>,
): Promise<number> {
  let removed = 0
  for (;;) {
    const ids = await connection.run((client) =>
      client.zrangebyscore(index, '-inf', `(${before}`, 'LIMIT', 0, pageSize),
    )
    if (ids.length === 0) return removed
    removed += await remove(ids)
  }
}
