import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import { CutLink } from '../support/cut-link.ts'
import { withoutRedis } from '../support/redis-server.ts'
import { type Replica, ReplicaSet, until } from '../support/replicas.ts'

const identities = Array.from({ length: 8 }, (_, index) => `CP-${index}`)

test('[design 12][CWE-613] whatever is cut off, stands still or dies: an identity is live once, and comes back', {
  skip: withoutRedis,
  timeout: 300_000,
}, async (t) => {
  const set = await ReplicaSet.start(t, [])
  const link = await CutLink.start(set.redis.port)
  t.after(() => link.close())
  const a = await set.add('a', `redis://127.0.0.1:${link.port}`)
  const b = await set.add('b')
  await set.register(['SPLIT', 'PAUSED', 'LATE', 'KILLED', ...identities])
  const { central } = set
  const server = new Redis(set.redis.port, '127.0.0.1')
  server.on('error', () => {})
  t.after(() => server.disconnect())
  const liveOf = (identity: string) =>
    set.centralEvents.reduce((count, event) => {
      if (event.identity !== identity) return count
      return count + (event.kind === 'connected' ? 1 : event.kind === 'disconnected' ? -1 : 0)
    }, 0)
  const ownerOf = async (identity: string) =>
    set.store.shared?.leases.owner('sessions', identity).catch(() => null) ?? null
  /** A new connection, as often as it takes. */
  const comesTo = async (replica: Replica, identity: string): Promise<ChargePoint> => {
    const chargePoint = set.chargePoint(replica, identity)
    await until(() =>
      chargePoint.connect().then(
        () => true,
        () => false,
      ),
    )
    return chargePoint
  }

  await t.test('a gap during admission that no beat has seen: the identity is taken afterwards', async () => {
    await (await comesTo(a, 'SPLIT')).close()
    await until(async () => (await ownerOf('SPLIT')) === null)
    link.cut()
    await comesTo(a, 'SPLIT')
    assert.equal(await ownerOf('SPLIT'), null, 'no lease could be asked for')
    link.mend()
    await comesTo(b, 'SPLIT')
    await until(() => liveOf('SPLIT') === 1)
    await until(async () => (await ownerOf('SPLIT')) !== null)
    assert.equal(liveOf('SPLIT'), 1)
  })

  await t.test(
    'a replica that stands still for longer than its lease ends what another one has taken',
    async () => {
      const old = await comesTo(a, 'PAUSED')
      const closed = old.closed()
      a.process.signal('SIGSTOP')
      const taken = await comesTo(b, 'PAUSED')
      // Accepted by the kernel, and judged when the process goes on.
      const late = comesTo(a, 'LATE')
      a.process.signal('SIGCONT')
      assert.equal((await closed)?.code, 1001)
      await until(() => liveOf('PAUSED') === 1)
      assert.equal((await taken.heartbeat()).kind, 'result')
      assert.equal((await (await late).heartbeat()).kind, 'result', 'and others come in again')
      await a.log.wait(
        'the end',
        ({ msg }) => msg === 'another replica has this charge point by now: its session here ends',
      )
    },
  )

  await t.test('the store dies while they connect, and again while identities are taken anew', async () => {
    // Both replicas know all of them.
    for (const identity of identities) {
      await (await comesTo(a, identity)).close()
      await comesTo(b, identity)
    }
    const stop = () => set.redis.stop()
    await Promise.all([stop(), ...identities.map((identity) => comesTo(a, identity))])
    await Promise.all(identities.map((identity) => comesTo(b, identity)))
    const from = a.log.all.length
    await set.redis.run()
    const isBack = ({ msg }: { msg?: unknown }) =>
      msg === 'the store or this replica was away: what is ours is looked at'
    await a.log.wait('the first look', isBack, from)
    await stop()
    await set.redis.run()
    for (const identity of identities) {
      await until(() => liveOf(identity) === 1)
      await until(async () => (await ownerOf(identity)) !== null)
    }
    // Those, and one of each case before.
    for (const replica of [a, b]) {
      await until(async () => {
        const { body } = await set.api(replica, 'GET', 'status')
        return (body.connected as { total: number }).total === identities.length + 3
      })
    }
    for (const identity of identities) assert.equal(liveOf(identity), 1)
  })

  await t.test('a store that can be read and not written is away, though every lease runs out', async () => {
    const owner = await ownerOf('LATE')
    assert.ok(owner !== null)
    await server.config('SET', 'min-replicas-to-write', '1')
    await until(async () => (await set.store.shared?.leases.alive([owner]))?.[0] === false)
    // Known to it, and to be let in as long as the grace lasts.
    assert.equal((await (await comesTo(a, 'LATE')).heartbeat()).kind, 'result')
    assert.equal(liveOf('LATE'), 1)
    await server.config('SET', 'min-replicas-to-write', '0')
    await until(async () => (await ownerOf('LATE')) !== null)
  })

  await t.test(
    '[CWE-636] the owner has died: until its lease is over it is said why nobody gets in',
    async () => {
      await comesTo(a, 'KILLED')
      const [key] = await server.keys(`*${await ownerOf('KILLED')}`)
      assert.ok(key !== undefined)
      a.process.signal('SIGKILL')
      await a.process.exit
      // Its lease lasts until this test has seen what it wants to, however busy the machine is.
      await server.set(key, 'life', 'PX', 60_000)
      await until(() => liveOf('KILLED') === 0)
      const before = central.connections('KILLED').length
      await assert.rejects(set.chargePoint(b, 'KILLED').connect(), /503/)
      assert.equal(central.connections('KILLED').length, before, 'the central system saw nothing')
      const line = await b.log.wait(
        'the refusal',
        (line) => line.reason === 'lease_unavailable' && line.identity === 'KILLED',
      )
      assert.match(String(line.detail), /^replica \S+ has it, lives, and does not answer$/)
      assert.match(
        await set.metrics(b),
        /ocpp_proxy_rejections_total\{[^}]*reason="lease_unavailable"[^}]*\} [1-9]/,
      )
      await until(async () => {
        const records = await set.store.rejections.list({ reason: 'lease_unavailable', limit: 9 })
        return records.some(({ identity }) => identity === 'KILLED')
      })
      await server.del(key)
      await comesTo(b, 'KILLED')
      assert.equal(liveOf('KILLED'), 1)
    },
  )
})
