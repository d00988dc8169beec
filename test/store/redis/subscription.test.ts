import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, RedisConnection } from '../../../src/store/redis/client.ts'
import { Subscription } from '../../../src/store/redis/subscription.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'

test('[design 12] a subscription that cannot be renewed ends no process: it is tried until the user may listen again', {
  skip: withoutRedis,
  timeout: 120_000,
}, async (t) => {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  const open = async (more: object = {}) => {
    const connection = new RedisConnection(createClient(settingsOf(server.url, more), 'test'))
    t.after(() => connection.close())
    await connection.connect(5000)
    return connection
  }
  t.after(() => server.end())
  const admin = await open()
  const setUser = (...rules: string[]) =>
    admin.run((client) => client.call('ACL', 'SETUSER', 'replica', ...rules))
  await setUser('on', '>long enough', '+@all', '&news')
  const connection = await open({ username: 'replica', password: 'long enough' })
  const subscription = new Subscription(connection, ['news'])
  let renewals = 0
  const renewed = () => {
    renewals += 1
  }
  await subscription.begin(renewed)
  const until = async (is: () => boolean) => {
    while (!is()) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  await t.test(
    'the user loses the channel: the server ends the connection, and refuses it from then on',
    async () => {
      await setUser('resetchannels')
      await until(() => subscription.problem !== null)
      assert.match(subscription.problem ?? '', /channel/)
      await setUser('&news')
      await until(() => renewals >= 1)
      assert.equal(subscription.problem, null)
    },
  )

  await t.test('the connection is lost again and again, in the middle of a renewal as well', async () => {
    const cut = () => admin.run((client) => client.call('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes'))
    const cutAll = () =>
      admin.run((client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))
    for (let round = 0; round < 60; round++) {
      await Promise.all([cut(), cutAll()])
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const before = renewals
    await cut()
    await until(() => renewals > before)
    const heard = new Promise((resolve) => connection.client.once('message', (_, text) => resolve(text)))
    // What was renewed a moment ago may be what the last cut has hit.
    while ((await admin.run((client) => client.publish('news', 'here'))) === 0)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(await heard, 'here')
  })

  await t.test('a login that is refused is told as such, and not as a server that is away', async () => {
    const plain = await open({ username: 'replica', password: 'long enough' })
    await setUser('resetpass', '>changed')
    await admin.run((client) => client.call('CLIENT', 'KILL', 'USER', 'replica', 'SKIPME', 'yes'))
    const code = () => plain.run((client) => client.ping()).then(String, (error) => String(error.code))
    while ((await code()) !== 'store_denied') await new Promise((resolve) => setTimeout(resolve, 10))
    await setUser('>long enough')
    while ((await code()) !== 'PONG') await new Promise((resolve) => setTimeout(resolve, 10))
  })
})
