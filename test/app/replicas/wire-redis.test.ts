import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { Wire } from '../../../src/app/replicas/wire.ts'
import { openRedisStore } from '../../../src/store/redis.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'

const sealingKey = Buffer.alloc(32, 7)

test('[CWE-294] who may publish on the server can repeat what it saw there, and moves nobody', {
  skip: withoutRedis,
}, async (t) => {
  const server = await RedisServer.start()
  const stores = await Promise.all([
    openRedisStore(settingsOf(server.url)),
    openRedisStore(settingsOf(server.url)),
  ])
  const intruder = new Redis(server.url)
  const publisher = new Redis(server.url)
  t.after(async () => {
    intruder.disconnect()
    publisher.disconnect()
    for (const store of stores) await store.close()
    await server.end()
  })
  const seen: [string, string][] = []
  intruder.on('pmessage', (_: string, channel: string, message: string) => void seen.push([channel, message]))
  await intruder.psubscribe('*')

  const dropped: string[] = []
  const waiting: (() => void)[] = []
  const wires = stores.map(({ shared }) => {
    assert.ok(shared)
    const { self, bus } = shared
    const note = (reason: string) => {
      dropped.push(reason)
      for (const wake of waiting.splice(0)) wake()
    }
    const deps = { self, bus, sealingKey, now: () => performance.now(), log: { warn() {} } }
    return { self, wire: new Wire({ ...deps, dropped: note }) }
  })
  const [a, b] = wires
  assert.ok(a && b)
  const done: unknown[] = []
  b.wire.serve('end', async (body) => void done.push(body))
  await a.wire.start()
  await b.wire.start()
  await a.wire.ask(b.self, 'end', 'CP1', 5000)
  assert.deepEqual(done, ['CP1'])

  const old = [...seen]
  assert.ok(old.length >= 3)
  dropped.length = 0
  for (const [channel, message] of old) await publisher.publish(channel, message)
  while (dropped.length < old.filter(([channel]) => channel.includes(b.self)).length) {
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  await a.wire.ask(b.self, 'end', 'CP2', 5000)
  assert.deepEqual(done, ['CP1', 'CP2'])
  assert.ok(
    dropped.every((reason) => reason === 'repeated'),
    dropped.join(),
  )

  await t.test('who was cut off asks for everything that was said meanwhile', async () => {
    const wanted = wires.map(({ wire }) => {
      const seen = Promise.withResolvers<void>()
      wire.onWanted(() => seen.resolve())
      return seen.promise
    })
    const clients = await publisher.client('LIST', 'TYPE', 'PUBSUB')
    const [, id = ''] = /^id=(\d+) .* name=ocpp-security-proxy-bus /m.exec(String(clients)) ?? []
    await publisher.call('CLIENT', 'KILL', 'ID', id)
    // The other one is asked.
    await Promise.race(wanted)
    await a.wire.ask(b.self, 'end', 'CP3', 5000)
    assert.equal(done.at(-1), 'CP3')
  })
})
