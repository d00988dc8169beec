import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSealedPasswords } from '../../../src/store/sqlite/sealed-passwords.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'

test('sealed passwords are read beside a proxy that runs, and without one; nothing is left by it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp #sealed? '))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'proxy.db')
  assert.deepEqual(readSealedPasswords(path), [])
  assert.deepEqual(readdirSync(folder), [], 'no file is made')
  const store = openSqliteStore(path)
  await store.registry.add('CP1', { upstreamSecret: 'v2.sealed' })
  await store.registry.add('CP2', {})
  const expected = [{ identity: 'CP1', sealed: 'v2.sealed' }]
  assert.deepEqual(readSealedPasswords(path), expected, 'it may be in the -wal file still')
  await store.close()
  assert.deepEqual(readSealedPasswords(path), expected)
  assert.deepEqual(readdirSync(folder), ['proxy.db'])
})
