import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { withoutRedis } from '../support/redis-server.ts'
import { ReplicaSet, until } from '../support/replicas.ts'

const skip = withoutRedis

test('[design 12][CWE-636] the store goes away and comes back: sessions live on, known charge points come back, others are refused, nothing is lost', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const set = await ReplicaSet.start(t, ['a', 'b'])
  const [a, b] = set.replicas
  assert.ok(a && b)
  await set.register(['CP-1', 'CP-2', 'CP-3', 'STRANGER'])
  const [one, two] = [set.chargePoint(a, 'CP-1'), set.chargePoint(b, 'CP-2')]
  await Promise.all([one.connect(), two.connect()])
  const isAway = async (replica: typeof a) =>
    (await set.ready(replica)).notes.join().includes('the store is away')

  await set.redis.stop()
  await until(() => isAway(a))
  await until(() => isAway(b))

  await t.test('running sessions go on, and readiness says how it stands', async () => {
    assert.equal((await one.heartbeat()).kind, 'result')
    const { code, notes } = await set.ready(a)
    assert.equal(code, 200)
    assert.match(notes.join(), /known charge points may come back for \d+ more minutes/)
    // Ready and all the same not well: that is for somebody to look at.
    assert.match(await set.metrics(a), /^ocpp_proxy_store_up\{engine="redis"\} 0$/m)
  })

  await t.test('a known charge point comes back to its replica', async () => {
    await two.close()
    await two.connect()
    assert.equal((await two.heartbeat()).kind, 'result')
  })

  await t.test(
    '[CWE-306] who is not known is refused with a reason, and so is a wrong password',
    async () => {
      await assert.rejects(set.chargePoint(a, 'STRANGER').connect(), /503/)
      assert.match(
        await set.metrics(a),
        /ocpp_proxy_rejections_total\{[^}]*reason="store_unavailable"[^}]*\} 1\n/,
      )
      // Known to the other replica is not known here.
      await assert.rejects(set.chargePoint(a, 'CP-2').connect(), /503/)
      const wrong = set.chargePoint(b, 'CP-2', 'basic-auth', {
        password: { bytes: Buffer.alloc(20, 1), form: 'raw' },
      })
      await assert.rejects(wrong.connect(), /401/)
    },
  )

  await t.test('[A04.FR.02] an event that cannot be stored is not confirmed', async () => {
    const outcome = await one.notifySecurityEvent('TamperDetectionActivated', 'while the store is away')
    assert.equal(outcome.kind, 'error')
  })

  await set.redis.run()

  await t.test('it is used again without a restart, and everything that waited is written', async () => {
    for (const replica of [a, b]) await until(async () => !(await isAway(replica)))
    const outcome = await one.notifySecurityEvent('TamperDetectionActivated', 'while the store is away')
    assert.equal(outcome.kind, 'result')
    await set.chargePoint(a, 'STRANGER').connect()
    await until(async () => {
      const refused = await set.store.rejections
        .list({ reason: 'store_unavailable', limit: 99 })
        .catch(() => [])
      return refused.some(({ identity }) => identity === 'STRANGER')
    })
    const seen = async () => (await set.store.registry.get('CP-2'))?.lastSeenAt ?? 0
    const before = (await set.store.registry.get('CP-2'))?.updatedAt ?? 0
    await until(async () => (await seen()) > before)
  })

  await t.test('[CWE-613] identities belong to their replicas again', async () => {
    await until(async () => (await set.store.shared?.leases.owner('sessions', 'CP-1')) !== null)
    await until(async () => (await set.store.shared?.leases.owner('sessions', 'CP-2')) !== null)
    const { status } = await set.api(a, 'POST', 'charge-points/CP-2/disconnect', {})
    assert.equal(status, 200, 'a command reaches the owner')
    assert.equal((await two.closed()).code, 1001)
  })

  await t.test('a store that can be read and not written is away as well, and it is said why', async (t) => {
    const operator = new Redis(set.redis.url)
    t.after(() => operator.disconnect())
    await operator.config('SET', 'min-replicas-to-write', '1')
    const notes = async () => (await set.ready(a)).notes.join()
    await until(async () => /the store is away \(it has not enough replicas to write\)/.test(await notes()))
    assert.equal((await set.ready(a)).code, 200)
    await one.close()
    await one.connect()
    assert.equal((await one.heartbeat()).kind, 'result')
    await operator.config('SET', 'min-replicas-to-write', '0')
    await until(async () => !(await isAway(a)))
    await a.log.wait('that it is back', ({ msg }) => msg === 'the store is back')
  })
  await t.test('[CWE-613] a lease that a failover lost between two beats is taken again', async () => {
    const redis = new Redis(set.redis.url)
    t.after(() => redis.disconnect())
    await redis.hdel('fleet:{registry}:owners', 'CP-1')
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await until(async () => (await set.store.shared?.leases.owner('sessions', 'CP-1')) !== null)
    assert.equal((await one.heartbeat()).kind, 'result')
  })
})
