import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { knownRegistry } from '../../../src/app/replicas/known-registry.ts'
import { createOutage } from '../../../src/app/replicas/outage.ts'
import { openRedisStore } from '../../../src/store/redis.ts'
import { login } from '../../store/contract/credential-changes.ts'
import { freePort } from '../../support/free-port.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'

const graceMs = 60_000

/** A replica without its timers: a store that can be spoilt, and a clock. */
async function setting(t: TestContext) {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  const store = await openRedisStore(settingsOf(server.url))
  const operator = new Redis(server.url)
  t.after(async () => {
    operator.disconnect()
    await store.close()
    await server.end()
  })
  const { registry, shared } = store
  assert.ok(shared)
  const clock = { at: 0 }
  const lines: string[] = []
  const line = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`)
  const outage = createOutage({
    graceMs: () => graceMs,
    now: () => clock.at,
    noted() {},
    log: { info: line, warn: line, error: line },
  })
  const known = knownRegistry({ registry, fenced: registry, outage, maxKnown: 10, fenceOf: () => 'unleased' })
  const beat = () =>
    shared.leases.beat().then(
      () => outage.isBack(),
      (error: unknown) => void outage.isAway(error),
    )
  await registry.add('CP1', { securityProfile: 1 })
  await registry.add('CP2', { securityProfile: 1 })
  await known.recordSuccess('CP1', login('current', { at: 1 }))
  await beat()
  return { registry, operator, clock, lines, outage, known, beat }
}

const spoilt = [
  {
    what: 'a read-only replica',
    problem: /it is a read-only replica/,
    code: 'store_read_only',
    spoil: async (operator: Redis) => void (await operator.replicaof('127.0.0.1', await freePort())),
    mend: async (operator: Redis) => void (await operator.replicaof('NO', 'ONE')),
  },
  {
    what: 'a full memory',
    problem: /its memory is full/,
    code: 'store_full',
    spoil: async (operator: Redis) => void (await operator.config('SET', 'maxmemory', '1')),
    mend: async (operator: Redis) => void (await operator.config('SET', 'maxmemory', '0')),
  },
  {
    what: 'too few replicas',
    problem: /it has not enough replicas to write/,
    code: 'store_unavailable',
    spoil: async (operator: Redis) => void (await operator.config('SET', 'min-replicas-to-write', '1')),
    mend: async (operator: Redis) => void (await operator.config('SET', 'min-replicas-to-write', '0')),
  },
]

for (const { what, problem, code, spoil, mend } of spoilt) {
  test(`[design 12][CWE-636] the grace ends with ${what}, though everything can be read`, {
    skip: withoutRedis,
  }, async (t) => {
    const { registry, operator, clock, lines, outage, known, beat } = await setting(t)
    /** An error of another kind is that of a connection that the error before has ended. */
    const refused = async (attempt: () => Promise<unknown>) => {
      for (;;) {
        const seen = await attempt().then(
          () => null,
          (error: unknown) => String(Reflect.get(Object(error), 'code')),
        )
        if (seen === code) return
        assert.ok(seen === 'store_unavailable', `${seen}`)
        await delay(20)
      }
    }
    await spoil(operator)
    await refused(() => known.recordSuccess('CP2', login('current', { at: 2 })))
    assert.match(outage.notes().join(), problem)
    await known.recordSuccess('CP1', login('current', { at: 2 }))
    for (const part of [0.3, 0.6, 0.9]) {
      clock.at = graceMs * part
      await beat()
      // The library connects anew after some of these errors.
      while ((await known.get('CP1').catch(() => null)) === null) await delay(20)
      await known.recordSuccess('CP1', login('current', { at: 3 }))
    }
    assert.match(outage.notes().join(), /for 1 more minutes/)

    clock.at = graceMs + 1
    await beat()
    assert.equal(outage.isBridged, false)
    await refused(() => known.recordSuccess('CP1', login('current', { at: 4 })))
    assert.match(outage.notes().join(), /nobody gets in/)
    const told = lines.filter((line) => /the store is away/.test(line))
    assert.equal(told.length, 2, 'when it begins, and when the grace ends')
    assert.match(told[0] ?? '', problem)

    await mend(operator)
    const isOver = async () => {
      await beat()
      return outage.notes().length === 0
    }
    while (!(await isOver())) await delay(20)
    assert.match(lines.at(-1) ?? '', /^the store is back/)
    await known.catchUp()
    assert.equal((await registry.get('CP1'))?.lastSeenAt, 3)
  })
}
