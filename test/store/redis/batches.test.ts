import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openRedisStore } from '../../../src/store/redis.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'
import { rejection } from '../contract/rejections.ts'

const skip = withoutRedis
const stranger = { stage: 'tcp', reason: 'rate_limited', identity: null } as const

async function setting(t: TestContext, timeout = 10_000) {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  t.after(() => server.end())
  const open = async () => {
    const store = await openRedisStore(settingsOf(server.url, { timeout }))
    t.after(() => store.close())
    return store
  }
  return { server, open }
}

test('[A00.FR.323] a batch of refusals that comes again is written once, each of its steps', {
  skip,
}, async (t) => {
  const { open } = await setting(t)
  const [{ rejections }, other] = [await open(), await open()]
  const many = Array.from({ length: 700 }, (_, port) => rejection({ port }))
  const batch = [...many, rejection({ ...stranger, count: 5 })]
  // The first step of it was written, and its answer is all that was lost.
  await rejections.append(many.slice(0, 500), 1)
  for (let time = 0; time < 2; time++) await rejections.append(batch, 1)
  await rejections.append([rejection({ ...stranger, count: 2 })], 2)
  await rejections.append(batch, 1)
  const [counted] = await rejections.list({ reason: 'rate_limited', limit: 9 })
  assert.equal(counted?.count, 7)
  const ports = (await rejections.list({ reason: 'credentials_invalid', limit: 2000 })).map(
    ({ port }) => port,
  )
  assert.deepEqual(
    ports.reverse(),
    many.map(({ port }) => port),
  )
  // Another process counts for itself; without a number nothing is a repetition.
  await other.rejections.append([rejection({ ...stranger, count: 1 })], 1)
  for (let time = 0; time < 2; time++) await rejections.append([rejection({ ...stranger, count: 1 })])
  assert.equal((await rejections.list({ reason: 'rate_limited', limit: 9 }))[0]?.count, 10)
})

test('[A00.FR.323] a refusal whose write was not answered in time is counted once', { skip }, async (t) => {
  const { server, open } = await setting(t, 2_000)
  const { rejections } = await open()
  const batch = [rejection(), rejection({ ...stranger, count: 5 })]
  // Loads the script: what waits in the socket must not fail for the want of it.
  await rejections.append([rejection({ port: 1 })], 1)
  server.signal('SIGSTOP')
  await assert.rejects(rejections.append(batch, 2), { name: 'ProxyError', code: 'store_unavailable' })
  server.signal('SIGCONT')
  for (;;) {
    const isWritten = await rejections.append(batch, 2).then(
      () => true,
      () => false,
    )
    if (isWritten) break
    await new Promise(setImmediate)
  }
  const found = await rejections.list({ limit: 9 })
  assert.deepEqual(
    found.map(({ reason, count }) => [reason, count]),
    [
      ['rate_limited', 5],
      ['credentials_invalid', 1],
      ['credentials_invalid', 1],
    ],
  )
})
