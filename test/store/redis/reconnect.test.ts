import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, RedisConnection } from '../../../src/store/redis/client.ts'
import { Subscription } from '../../../src/store/redis/subscription.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'

test('a failover that a sentinel tells of while it is asked for the primary is survived, and so are subscriptions', {
  skip: withoutRedis,
  timeout: 120_000,
}, async (t) => {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  const sentinel = await RedisServer.startSentinel(server.port, 'fleet')
  const where = { mode: 'sentinel', urls: [sentinel.url], sentinelName: 'fleet' } as const
  const open = async () => {
    const client = createClient(settingsOf(server.url, where), 'test')
    const connection = new RedisConnection(client)
    t.after(() => connection.close())
    await connection.connect(5000)
    return { client, connection }
  }
  t.after(() => Promise.all([server.end(), sentinel.end()]))
  const [{ client, connection }, other] = [await open(), await open()]
  await new Subscription(connection, ['news']).begin(() => {})
  const news = new Promise((resolve) => client.once('message', (_channel, text) => resolve(text)))

  // As the library's own detector of failovers does it.
  const ended = new Promise((resolve) => client.once('end', () => resolve(null)))
  client.once('connecting', () => (Reflect.get(client, 'connector') as { disconnect(): void }).disconnect())
  client.disconnect(true)
  await ended
  await new Promise((resolve) => client.once('ready', resolve))
  await connection.run((one) => one.ping())
  const heard = () => other.connection.run((one) => one.publish('news', 'here'))
  while ((await heard()) === 0) await new Promise(setImmediate)
  assert.equal(await news, 'here')
})
