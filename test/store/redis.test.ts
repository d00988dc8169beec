import { after, before, test } from 'node:test'
import { openRedisStore } from '../../src/store/redis.ts'
import type { Store } from '../../src/store/store.ts'
import { RedisServer, settingsOf, withoutRedis } from '../support/redis-server.ts'
import { storeContract } from './contract.ts'

let server: RedisServer | null = null
let used = 0

before(async () => {
  if (withoutRedis === false) server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
})
after(() => server?.end())

if (withoutRedis !== false) {
  test('the contract of the store holds for redis', { skip: withoutRedis }, () => {})
} else {
  storeContract('redis', async () => {
    const clock = { at: 1_700_000_000_000 }
    used += 1
    const keyPrefix = `test-${used}`
    const open = () => openRedisStore(settingsOf(server?.url ?? '', { keyPrefix }), { now: () => clock.at })
    const store = await open()
    const others: Store[] = []
    const again = async () => {
      const other = await open()
      others.push(other)
      return other
    }
    const end = async () => {
      for (const one of [store, ...others]) await one.close()
    }
    return { store, again, clock, end }
  })
}
