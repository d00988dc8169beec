import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from './database.ts'
import { integer } from './rows.ts'

/** Records removed in one transaction: the event loop waits for each. */
const pruneBatch = 5000

/** The logs, which have an `id` and a time `at`. */
type LogTable = 'rejections' | 'security_events'

/**
 * Removes what is older than `before`, and the oldest above `keep`, some at a time. Returns how many
 * went. What is lost with the power is removed again the next time.
 */
export async function pruneLog(db: Database, table: LogTable, before: number, keep: number): Promise<number> {
  const old = await removeInBatches(
    db,
    `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE at < ? LIMIT ?)`,
    before,
  )
  const row = db.read(() =>
    db.statement(`SELECT id FROM ${table} ORDER BY id DESC LIMIT 1 OFFSET ?`).get(Math.max(0, keep)),
  )
  if (row === undefined) return old
  const surplus = await removeInBatches(
    db,
    `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE id <= ? LIMIT ?)`,
    integer(row, 'id'),
  )
  return old + surplus
}

async function removeInBatches(db: Database, sql: string, bound: number): Promise<number> {
  let removed = 0
  for (;;) {
    const changes = await db.write('process', () => Number(db.statement(sql).run(bound, pruneBatch).changes))
    removed += changes
    if (changes < pruneBatch) return removed
    await nextTurn()
  }
}
