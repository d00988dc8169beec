import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, RedisConnection, useLogin } from '../../../src/store/redis/client.ts'
import { openRedisStore } from '../../../src/store/redis.ts'
import { makeAuthority } from '../../support/authority.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'

const skip = withoutRedis
const pause = () => new Promise((resolve) => setTimeout(resolve, 10))

test('[design 12] a new password of the server counts from the next connection on', { skip }, async (t) => {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no', '--requirepass', 'old password'] })
  t.after(() => server.end())
  const settings = settingsOf(server.url, { password: 'old password' })
  const store = await openRedisStore(settings)
  t.after(() => store.close())
  let timesHeard = 0
  await store.shared?.bus.listen(
    () => {
      timesHeard += 1
    },
    () => {},
  )
  const admin = new RedisConnection(createClient(settings, 'admin'))
  t.after(() => admin.close())
  await admin.connect(5000)

  await admin.run((client) => client.config('SET', 'requirepass', 'new password'))
  await store.check()
  store.shared?.useLogin({ password: 'new password', sentinelPassword: null })
  for (const type of ['NORMAL', 'PUBSUB']) {
    await admin.run((client) => client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'))
  }
  const isThere = () =>
    store.check().then(
      () => true,
      () => false,
    )
  while (!(await isThere())) await pause()
  while (timesHeard === 0) {
    await store.shared?.bus.publish(null, 'here').catch(() => {})
    await pause()
  }
})

test('[design 12] so does a new certificate of the client', { skip }, async (t) => {
  const [ours, others] = await Promise.all([makeAuthority(), makeAuthority()])
  const [server, good, bad] = await Promise.all([
    ours.server('ecdsa'),
    ours.server('ecdsa'),
    others.server('ecdsa'),
  ])
  const redis = await RedisServer.startTls({ chain: server.chain, key: server.key, ca: ours.certificate })
  t.after(() => redis.end())
  const tlsOf = ({ chain, key }: typeof good) => ({ ca: ours.certificate, certificate: chain, key })
  const settings = settingsOf(`rediss://127.0.0.1:${redis.port}`, {
    tls: { ...tlsOf(bad), serverName: 'localhost' },
  })
  const client = createClient(settings, 'test')
  const connection = new RedisConnection(client)
  t.after(() => connection.close())
  await assert.rejects(connection.connect(1000))
  const login = { password: null, sentinelPassword: null }
  useLogin(client, { ...login, tls: { ...tlsOf(good), serverName: 'localhost' } }, settings)
  const answer = () => connection.run((one) => one.ping()).catch(() => null)
  while ((await answer()) !== 'PONG') await pause()
})
