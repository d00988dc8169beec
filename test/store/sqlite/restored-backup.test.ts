import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { rejection } from '../contract/rejections.ts'
import { reported } from '../contract/security-events.ts'

const guide = join(import.meta.dirname, '../../../docs/operations/disaster-recovery.md')

/** What the guide tells to do with a backup before it is used. */
function statementOfTheGuide(): string {
  const match = /sqlite3 data\/proxy\.db "(BEGIN;.*?COMMIT;)"/s.exec(readFileSync(guide, 'utf8'))
  return match?.[1] ?? assert.fail('the guide has no such statement')
}

test('[A04.FR.03] behind a restored backup no id is given twice, and whoever was done goes on with what is new', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-restored-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [path, backup] = [join(folder, 'proxy.db'), join(folder, 'backup.db')]
  const event = (number: number) => reported({ identity: `CP${number}` })
  const store = openSqliteStore(path)
  await store.events.append([event(1), event(2)])
  await store.rejections.append([rejection()])
  await store.events.setCursor('sink/done', await store.events.lastId())
  await store.events.setCursor('sink/behind', 1)
  await store.close()
  copyFileSync(path, backup)
  // What is lost: a receiver has seen its ids.
  const lost = openSqliteStore(path)
  await lost.events.append([event(3), event(4)])
  await lost.rejections.append([rejection({ port: 2 })])
  const [seen, refused] = [await lost.events.lastId(), (await lost.rejections.list({ limit: 1 }))[0]?.id ?? 0]
  await lost.close()

  const connection = new DatabaseSync(backup)
  connection.exec(statementOfTheGuide())
  connection.close()
  const restored = openSqliteStore(backup)
  t.after(() => restored.close())
  const last = await restored.events.lastId()
  assert.ok(last > seen)
  assert.equal(await restored.events.cursor('sink/done'), last, 'nothing of the gap counts as lost')
  assert.equal(await restored.events.cursor('sink/behind'), 1, 'it gets what it had still to get')
  await restored.events.append([event(5)])
  await restored.rejections.append([rejection({ port: 3 })])
  const identities = async (afterId: number) =>
    (await restored.events.list({ afterId, limit: 9 })).map(({ identity }) => identity)
  assert.deepEqual(await identities(seen), ['CP5'], 'who goes on behind what it saw misses nothing')
  assert.deepEqual(await identities(1), ['CP2', 'CP5'])
  assert.deepEqual(
    (await restored.rejections.list({ afterId: refused, limit: 9 })).map(({ port }) => port),
    [3],
  )
})
