import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { applicationId, migrations } from '../../../src/store/sqlite/schema.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { campaign } from '../contract/campaigns.ts'
import { hashOf, login, offer } from '../contract/credential-changes.ts'
import { rejection } from '../contract/rejections.ts'
import { reported } from '../contract/security-events.ts'
import { storePath } from './folder.ts'

/** As the first version left it: its tables, and a charge point, a key and two rejections. */
function makeFirstVersion(path: string): void {
  const db = new DatabaseSync(path)
  db.exec(migrations[0] ?? '')
  db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1`)
  db.prepare(
    `INSERT INTO charge_points (identity, serial_number, security_profile, legacy_tls, blocked, credential,
       upstream_secret, learned, created_at, updated_at)
     VALUES ('CP1', 'S1', 1, 1, 0, ?, 'v1.old', 0, 10, 20)`,
  ).run(JSON.stringify(hashOf(1)))
  db.exec(`
    INSERT INTO certificate_keys VALUES ('k1', 'CP1', 'c1', 'CN=S1', 1, 2, 3);
    INSERT INTO rejections (at, reason, stage, mode, event, listener, profile, address, port, identity, detail, facts)
    VALUES (1000, 'rate_limited', 'tcp', 'enforce', NULL, 'a', 1, '192.0.2.1', 1, NULL, 'over', '{}'),
           (1001, 'rate_limited', 'tcp', 'enforce', NULL, 'a', 1, '192.0.2.1', 2, NULL, 'over', '{}')`)
  db.close()
}

const schemaOf = (path: string) => {
  const db = new DatabaseSync(path)
  const columns = db
    .prepare(
      `SELECT t.name AS tbl, c.name, c.type, c."notnull", c.dflt_value, c.pk
       FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' ORDER BY 1, c.cid`,
    )
    .all()
  const others = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type <> 'table' ORDER BY name").all()
  const version = db.prepare('PRAGMA user_version').get()
  db.close()
  return { columns, others, version }
}

test('a store of the first version opens with all that it held, and can do everything', async (context) => {
  const path = storePath(context)
  makeFirstVersion(path)
  const store = openSqliteStore(path)
  context.after(() => store.close())
  const record = await store.registry.get('CP1')
  assert.partialDeepStrictEqual(record, {
    serialNumber: 'S1',
    securityProfile: 1,
    legacyTls: true,
    migrating: false,
    credential: hashOf(1),
    credentialChange: null,
    upstreamSecret: 'v1.old',
    createdAt: 10,
    updatedAt: 20,
  })
  assert.equal(await store.registry.keyOwner('k1'), 'CP1')
  const old = await store.rejections.list({ limit: 9 })
  assert.deepEqual(
    old.map(({ count, port }) => [count, port]),
    [
      [1, 2],
      [1, 1],
    ],
  )
  assert.equal((await store.rejections.summary(0))[0]?.count, 2)

  await store.registry.beginCredentialChange('CP1', offer(2), 30)
  await store.registry.recordSuccess('CP1', login('next'))
  assert.deepEqual((await store.registry.get('CP1'))?.credential, hashOf(2))
  await store.rejections.append([rejection({ stage: 'tcp', identity: null, count: 3 })])
  assert.equal(await store.events.append([reported()]), 1)
  await store.campaigns.create(campaign('one'), ['CP1'])
  assert.equal((await store.campaigns.counts('one')).waiting, 1)
})

test('a store that was brought up to date is like a new one', async (context) => {
  const [old, made] = [storePath(context), storePath(context)]
  makeFirstVersion(old)
  for (const path of [old, made]) await openSqliteStore(path).close()
  assert.deepEqual(schemaOf(old), schemaOf(made))
})

test('two processes that bring it up to date at once do it once', async (context) => {
  const path = storePath(context)
  makeFirstVersion(path)
  const first = openSqliteStore(path)
  const second = openSqliteStore(path)
  await first.registry.update('CP1', { migrating: true })
  assert.equal((await second.registry.get('CP1'))?.migrating, true)
  await first.close()
  await second.close()
})
