import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { countsSql, dueSql, itemsSql } from '../../../src/store/sqlite/campaign-items.ts'
import { expiringSql } from '../../../src/store/sqlite/keys.ts'
import { listSql } from '../../../src/store/sqlite/security-events.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { campaign } from '../contract/campaigns.ts'
import { hashOf } from '../contract/credential-changes.ts'
import { reported } from '../contract/security-events.ts'
import { storePath } from './folder.ts'

function planner(path: string): (sql: string) => string {
  const db = new DatabaseSync(path)
  return (sql) => {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
    return plan.map((row) => String(row.detail)).join('; ')
  }
}

test('[CWE-770] 100,000 events are listed, counted and pruned by index', async (context) => {
  const path = storePath(context)
  const store = openSqliteStore(path)
  context.after(() => store.close())
  const total = 100_000
  const events = Array.from({ length: total }, (_, i) =>
    reported({ at: i, identity: `CP${i % 1000}`, type: i % 2 ? 'A' : 'B', techInfo: `event ${i}` }),
  )
  assert.equal(await store.events.append(events), total)
  assert.equal(await store.events.append(events.slice(-500)), 0)
  assert.equal(await store.events.countAfter(0), total)
  assert.equal(await store.events.countAfter(0, 'CP7'), 100)
  assert.equal(
    (await store.events.list({ identity: 'CP7', type: 'A', since: 50_000, limit: 999 })).length,
    50,
  )
  assert.equal((await store.events.list({ afterId: 99_990, limit: 999 })).length, 10)

  const plan = planner(path)
  const listed = (query: Parameters<typeof listSql>[0]) => plan(listSql(query))
  const plans: readonly [plan: string, how: RegExp][] = [
    [listed({ limit: 1 }), /SEARCH security_events USING INTEGER PRIMARY KEY/],
    [listed({ limit: 1, afterId: 5 }), /SEARCH security_events USING INTEGER PRIMARY KEY/],
    [listed({ limit: 1, since: 5 }), /SEARCH security_events USING INTEGER PRIMARY KEY/],
    [
      listed({ limit: 1, identity: 'a' }),
      /USING INDEX security_events_identity \(identity=\? AND rowid>\?\)/,
    ],
    [listed({ limit: 1, type: 'a' }), /USING INDEX security_events_type \(type=\? AND rowid>\?\)/],
    [listed({ limit: 1, origin: 'proxy', since: 5 }), /USING INDEX security_events_origin/],
    [
      listed({ limit: 1, identity: 'a', type: 'b', origin: 'proxy', since: 5 }),
      /INDEX security_events_identity/,
    ],
    [listed({ limit: 1, type: 'b', origin: 'proxy', since: 5, afterId: 3 }), /INDEX security_events_type/],
    [plan('SELECT count(*) FROM security_events WHERE id > 5'), /INTEGER PRIMARY KEY \(rowid>\?\)/],
    [
      plan("SELECT count(*) FROM security_events WHERE id > 5 AND identity = 'a'"),
      /COVERING INDEX security_events_identity \(identity=\? AND rowid>\?\)/,
    ],
    [plan('SELECT id FROM security_events WHERE at < 5 LIMIT 5'), /COVERING INDEX security_events_at/],
    [plan('SELECT id FROM security_events WHERE id <= 5 LIMIT 5'), /INTEGER PRIMARY KEY/],
  ]
  for (const [steps, how] of plans) {
    assert.match(steps, how)
    assert.doesNotMatch(steps, /TEMP B-TREE|SCAN/, steps)
  }
  assert.equal(await store.events.prune(40_000, total), 40_000)
  assert.equal(await store.events.prune(0, 10), 59_990)
  assert.equal(await store.events.countAfter(0), 10)
  assert.equal(await store.events.lastId(), total)
})

test('[CWE-770] a campaign over 100,000 charge points finds what is due by index', async (context) => {
  const path = storePath(context)
  const store = openSqliteStore(path)
  context.after(() => store.close())
  const identities = Array.from({ length: 100_000 }, (_, i) => `CP${i}`)
  await store.campaigns.create(campaign('one'), identities)
  await store.campaigns.updateItem('one', 'CP99999', { state: 'done' })
  assert.deepEqual(await store.campaigns.counts('one'), {
    waiting: 99_999,
    running: 0,
    done: 1,
    failed: 0,
    skipped: 0,
  })
  assert.equal((await store.campaigns.due('one', 0, 5)).length, 5)
  const plan = planner(path)
  const byState = /campaign_items_state \(campaign=\? AND state=\?/
  const plans: readonly [plan: string, how: RegExp][] = [
    [plan(dueSql), byState],
    [plan(itemsSql({ limit: 5, state: 'failed' })), byState],
    [plan(itemsSql({ limit: 5 })), /PRIMARY KEY \(campaign=\? AND position>\?\)/],
    [plan(countsSql), /COVERING INDEX campaign_items_state/],
  ]
  for (const [steps, how] of plans) {
    assert.match(steps, how)
    assert.doesNotMatch(steps, /TEMP B-TREE|SCAN campaign_items/, steps)
  }
})

test('[CWE-770] open changes of passwords are found by index, also among very many charge points', async (context) => {
  const path = storePath(context)
  const store = openSqliteStore(path)
  context.after(() => store.close())
  await store.registry.add('CP1', { credential: hashOf(1) })
  const steps = planner(path)(
    `SELECT identity, credential_change FROM charge_points
     WHERE credential_change IS NOT NULL AND credential_change_at < 5
     ORDER BY credential_change_at, identity`,
  )
  assert.match(steps, /charge_points_credential_change/)
  assert.doesNotMatch(steps, /TEMP B-TREE|SCAN/)
})

test('[CWE-770] certificates that end soon are found by index, also among very many charge points', async (context) => {
  const path = storePath(context)
  const store = openSqliteStore(path)
  context.after(() => store.close())
  await store.registry.add('CP1', {})
  const plan = planner(path)
  const steps = plan(expiringSql)
  assert.match(steps, /SEARCH k USING INDEX certificate_keys_not_after \(.*not_after/)
  assert.match(steps, /SEARCH newer USING COVERING INDEX certificate_keys_seen \(identity=\?/)
  assert.doesNotMatch(steps, /TEMP B-TREE|SCAN/)
  assert.match(
    plan("SELECT * FROM certificate_keys WHERE identity = 'a'"),
    /USING INDEX certificate_keys_seen/,
  )
})
