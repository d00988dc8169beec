import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { changesAfter } from '../../../src/store/redis/changes.ts'
import { createClient, RedisConnection } from '../../../src/store/redis/client.ts'
import { type Revisions, transact } from '../../../src/store/redis/transaction.ts'
import { openRedisStore } from '../../../src/store/redis.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'
import { login } from '../contract/credential-changes.ts'

const skip = withoutRedis

async function setting(t: TestContext) {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  t.after(() => server.end())
  const store = async (now?: () => number) => {
    const opened = await openRedisStore(settingsOf(server.url), now === undefined ? {} : { now })
    t.after(() => opened.close())
    assert.ok(opened.shared)
    return { ...opened, shared: opened.shared }
  }
  return { server, store }
}

test('[CWE-613] a block is seen by every replica, however far their clocks are apart', {
  skip,
}, async (t) => {
  const { store } = await setting(t)
  const [behind, ahead] = [await store(() => 1), await store(() => 9e12)]
  for (const identity of ['CP1', 'CP2']) await behind.registry.add(identity, {})
  const start = await ahead.shared.changesAfter(null)
  assert.deepEqual(start, { revision: 2, names: null })
  assert.deepEqual(await ahead.shared.changesAfter(2), { revision: 2, names: [] })

  await behind.registry.update('CP2', { blocked: true })
  await ahead.registry.recordSuccess('CP1', login(null))
  assert.deepEqual(await ahead.shared.changesAfter(2), { revision: 3, names: ['CP2'] })
  await ahead.registry.remove('CP1')
  await ahead.registry.update('CP2', { blocked: false })
  assert.deepEqual(await behind.shared.changesAfter(2), { revision: 5, names: ['CP1', 'CP2'] })
})

test('a store that has lost changes, or forgotten them, says that nobody knows', { skip }, async (t) => {
  const { server } = await setting(t)
  const connection = new RedisConnection(createClient(settingsOf(server.url), 'test'))
  await connection.connect(5000)
  t.after(() => connection.close())
  const revisions: Revisions = { counter: 'n', members: 'changed', floor: 'floor', bound: 3 }
  const change = (...members: string[]) =>
    transact(connection, async (transaction) => {
      for (const member of members) transaction.revise(revisions, member)
    })
  const after = (revision: number) => changesAfter(connection, revisions, revision)
  await change('a')
  await change('b', 'c')
  assert.deepEqual(await after(0), { revision: 3, names: ['a', 'b', 'c'] })
  await change('a')
  assert.deepEqual(await after(0), { revision: 4, names: ['b', 'c', 'a'] }, 'each of them once')
  await change('d')
  assert.equal(await connection.run((client) => client.zcard('changed')), 3, '[CWE-770]')
  assert.deepEqual(await after(1), { revision: 5, names: null }, 'the change of b is forgotten')
  assert.deepEqual(await after(2), { revision: 5, names: ['c', 'a', 'd'] })
  // A failover to a server that had not got the last ones.
  assert.deepEqual(await after(6), { revision: 5, names: null })

  const many = Array.from({ length: 2500 }, (_, index) => `many ${index}`)
  const large: Revisions = { ...revisions, bound: 5000 }
  await transact(connection, async (transaction) => {
    for (const member of many) transaction.revise(large, member)
  })
  assert.deepEqual((await after(5)).names, many)
})

test('[A00.FR.427] who is removed keeps no key, not even one that it gets at that moment', {
  skip,
}, async (t) => {
  const { store } = await setting(t)
  const [a, b] = [await store(), await store()]
  const certificate = { certificateFingerprint: 'c', subject: 'CN=S1', notAfter: 9 }
  for (let round = 0; round < 10; round++) {
    await a.registry.add('CP1', {})
    const keys = Array.from({ length: 8 }, (_, index) => `key ${round} ${index}`)
    const claims = keys.map((keyFingerprint) =>
      b.registry.claimKey('CP1', { ...certificate, keyFingerprint }, 1),
    )
    await Promise.all([...claims, a.registry.remove('CP1')])
    const bound = new Set((await a.registry.keysOf('CP1')).map(({ keyFingerprint }) => keyFingerprint))
    for (const key of keys) assert.equal((await a.registry.keyOwner(key)) === 'CP1', bound.has(key))
    await a.registry.remove('CP1')
    for (const key of keys) assert.equal(await a.registry.keyOwner(key), null)
  }
})

test('a visit that is written late says nothing of who came since, nor of who is blocked', {
  skip,
}, async (t) => {
  const { store } = await setting(t)
  const { registry } = await store()
  await registry.add('CP1', { securityProfile: 1 })
  await registry.recordSuccess('CP1', login('current', { at: 50, address: '192.0.2.50' }))
  await registry.recordSuccess('CP1', login('current', { at: 40, fence: 'unleased', address: '192.0.2.40' }))
  assert.equal((await registry.get('CP1'))?.lastAddress, '192.0.2.50')
  await registry.recordSuccess('CP1', login('current', { at: 60, fence: 'unleased', address: '192.0.2.60' }))
  assert.equal((await registry.get('CP1'))?.lastAddress, '192.0.2.60')
  await registry.update('CP1', { blocked: true })
  await assert.rejects(registry.recordSuccess('CP1', login('current', { at: 70, fence: 'unleased' })), {
    code: 'lease_missing',
  })
})
