import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecurityLog } from '../../../src/events/security-log.ts'
import { createLogger } from '../../../src/observe/log.ts'
import { createMetrics } from '../../../src/observe/metrics.ts'
import { openRedisStore } from '../../../src/store/redis.ts'
import { freePort } from '../../support/free-port.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'
import { secret } from '../../support/secrets.ts'

const skip = withoutRedis

test('[CWE-532] who may not in is told so, and neither error nor cause holds the password', {
  skip,
}, async (t) => {
  const right = secret('password', 'Right-Redis-Password')
  const wrong = secret('password', 'Wrong-Redis-Password')
  const rights = ['~mine:*', '&mine:*', '+@all', '-flushall']
  const rules = ['--user', 'proxy', 'on', `>${right}`, ...rights, '--user', 'default', 'off']
  const server = await RedisServer.start({ args: rules })
  t.after(() => server.end())
  const settings = settingsOf(server.url, { username: 'proxy', keyPrefix: 'mine:' })
  const told = async (password: string | null, keyPrefix: string) => {
    try {
      const store = await openRedisStore({ ...settings, password, keyPrefix })
      t.after(() => store.close())
      await store.registry.add('CP1', {})
      return 'fine'
    } catch (error) {
      assert.ok(error instanceof Error)
      assert.equal(error.cause, undefined)
      const text = `${Reflect.get(error, 'code')} ${error.message} ${JSON.stringify(error)}`
      assert.doesNotMatch(text, /Password/)
      return text
    }
  }
  assert.equal(await told(right, 'mine:'), 'fine')
  assert.match(await told(wrong, 'mine:'), /store_denied .*the user or the password is wrong/)
  assert.match(await told(right, 'theirs:'), /store_denied .*may not run a command or use a key/)
  assert.match(await told(null, 'mine:'), /store_denied .*(wants a user|password is wrong)/)
})

test('[CWE-636] a store that is away fails at once, and is used again when it is back', {
  skip,
}, async (t) => {
  const server = await RedisServer.start()
  t.after(() => server.end())
  const store = await openRedisStore(settingsOf(server.url, { timeout: 2000 }))
  t.after(() => store.close())
  await store.registry.add('CP1', { serialNumber: 'S1' })
  const until = async (isThere: boolean) => {
    for (;;) {
      const is = await store.check().then(
        () => true,
        () => false,
      )
      if (is === isThere) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  await server.stop()
  await until(false)
  await assert.rejects(store.registry.get('CP1'), { name: 'ProxyError', code: 'store_unavailable' })
  await assert.rejects(
    store.events.append([]).then(() => store.events.lastId()),
    { code: 'store_unavailable' },
  )
  await server.run()
  await until(true)
  assert.equal((await store.registry.get('CP1'))?.serialNumber, 'S1')
  // One that hangs: its socket stays open, and nothing is answered.
  server.signal('SIGSTOP')
  await assert.rejects(store.registry.get('CP1'), { code: 'store_unavailable', message: /in time|reached/ })
  server.signal('SIGCONT')
  await until(true)
  assert.equal((await store.registry.get('CP1'))?.serialNumber, 'S1')
})

test('[principle 4] an event that is written again, because the answer was lost, is kept once', {
  skip,
}, async (t) => {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  t.after(() => server.end())
  const store = await openRedisStore(settingsOf(server.url, { timeout: 2000 }))
  t.after(() => store.close())
  const log = createLogger('silent', { write() {} })
  const metrics = createMetrics({ version: '0', node: '0', openssl: '0' }, { processMetrics: false })
  const securityLog = new SecurityLog({ events: store.events, metrics, log, now: Date.now })
  const event = { type: 'Doubled', identity: 'CP1', techInfo: 'twice the same act' }
  // It reads what was asked, and does it when it goes on; nobody waits for its answer then.
  server.signal('SIGSTOP')
  await assert.rejects(securityLog.noteDurably(event), { code: 'event_not_stored' })
  server.signal('SIGCONT')
  securityLog.note(event)
  await securityLog.close()
  const kept = await store.events.list({ limit: 9 })
  assert.deepEqual(
    kept.map(({ id, techInfo }) => [id, techInfo]),
    [
      [2, event.techInfo],
      [1, event.techInfo],
    ],
    'the first one once, and the other one, which happened as well',
  )
  assert.ok(kept.every((one) => !('retryKey' in one)))
  assert.equal(await store.events.prune(Date.now() + 1, 0), 2)
})

test('a store that is not there is told', { skip }, async () => {
  const opening = openRedisStore(settingsOf(`redis://127.0.0.1:${await freePort()}`, { timeout: 500 }))
  await assert.rejects(opening, {
    name: 'ProxyError',
    code: 'store_unavailable',
    message: /cannot be reached/,
  })
})

test('[CWE-20] a damaged value is told as damaged, and not quoted', { skip }, async (t) => {
  const server = await RedisServer.start()
  t.after(() => server.end())
  const store = await openRedisStore(settingsOf(server.url))
  t.after(() => store.close())
  const { Redis } = await import('ioredis')
  const raw = new Redis(server.port, '127.0.0.1')
  t.after(() => raw.disconnect())
  await raw.hset('test{registry}:charge-points', 'CP1', '{"credential":"s3cret', 'CP2', '[]', 'CP3', '{}')
  for (const identity of ['CP1', 'CP2', 'CP3']) {
    await assert.rejects(store.registry.get(identity), (error: Error) => {
      assert.equal(Reflect.get(error, 'code'), 'store_corrupt')
      assert.doesNotMatch(error.message, /s3cret/)
      return true
    })
  }
  await raw.set('test{registry}:identities', 'no sorted set')
  await assert.rejects(store.registry.list({ limit: 1 }), { code: 'store_corrupt' })
})
