import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutRedis } from '../support/redis-server.ts'
import { ReplicaSet, until } from '../support/replicas.ts'

test('[design 12] the primary of Redis is killed, and a sentinel makes the replica the primary', {
  skip: withoutRedis,
  timeout: 600_000,
}, async (t) => {
  const set = await ReplicaSet.start(t, ['a', 'b'], { hasSentinel: true, lease: 3000 })
  const [a, b] = set.replicas
  assert.ok(a && b)
  await set.register(['CP-1', 'CP-2', 'CP-3'])
  const [one, two] = [set.chargePoint(a, 'CP-1'), set.chargePoint(b, 'CP-2')]
  await Promise.all([one.connect(), two.connect()])
  const told = Array.from({ length: 20 }, (_, index) => `before ${index}`)
  for (const text of told) {
    assert.equal((await one.notifySecurityEvent('TamperDetectionActivated', text)).kind, 'result')
  }
  // Replication is asynchronous: what has not reached the replica yet is what a failover may lose.
  await until(() => set.redis.isReplicated())

  await set.redis.stop('SIGKILL')
  await t.test('sessions go on while there is no primary', async () => {
    for (const session of [one, two]) assert.equal((await session.heartbeat()).kind, 'result')
  })

  await t.test(
    'the new primary is found without a restart: one that was not there before connects',
    async () => {
      const three = () => set.chargePoint(b, 'CP-3')
      await until(async () => {
        const chargePoint = three()
        const isIn = await chargePoint.connect().then(
          () => true,
          () => false,
        )
        await chargePoint.close()
        return isIn
      })
      for (const replica of [a, b]) {
        await until(async () => {
          const { code, notes } = await set.ready(replica)
          return code === 200 && !notes.join().includes('away')
        })
      }
    },
  )

  await t.test('nothing that had reached the replica is lost, and what comes now is kept', async () => {
    assert.equal((await one.notifySecurityEvent('TamperDetectionActivated', 'after')).kind, 'result')
    const events = await set.store.events.list({ identity: 'CP-1', limit: 100 })
    const texts = events.map(({ techInfo }) => techInfo)
    for (const text of [...told, 'after']) assert.ok(texts.includes(text), text)
    for (const session of [one, two]) assert.equal((await session.heartbeat()).kind, 'result')
  })

  await t.test(
    'replicas hear each other again: a command to one reaches the charge point of the other',
    async () => {
      await until(async () => {
        const { body } = await set.api(a, 'GET', 'charge-points/CP-2')
        return body.connected === true
      })
      const { status } = await set.api(a, 'POST', 'charge-points/CP-2/disconnect', {})
      assert.equal(status, 200)
      await two.closed()
    },
  )
})
