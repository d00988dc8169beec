import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { expectedOnboarding } from '../../../src/policy/onboarding.ts'
import { openRedisStore } from '../../../src/store/redis.ts'
import type { Fence, SharedStore, Store } from '../../../src/store/store.ts'
import { world } from '../../campaigns/world.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'
import { campaign } from '../contract/campaigns.ts'
import { offer } from '../contract/credential-changes.ts'
import { firmwareUpdate } from '../contract/firmware.ts'
import { renewal } from '../contract/renewals.ts'
import { inventory } from '../contract/roots.ts'

const skip = withoutRedis

async function replicas(t: TestContext, count: number) {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  t.after(() => server.end())
  const stores: (Store & { shared: SharedStore })[] = []
  for (let at = 0; at < count; at++) {
    const store = await openRedisStore(settingsOf(server.url))
    t.after(() => store.close())
    assert.ok(store.shared)
    stores.push({ ...store, shared: store.shared })
  }
  return stores
}

test('[CWE-613][A01.FR.03][A05.FR.09] who has lost a session takes no step of its charge point, and the new owner does', {
  skip,
}, async (t) => {
  const stores = await replicas(t, 1)
  const [{ shared, registry, renewals, roots, firmware } = assert.fail()] = stores
  const expected = {
    onboarding: expectedOnboarding('password', 'ab'.repeat(32), 3000),
    securityProfile: 1,
  } as const
  await registry.add('CP1', expected)
  const change = await registry.beginCredentialChange('CP1', offer(1), 10)
  const request = await renewals.begin(renewal(), 10)
  const life = await shared.leases.beat()
  const tokenOf = async () => {
    const got = await shared.leases.acquire('sessions', 'CP1', life)
    assert.ok(got.ok)
    return got.token
  }
  const key = { keyFingerprint: 'k7', certificateFingerprint: 'c7', subject: 'CN=S1', notAfter: 9000 }
  const steps = (fence: Fence) => {
    const fenced = shared.fenced((identity) => (identity === 'CP1' ? fence : 'unleased'))
    const failed = { state: 'failed', detail: 'late' } as const
    return {
      update: () => fenced.registry.update('CP1', { upgradeTo: 2 }),
      stepOnboarding: () => fenced.registry.stepOnboarding('CP1', 3000, failed, 20),
      stepCredentialChange: () =>
        fenced.registry.stepCredentialChange('CP1', change.startedAt, 'accepted', 20),
      stepRenewal: () => fenced.renewals.step('CP1', request.startedAt, { detail: 'late' }, 20),
      beginRenewal: () => fenced.renewals.begin(renewal({ keyFingerprint: 'k2' }), 20),
      replaceInventory: async () => {
        await fenced.roots.replaceInventory('CP1', inventory())
        return true
      },
      setUpdate: async () => {
        await fenced.firmware.setUpdate(firmwareUpdate('CP1'))
        return true
      },
      claimKey: () => fenced.registry.claimKey('CP1', key, 20),
      beginCredentialChange: () => fenced.registry.beginCredentialChange('CP1', offer(2), 20),
    }
  }
  const all = async () => [
    await registry.get('CP1'),
    await renewals.get('CP1'),
    await roots.inventory('CP1'),
    await firmware.updateOf('CP1'),
    await registry.keysOf('CP1'),
  ]
  const old = await tokenOf()
  const present = await tokenOf()
  const before = await all()
  for (const [name, step] of Object.entries(steps(old))) {
    await assert.rejects(step(), { name: 'ProxyError', code: 'lease_lost' }, name)
  }
  for (const [name, step] of Object.entries(steps('unleased'))) {
    await assert.rejects(step(), { name: 'ProxyError', code: 'lease_missing' }, name)
  }
  assert.deepEqual(await all(), before)
  for (const [name, step] of Object.entries(steps(present))) assert.ok(await step(), name)
  await registry.update('CP1', { upgradeTo: 3 })
  assert.equal((await registry.get('CP1'))?.upgradeTo, 3, 'an operator is not bound to an owner')
  const seenAgain = { ...key, notAfter: 9500 }
  const withoutLease = shared.fenced(() => 'unleased').registry
  assert.equal(await withoutLease.claimKey('CP1', seenAgain, 30), 'CP1', 'it has the key already')
  assert.deepEqual(
    (await registry.keysOf('CP1')).map(({ notAfter, lastSeenAt }) => [notAfter, lastSeenAt]),
    [[9000, 20]],
  )
})

test('[CWE-613] what a session has said last is written behind its end, until somebody takes the identity', {
  skip,
}, async (t) => {
  const [a, b] = await replicas(t, 2)
  assert.ok(a && b)
  await a.registry.add('CP1', { securityProfile: 1 })
  const take = async ({ shared }: typeof a) => {
    const got = await shared.leases.acquire('sessions', 'CP1', await shared.leases.beat())
    assert.ok(got.ok)
    return got.token
  }
  const token = await take(a)
  const { registry } = a.shared.fenced(() => token)
  assert.equal(await a.shared.leases.release('sessions', 'CP1', token), true)
  assert.equal(await b.shared.leases.owner('sessions', 'CP1'), null, 'it is free')
  assert.deepEqual(await a.shared.leases.held('sessions', ['CP1']), [null])
  assert.ok(await registry.update('CP1', { upgradeTo: 2 }))
  const lost = { name: 'ProxyError', code: 'lease_lost' }
  const next = await take(b)
  await assert.rejects(registry.update('CP1', { upgradeTo: 3 }), lost)
  await b.shared.leases.release('sessions', 'CP1', next)
  await assert.rejects(registry.update('CP1', { upgradeTo: 3 }), lost, 'it has been elsewhere since')
  assert.equal(await a.shared.leases.release('sessions', 'CP1', token), false)
  const lastWords = b.shared.fenced(() => next).registry
  assert.equal(await a.shared.leases.sweep(), 0, 'it was released a moment ago')
  assert.ok(await lastWords.update('CP1', { upgradeTo: 3 }))
  assert.equal(await a.shared.leases.sweep(), 1, 'what was released does not gather')
  await assert.rejects(lastWords.update('CP1', { upgradeTo: 3 }), lost)
})

test('[CWE-362] of two replicas the one that took the lead last writes about campaigns', {
  skip,
}, async (t) => {
  const stores = await replicas(t, 2)
  const [a, b] = stores
  assert.ok(a && b)
  const [first, second] = [a.shared.led(() => 5), b.shared.led(() => 7)]
  const lost = { name: 'ProxyError', code: 'lease_lost' }
  await assert.rejects(first.create(campaign('c1'), ['CP1']), lost, 'nobody has taken the lead')
  await a.shared.takeLead(5)
  await first.create(campaign('c1'), ['CP1'])
  await first.updateItem('c1', 'CP1', { state: 'running' })
  await b.shared.takeLead(7)
  for (const write of [
    () => first.create(campaign('c2'), ['CP1']),
    () => first.updateItem('c1', 'CP1', { state: 'done' }),
    () => first.setState('c1', 'paused', null, 1),
    () => first.recover('c1', 1),
    () => a.shared.led(() => null).updateItem('c1', 'CP1', { state: 'done' }),
  ])
    await assert.rejects(write, lost)
  assert.equal(await second.recover('c1', 1), 1)
  assert.equal((await first.list(9)).length, 1, 'everybody may read')

  // A failover to a server with a clock that is far behind: it must not keep the lead from whoever comes next.
  await b.shared.takeLead(900_000_000_000_000)
  const life = await b.shared.leases.beat()
  const take = async () => {
    const got = await b.shared.leases.acquire('jobs', 'leader', life)
    assert.ok(got.ok)
    await b.shared.takeLead(got.token)
    return got.token
  }
  await assert.rejects(take, lost)
  assert.equal(await take(), 900_000_000_000_001)
})

test('[CWE-362] a leader that stood still begins nothing more, and what it was about is done by the next one', {
  skip,
}, async (t) => {
  const stores = await replicas(t, 2)
  const [a, b] = stores
  assert.ok(a && b)
  const [one, other] = [
    world(
      6,
      a.shared.led(() => 1),
    ),
    world(
      6,
      b.shared.led(() => 2),
    ),
  ]
  t.after(async () => {
    await Promise.all([one.campaigns.close(), other.campaigns.close()])
  })
  await a.shared.takeLead(1)
  const slow = Promise.withResolvers<{ ok: true; detail: string }>()
  one.answers.set('CP0001', () => slow.promise)
  const identities = [...one.registry.keys()]
  const settings = { canary: 0, perMinute: 60_000, concurrency: 1 }
  const { id } = await one.campaigns.create({ kind: 'rotate-passwords', selection: { identities }, settings })
  const until = async (is: () => boolean | Promise<boolean>) => {
    while (!(await is())) {
      await delay(2)
      await Promise.all([one.clock.advance(1000), other.clock.advance(1000)])
    }
  }
  await until(() => one.begun.length === 2)
  await b.shared.takeLead(2)
  await other.campaigns.start()
  slow.resolve({ ok: true, detail: 'it is done' })
  await until(async () => (await other.campaigns.get(id)).state === 'finished')
  assert.deepEqual(
    one.begun.map(({ identity }) => identity),
    ['CP0000', 'CP0001'],
  )
  // What was under way at that moment may have been done or not: it is looked at again (at least once).
  assert.deepEqual(
    other.begun.map(({ identity }) => identity),
    ['CP0001', 'CP0002', 'CP0003', 'CP0004', 'CP0005'],
  )
  assert.equal((await other.campaigns.get(id)).counts.done, 6)
})

test('[CWE-613] a charge point that comes back to the same replica during a step has not been lost to another', {
  skip,
}, async (t) => {
  const [{ shared, registry } = assert.fail()] = await replicas(t, 1)
  await registry.add('CP1', {})
  const life = await shared.leases.beat()
  const known: { fence: Fence } = { fence: 'unleased' }
  const take = async () => {
    const got = await shared.leases.acquire('sessions', 'CP1', life)
    assert.ok(got.ok)
    known.fence = got.token
  }
  await take()
  const fenced = shared.fenced(() => known.fence)
  // Its token is asked for before the step, and known after the step has begun.
  const again = take()
  await fenced.registry.update('CP1', { upgradeTo: 2 })
  await again
  assert.equal((await registry.get('CP1'))?.upgradeTo, 2)
})
