import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { campaign } from '../contract/campaigns.ts'
import { hashOf, login, offer } from '../contract/credential-changes.ts'
import { inventory } from '../contract/roots.ts'
import { reported } from '../contract/security-events.ts'
import { storePath } from './folder.ts'

function setting(context: TestContext) {
  const path = storePath(context)
  const store = openSqliteStore(path)
  const db = new DatabaseSync(path)
  context.after(async () => {
    db.close()
    await store.close()
  })
  return { store, db }
}

test('[A01.FR.08][CWE-20] a change that cannot be read admits nobody, and hides no other', async (context) => {
  const { store, db } = setting(context)
  const { registry } = store
  for (const identity of ['CP1', 'CP2', 'CP3']) {
    await registry.add(identity, { credential: hashOf(1) })
    await registry.beginCredentialChange(identity, offer(2), 7000)
  }
  const set = db.prepare('UPDATE charge_points SET credential_change = ? WHERE identity = ?')
  set.run(JSON.stringify({ ...offer(2), phase: 'offered', startedAt: 'soon' }), 'CP1')
  set.run(JSON.stringify({ ...offer(2), next: { scheme: 'plain', hash: 'secret' } }), 'CP2')
  const record = await registry.get('CP1')
  assert.deepEqual([record?.credential, record?.credentialChange], [hashOf(1), null])
  const open = await registry.listCredentialChanges(9999, 1)
  assert.deepEqual(
    open.map(({ identity }) => identity),
    ['CP3'],
  )
  assert.equal(await registry.stepCredentialChange('CP2', 7000, 'promote', 7001), false)
  await registry.recordSuccess('CP2', login('next'))
  assert.deepEqual((await registry.get('CP2'))?.credential, hashOf(1))
  set.run('no JSON: hunter2', 'CP1')
  await assert.rejects(registry.get('CP1'), {
    name: 'ProxyError',
    code: 'store_corrupt',
    message: 'the store holds an unexpected value in credential_change',
  })
})

test('[CWE-20] a campaign that cannot be read whole does not go on', async (context) => {
  const { store, db } = setting(context)
  const good = campaign('one').settings
  const bad = [
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...good, perMinute: -1 }),
    JSON.stringify({ ...good, maxFailures: '2' }),
    JSON.stringify({ ...good, concurrency: 1.5 }),
    JSON.stringify({ ...good, onlyIdle: 1 }),
    JSON.stringify({ ...good, reset: 'yes' }),
    JSON.stringify({ ...good, newPasswords: 1 }),
  ]
  await store.campaigns.create(campaign('one'), ['CP1'])
  for (const settings of bad) {
    db.prepare('UPDATE campaigns SET settings = ?').run(settings)
    await assert.rejects(store.campaigns.get('one'), { name: 'ProxyError', code: 'store_corrupt' }, settings)
  }
  db.prepare("UPDATE campaigns SET settings = ?, state = 'galloping'").run(JSON.stringify(good))
  await assert.rejects(store.campaigns.list(9), { code: 'store_corrupt' })
})

test('[CWE-770] the tables themselves bound what is written, whatever hides behind a NUL', async (context) => {
  const { store, db } = setting(context)
  await store.events.append([reported()])
  const long = `\0${'x'.repeat(2000)}`
  for (const column of ['type', 'identity', 'timestamp', 'tech_info', 'listener', 'address']) {
    const set = db.prepare(`UPDATE security_events SET ${column} = ?`)
    assert.throws(() => set.run(long), /CHECK constraint failed/, column)
  }
  assert.throws(() => db.exec("UPDATE security_events SET origin = 'proxy'"), /CHECK constraint failed/)
  await assert.rejects(store.events.setCursor(long, 1), { name: 'ProxyError', code: 'store_failed' })
  await assert.rejects(store.events.setCursor('', 1), { name: 'ProxyError', code: 'store_failed' })
})

test('[A00.FR.806][CWE-20] an onboarding that cannot be read stays one, so that nobody passes by it', async (context) => {
  const { store, db } = setting(context)
  await store.registry.add('CP1', {})
  const set = db.prepare("UPDATE charge_points SET onboarding = ?, onboarding_state = 'expected'")
  for (const text of ['', 'no JSON', 'null', '{}', '{"via":"certificate","state":"done"}']) {
    set.run(text)
    const onboarding = (await store.registry.get('CP1'))?.onboarding
    assert.partialDeepStrictEqual(onboarding, { via: 'password', state: 'failed' }, text)
  }
})

test('[M03.FR.01][CWE-20] roots that cannot be read are not known, and not none', async (context) => {
  const { store, db } = setting(context)
  await store.registry.add('CP1', {})
  const set = db.prepare(
    "INSERT OR REPLACE INTO root_inventories VALUES ('CP1', 'CentralSystemRootCertificate', 1, ?)",
  )
  for (const bad of ['no JSON', 'null', '{}', '[1]', '[{"hashData":{},"children":[],"fingerprint":null}]']) {
    set.run(bad)
    assert.deepEqual(await store.roots.inventory('CP1'), [], bad)
  }
  await store.roots.replaceInventory('CP1', inventory())
  db.exec("INSERT INTO root_inventories VALUES ('CP1', 'Other', 1, '[]')")
  assert.deepEqual(await store.roots.inventory('CP1'), [inventory()])
})
