import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricsPage } from '../support/metrics.ts'
import { withoutRedis } from '../support/redis-server.ts'
import { refusalOf } from '../support/refused.ts'
import { type Replica, ReplicaSet, until } from '../support/replicas.ts'

test('[design 12][CWE-613] replicas of two versions hear nothing of each other, and an identity is live once all the same', {
  skip: withoutRedis,
  timeout: 120_000,
}, async (t) => {
  const set = await ReplicaSet.start(t, ['old'])
  const next = await set.add('next', null, ['--import', './test/support/next-wire-version.ts'])
  const [old] = set.replicas
  assert.ok(old)
  await set.register(['CP-OLD', 'CP-NEXT'])
  const liveOf = (identity: string) =>
    set.centralEvents.reduce((count, event) => {
      if (event.identity !== identity) return count
      return count + (event.kind === 'connected' ? 1 : event.kind === 'disconnected' ? -1 : 0)
    }, 0)

  await t.test('who is at one of them is not taken over by the other, and goes on', async () => {
    const isKept = async (identity: string, owner: Replica, other: Replica) => {
      const chargePoint = set.chargePoint(owner, identity)
      await chargePoint.connect()
      // As long as an owner may take to answer.
      const patient = { handshakeTimeoutMs: 30_000 }
      const seen = await refusalOf(set.chargePoint(other, identity, 'basic-auth', patient))
      assert.equal(seen.httpStatus, 503)
      const refused = () => set.store.rejections.list({ identity, limit: 9 })
      await until(async () => (await refused()).length > 0)
      const [record, ...more] = await refused()
      assert.deepEqual([record?.reason, more], ['lease_unavailable', []])
      assert.match(record?.detail ?? '', /has it, lives, and does not answer/)
      assert.equal((await chargePoint.heartbeat()).kind, 'result')
      assert.equal(liveOf(identity), 1)
    }
    await Promise.all([isKept('CP-OLD', old, next), isKept('CP-NEXT', next, old)])
  })

  await t.test('both are ready, count what they cannot read, and say what it is', async () => {
    for (const replica of [old, next]) {
      const { code, problems } = await set.ready(replica)
      assert.deepEqual([code, problems], [200, []])
      const page = new MetricsPage(await set.metrics(replica))
      assert.ok(page.sum('ocpp_proxy_replica_messages_dropped_total', { reason: 'sealed' }) > 0)
      const said = replica.log.all.filter(({ reason }) => reason === 'sealed')
      assert.ok(said.length > 0)
      assert.match(String(said[0]?.msg), /or is of another version/)
      assert.equal(replica.process.hasEnded, false)
    }
  })

  await t.test('the one that is drained gives all that it has to the other', async () => {
    old.process.signal('SIGTERM')
    assert.equal(await old.process.exit, 0)
    await comesTo(next, 'CP-OLD')
    assert.equal(liveOf('CP-OLD'), 1)
    await until(async () => (await set.store.shared?.leases.owner('jobs', 'leader')) !== null)
    assert.equal((await set.ready(next)).code, 200)
    assert.equal(next.process.hasEnded, false)
  })

  async function comesTo(replica: Replica, identity: string): Promise<void> {
    const connects = () =>
      set
        .chargePoint(replica, identity)
        .connect()
        .then(
          () => true,
          () => false,
        )
    await until(connects)
  }
})
