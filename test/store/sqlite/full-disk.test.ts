import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import type { Store } from '../../../src/store/store.ts'

/** A store on a file system of two megabytes; null: this is for root on Linux. */
function storeOnSmallDisk(t: TestContext): { folder: string; store: Store } | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-disk-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]).status !== 0) {
    rmdirSync(folder)
    return null
  }
  const store = openSqliteStore(join(folder, 'proxy.db'))
  t.after(async () => {
    await store.close()
    spawnSync('umount', [folder])
    rmdirSync(folder)
  })
  return { folder, store }
}

test('[design 12] a full disk fails the check of the store, and room for it heals it', async (t) => {
  const small = storeOnSmallDisk(t)
  if (small === null) return t.skip('no small file system can be mounted')
  const { folder, store } = small
  const free = (await store.freeBytes?.()) ?? assert.fail('it is on a disk')
  assert.ok(free > 0 && free < 2 << 20)
  await store.check()
  assert.throws(() => writeFileSync(join(folder, 'other'), Buffer.alloc(2 << 20)), { code: 'ENOSPC' })
  assert.equal(await store.freeBytes?.(), 0)
  await assert.rejects(
    async () => {
      // What the write-ahead log has room for still, is written.
      for (let i = 0; i < 3; i++) await store.check()
    },
    { code: 'store_full' },
  )
  rmSync(join(folder, 'other'))
  await store.check()
})
