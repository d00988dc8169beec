import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { openRedisStore } from '../../../src/store/redis.ts'
import type { SharedStore, Store } from '../../../src/store/store.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'
import { login } from '../contract/credential-changes.ts'

const skip = withoutRedis

const nextPassword = {
  next: {
    scheme: 'hmac-sha256',
    salt: Buffer.alloc(16).toString('base64'),
    hash: Buffer.alloc(32).toString('base64'),
  },
  nextUpstreamSecret: null,
  origin: 'operator',
} as const

const lease = 60_000

async function replicas(t: TestContext, count: number) {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  t.after(() => server.end())
  const stores: (Store & { shared: SharedStore; life: string; port: number })[] = []
  for (let at = 0; at < count; at++) {
    const store = await openRedisStore(settingsOf(server.url, { lease }))
    t.after(() => store.close())
    assert.ok(store.shared !== undefined)
    stores.push({ ...store, shared: store.shared, life: await store.shared.leases.beat(), port: server.port })
  }
  return stores
}

/** It has not beaten for as long as its lease lasts: the server forgets it now, and not in a minute. */
async function standStill({ port, shared }: Awaited<ReturnType<typeof replicas>>[number]): Promise<void> {
  const client = new Redis(port, '127.0.0.1')
  const keys = await client.keys(`*${shared.self}`)
  assert.equal(keys.length, 1)
  const left = await client.pttl(keys[0] ?? '')
  assert.ok(left > 0 && left <= lease, `${left} ms`)
  await client.pexpire(keys[0] ?? '', 1)
  while ((await client.exists(keys)) > 0);
  client.disconnect()
}

test('[CWE-613] of two replicas that race for an identity one has it', { skip }, async (t) => {
  const [a, b, c] = await replicas(t, 3)
  assert.ok(a && b && c)
  const step = fc.tuple(fc.nat(2), fc.nat(3), fc.constantFrom('acquire', 'release', 'abandon'))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.uuid(), async (steps, run) => {
      const all = [a, b, c].map(({ shared, life }) => ({ ...shared, life }))
      const tokens = new Map<string, number>()
      let greatest = 0
      // All at once: whatever the order in which the server has them, nobody holds what another holds.
      await Promise.all(
        steps.map(async ([who, what, act]) => {
          const [shared, name] = [all[who] ?? { ...a.shared, life: a.life }, `${run}-${what}`]
          const place = `${shared.self} ${name}`
          if (act === 'release') return shared.leases.release('sessions', name, tokens.get(place) ?? 0)
          if (act === 'abandon') return shared.leases.abandon('sessions', name)
          const got = await shared.leases.acquire('sessions', name, shared.life)
          if (got.ok) tokens.set(place, got.token)
          return greatest
        }),
      )
      for (const what of [0, 1, 2, 3]) {
        const name = `${run}-${what}`
        const held = await Promise.all(all.map((shared) => shared.leases.held('sessions', [name])))
        assert.ok(held.filter(([token]) => token !== null).length <= 1)
        const won = await Promise.all(all.map(({ leases, life }) => leases.acquire('sessions', name, life)))
        assert.equal(won.filter(({ ok }) => ok).length, 1, 'exactly one')
        for (const got of won) if (got.ok) greatest = Math.max(greatest, got.token)
        const owner = await a.shared.leases.owner('sessions', name)
        assert.equal(owner, all[won.findIndex(({ ok }) => ok)]?.self)
      }
      const next = await a.shared.leases.acquire('jobs', run, a.life)
      assert.ok(next.ok && next.token > greatest, 'tokens only grow')
    }),
    { numRuns: 30 },
  )
})

test('[CWE-613] what a replica had is free when it does not beat any more, and its late writes fail', {
  skip,
}, async (t) => {
  const [a, b] = await replicas(t, 2)
  assert.ok(a && b)
  const take = (one: typeof a, life: string) => one.shared.leases.acquire('sessions', 'CP1', life)
  await a.registry.add('CP1', {})
  const lifeOfA = await a.shared.leases.beat()
  const first = await take(a, lifeOfA)
  assert.ok(first.ok)
  assert.deepEqual(await take(b, await b.shared.leases.beat()), { ok: false, owner: a.shared.self })
  await a.registry.recordSuccess('CP1', login(null, { fence: first.token }))
  // Only `b` goes on.
  await standStill(a)
  assert.equal(await b.shared.leases.owner('sessions', 'CP1'), null)
  const second = await take(b, await b.shared.leases.beat())
  assert.ok(second.ok && second.token > first.token)
  await assert.rejects(a.registry.recordSuccess('CP1', login(null, { fence: first.token })), {
    name: 'ProxyError',
    code: 'lease_lost',
  })
  await b.registry.recordSuccess('CP1', login(null, { fence: second.token }))
  assert.equal(await a.shared.leases.release('sessions', 'CP1', first.token), false)
  assert.notEqual(await a.shared.leases.beat(), lifeOfA, 'it is told that it was late')
  assert.deepEqual(await a.shared.leases.held('sessions', ['CP1']), [null])
  assert.equal(await b.shared.leases.release('sessions', 'CP1', second.token), true)
  assert.equal(await a.shared.leases.owner('sessions', 'CP1'), null)
})

test('[CWE-613] who stood still takes nothing more in the life that is over: only a beat begins another one', {
  skip,
}, async (t) => {
  const [a, b] = await replicas(t, 2)
  assert.ok(a && b)
  const { leases } = a.shared
  const life = await leases.beat()
  assert.equal(await leases.beat(), life, 'in time it is the same one')
  assert.ok((await leases.acquire('sessions', 'CP1', life)).ok)
  await standStill(a)
  const refused = { ok: false, owner: null }
  assert.deepEqual(await leases.acquire('sessions', 'CP2', life), refused, 'and does not come to life by it')
  assert.deepEqual(await b.shared.leases.alive([a.shared.self]), [false])
  const next = await leases.beat()
  assert.deepEqual(await leases.acquire('sessions', 'CP2', life), refused)
  assert.ok((await leases.acquire('sessions', 'CP2', next)).ok)
})

test('[CWE-613] a server that has lost everything is a new life, and its tokens are greater all the same', {
  skip,
}, async (t) => {
  const [a, b] = await replicas(t, 2)
  assert.ok(a && b)
  const before = await a.shared.leases.acquire('sessions', 'CP1', a.life)
  assert.ok(before.ok)
  const client = new Redis(a.port, '127.0.0.1')
  await client.flushall()
  client.disconnect()
  assert.deepEqual(await a.shared.leases.acquire('sessions', 'CP1', a.life), { ok: false, owner: null })
  assert.notEqual(await a.shared.leases.beat(), a.life)
  const after = await b.shared.leases.acquire('sessions', 'CP1', await b.shared.leases.beat())
  assert.ok(after.ok && after.token > before.token)
})

test('[A05.FR.09][A01.FR.03] who was admitted without a lease writes that it was here, and nothing that lasts', {
  skip,
}, async (t) => {
  const [a] = await replicas(t, 1)
  assert.ok(a)
  const { registry } = a
  const unleased = { fence: 'unleased' } as const
  const refused = { name: 'ProxyError', code: 'lease_missing' }
  await registry.add('CP1', { securityProfile: 1 })
  await registry.recordSuccess('CP1', login('current', { ...unleased, at: 7 }))
  assert.equal((await registry.get('CP1'))?.lastSeenAt, 7)
  const before = await registry.get('CP1')
  const moves = [login('current', { ...unleased, profile: 2 }), login(null, { ...unleased, profile: 3 })]
  for (const seen of moves) await assert.rejects(registry.recordSuccess('CP1', seen), refused)
  await registry.add('NEW', {})
  await assert.rejects(
    registry.recordSuccess('NEW', login('current', unleased)),
    refused,
    'its first profile',
  )
  assert.deepEqual(await registry.get('CP1'), before)
  await registry.beginCredentialChange('CP1', nextPassword, 1)
  for (const used of ['next', 'current'] as const)
    await assert.rejects(registry.recordSuccess('CP1', login(used, unleased)), refused)
  assert.equal((await registry.get('CP1'))?.credentialChange?.oldSeenAt, null)
})

test('[CWE-770] leases of replicas that are gone are swept', { skip }, async (t) => {
  const [a, b] = await replicas(t, 2)
  assert.ok(a && b)
  for (const name of ['CP1', 'CP2', 'CP3'])
    await a.shared.leases.acquire('sessions', name, await a.shared.leases.beat())
  assert.equal(await b.shared.leases.sweep(), 0)
  await standStill(a)
  await b.shared.leases.acquire('sessions', 'CP3', await b.shared.leases.beat())
  assert.equal(await b.shared.leases.sweep(), 2)
})

test('replicas hear each other, and agree on a value', { skip }, async (t) => {
  const [a, b] = await replicas(t, 2)
  assert.ok(a && b)
  const heard: string[] = []
  const two = Promise.withResolvers<void>()
  await b.shared.bus.listen(
    (message) => {
      if (heard.push(message) === 2) two.resolve()
    },
    () => {},
  )
  await a.shared.bus.publish(a.shared.self, 'not for b')
  await a.shared.bus.publish(b.shared.self, 'for b')
  await a.shared.bus.publish(null, 'for all')
  await two.promise
  assert.deepEqual(heard, ['for b', 'for all'])
  const first = await Promise.all([a, b].map(({ shared }) => shared.replace('ticket', null, shared.self)))
  assert.equal(first.filter(Boolean).length, 1)
  const value = await a.shared.get('ticket')
  assert.equal(await b.shared.replace('ticket', 'another', 'x'), false)
  assert.equal(await b.shared.replace('ticket', value, 'x'), true)
  assert.equal(await a.shared.get('ticket'), 'x')
})
