import assert from 'node:assert/strict'
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { storeError } from '../../src/store/sqlite/errors.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { storeContract } from './contract.ts'

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'ocpp-store-'))
}

function folderOf(context: TestContext): string {
  const folder = makeFolder()
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

storeContract('sqlite', async () => {
  const folder = makeFolder()
  const clock = { at: 1_700_000_000_000 }
  const open = () => openSqliteStore(join(folder, 'proxy.db'), { now: () => clock.at })
  const store = open()
  const others: Store[] = []
  const again = async () => {
    const other = open()
    others.push(other)
    return other
  }
  const end = async () => {
    for (const one of [store, ...others]) await one.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { store, again, clock, end }
})

test('[A01.FR.08] the folder is made, and its files are for their owner only', async (context) => {
  const folder = join(folderOf(context), 'a', 'b')
  const store = openSqliteStore(join(folder, 'proxy.db'))
  await store.registry.add('CP1', {})
  const files = readdirSync(folder)
  assert.deepEqual(files.sort(), ['proxy.db', 'proxy.db-shm', 'proxy.db-wal'])
  for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o077, 0, file)
  assert.equal(statSync(folder).mode & 0o077, 0)
  await store.close()
})

test('what cannot be a store is refused in words, and left as it was', (context) => {
  const folder = folderOf(context)
  const text = join(folder, 'text.db')
  writeFileSync(text, 'certainly no database '.repeat(500))
  assert.throws(() => openSqliteStore(text), { name: 'ProxyError', code: 'store_foreign' })

  const foreign = join(folder, 'foreign.db')
  const other = new DatabaseSync(foreign)
  other.exec('CREATE TABLE theirs (a)')
  other.close()
  assert.throws(() => openSqliteStore(foreign), { code: 'store_foreign' })

  const newer = join(folder, 'newer.db')
  void openSqliteStore(newer).close()
  const future = new DatabaseSync(newer)
  future.exec('PRAGMA user_version = 999')
  future.close()
  assert.throws(() => openSqliteStore(newer), { code: 'store_too_new' })

  mkdirSync(join(folder, 'folder.db'))
  for (const path of [join(folder, 'folder.db'), join(text, 'below-a-file.db')]) {
    assert.throws(() => openSqliteStore(path), { code: 'store_cannot_open' })
  }
})

test('[CWE-20] a damaged store is told as damaged', async (context) => {
  const path = join(folderOf(context), 'proxy.db')
  const store = openSqliteStore(path)
  await store.registry.addAll(Array.from({ length: 5000 }, (_, i) => ({ identity: `CP${i}`, fields: {} })))
  await store.close()
  const overwrite = (from: (size: number) => number) => {
    const file = openSync(path, 'r+')
    const { size } = fstatSync(file)
    writeSync(file, Buffer.alloc(size - from(size), 0xa5), 0, undefined, from(size))
    closeSync(file)
  }
  overwrite((size) => size / 2)
  const damaged = openSqliteStore(path)
  await assert.rejects(damaged.registry.list({ limit: 9999 }), { name: 'ProxyError', code: 'store_corrupt' })
  await damaged.close()
  // All but the first page, which holds the header.
  overwrite(() => 4096)
  assert.throws(() => openSqliteStore(path), { name: 'ProxyError', code: 'store_corrupt' })
})

test('a full disk is told as a full disk', (context) => {
  const path = join(folderOf(context), 'small.db')
  const small = new DatabaseSync(path)
  context.after(() => small.close())
  small.exec('PRAGMA max_page_count = 4; CREATE TABLE t (a)')
  const fill = () => small.prepare('INSERT INTO t VALUES (zeroblob(100000))').run()
  assert.throws(
    () => {
      try {
        fill()
      } catch (error) {
        throw storeError(error, path)
      }
    },
    { name: 'ProxyError', code: 'store_full' },
  )
})

test('a store whose file was removed fails its check', async (context) => {
  const path = join(folderOf(context), 'proxy.db')
  const store = openSqliteStore(path)
  context.after(() => store.close())
  await store.check()
  rmSync(path)
  await assert.rejects(store.check(), { code: 'store_gone' })
})

test('several processes use one file; who finds it locked waits without blocking', async (context) => {
  const path = join(folderOf(context), 'proxy.db')
  const store = openSqliteStore(path)
  const second = openSqliteStore(path)
  const writer = new DatabaseSync(path)
  context.after(async () => {
    writer.close()
    await store.close()
    await second.close()
  })
  await store.registry.add('CP1', {})
  writer.exec('BEGIN IMMEDIATE')
  const waiting = second.registry.update('CP1', { serialNumber: 'S1' })
  assert.equal((await store.registry.get('CP1'))?.serialNumber, null, 'readers do not wait')
  await store.check()
  writer.exec('COMMIT')
  await waiting
  assert.equal((await store.registry.get('CP1'))?.serialNumber, 'S1')
})

test('[CWE-770] a store of many charge points opens at once and pages by index', async (context) => {
  const path = join(folderOf(context), 'proxy.db')
  const store = openSqliteStore(path)
  await store.registry.addAll(
    Array.from({ length: 20_000 }, (_, i) => ({
      identity: `CP${String(i).padStart(6, '0')}`,
      fields: { serialNumber: `S${i}` },
    })),
  )
  await store.close()
  const db = new DatabaseSync(path)
  context.after(() => db.close())
  const plan = (sql: string) => JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
  const paging = plan("SELECT * FROM charge_points WHERE identity > 'CP1' ORDER BY identity LIMIT 10")
  assert.match(paging, /SEARCH charge_points USING INDEX/)
  assert.doesNotMatch(paging, /TEMP B-TREE/)
  assert.match(plan("SELECT * FROM charge_points WHERE serial_number = 'S1'"), /charge_points_serial_number/)
  assert.match(
    plan("SELECT * FROM rejections WHERE id > 0 AND identity = 'a' ORDER BY id DESC LIMIT 5"),
    /rejections_identity/,
  )
  assert.match(
    plan("SELECT * FROM rejections WHERE id > 0 AND address = 'a' ORDER BY id DESC LIMIT 5"),
    /rejections_address/,
  )
  assert.match(plan('SELECT * FROM rejections WHERE at < 5 LIMIT 5'), /rejections_at/)
})
