import { hashKey } from '../../gate/credentials/hash.ts'
import type { ChargePointPatch } from '../../store/store.ts'
import type { Shell } from '../shell.ts'
import type { ImportRow } from './rows.ts'

/** As many as the thread pool has places. */
const workers = 4
const progressMs = 2000

/** Hashes the passwords of an import, some at a time, and tells how far it is when that takes long. */
export async function hashPasswords(
  rows: readonly ImportRow[],
  shell: Shell,
): Promise<{ identity: string; fields: ChargePointPatch }[]> {
  const entries = rows.map(({ identity, fields }) => ({ identity, fields }))
  // One iterator for all workers: each takes the next row.
  const pending = rows.entries()
  let done = 0
  let toldAt = shell.now()

  async function work(): Promise<void> {
    for (const [index, { identity, fields, password }] of pending) {
      if (password === null) continue
      const credential = await hashKey(password.key, password.isText)
      entries[index] = { identity, fields: { ...fields, credential } }
      done += 1
      if (shell.now() - toldAt < progressMs) continue
      toldAt = shell.now()
      shell.err(`${done} passwords hashed, ${rows.length} charge points in all\n`)
    }
  }

  await Promise.all(Array.from({ length: workers }, work))
  return entries
}
