import type { Changes } from '../shared.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import type { Revisions } from './transaction.ts'

const pageSize = 1000

/** What changed after a revision, read some at a time. */
export async function changesAfter(
  connection: RedisConnection,
  { counter, members, floor }: Revisions,
  revision: number | null,
): Promise<Changes> {
  if (revision === null) {
    const present = await connection.run((client) => client.get(counter))
    return { revision: Number(present ?? 0), names: null }
  }
  const names: string[] = []
  for (let after = revision; ; ) {
    const [present, whole, flat] = await read(connection, [counter, members, floor], after)
    if (whole !== 1) return { revision: present, names: null }
    for (let at = 0; at < flat.length; at += 2) names.push(flat[at] ?? '')
    if (flat.length < 2 * pageSize) return { revision: present, names }
    after = Number(flat.at(-1))
  }
}

async function read(
  connection: RedisConnection,
  keys: readonly string[],
  after: number,
): Promise<readonly [present: number, whole: unknown, flat: readonly string[]]> {
  const result = await connection.script('ospRevised', keys, after, pageSize)
  const [present, whole, flat] = Array.isArray(result) ? (result as unknown[]) : []
  if (!Array.isArray(flat) || !Number.isSafeInteger(Number(present))) throw corrupt('changes')
  return [Number(present), whole, flat]
}
