import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownDenyList } from '../../../src/app/replicas/known-denied.ts'
import { createOutage } from '../../../src/app/replicas/outage.ts'
import { ProxyError } from '../../../src/policy/error.ts'
import { openRedisStore } from '../../../src/store/redis.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'

const skip = withoutRedis

const certificate = (number: number) => ({
  fingerprint: String(number).repeat(64),
  serialNumber: `A${number}`,
  issuer: `CN=Root ${number}`,
})

test('[A00.FR.702][CWE-636] while the store is away the deny list is what it was, for whom it was asked about', {
  skip,
}, async (t) => {
  const server = await RedisServer.start({ args: ['--appendfsync', 'no'] })
  const store = await openRedisStore(settingsOf(server.url))
  const other = await openRedisStore(settingsOf(server.url))
  t.after(async () => {
    await Promise.all([store.close(), other.close()])
    await server.end()
  })
  const { shared } = store
  assert.ok(shared)
  const state = { isAway: false, asked: 0 }
  const clock = { at: 0 }
  const outage = createOutage({
    graceMs: () => 1000,
    now: () => clock.at,
    noted() {},
    log: { info() {}, warn() {}, error() {} },
  })
  const cut = {
    ...store.denied,
    find: async (subject: Parameters<typeof store.denied.find>[0]) => {
      state.asked += 1
      if (state.isAway) throw new ProxyError('store_unavailable', 'operator', 'away')
      return store.denied.find(subject)
    },
  }
  const known = knownDenyList({ denied: cut, outage, maxKnown: 4 })
  const [one, two, three] = [certificate(1), certificate(2), certificate(3)]
  for (const subject of [one, two]) assert.equal(await known.find(subject), null)

  const start = await shared.denialsAfter(null)
  const deny = { note: 'stolen', by: 'operator', identity: null, at: 1, expiresAt: null } as const
  const serial = { kind: 'serial', serialNumber: '0A:2', issuer: null } as const
  await other.denied.add({ ...deny, target: serial })
  await other.denied.add({ ...deny, target: { kind: 'fingerprint', fingerprint: '9'.repeat(64) } })
  const changes = await shared.denialsAfter(start.revision)
  assert.deepEqual(changes.names, ['serial:A2', `fingerprint:${'9'.repeat(64)}`])
  state.asked = 0
  await known.refresh(changes.names)
  assert.equal(state.asked, 1, 'only whom it is about')

  state.isAway = true
  assert.equal(await known.find(one), null)
  assert.equal((await known.find(two))?.note, 'stolen')
  await assert.rejects(known.find(three), { code: 'store_unavailable' }, 'nobody has asked about it')
  await assert.rejects(
    known.find({ ...one, issuer: 'CN=Another' }),
    { code: 'store_unavailable' },
    'another certificate',
  )
  await assert.rejects(known.refresh(null), { code: 'store_unavailable' })
  clock.at = 1001
  await assert.rejects(known.find(one), { code: 'store_unavailable' }, 'the grace is over')

  state.isAway = false
  await other.denied.remove(serial)
  const later = await shared.denialsAfter(changes.revision)
  assert.deepEqual(later.names, ['serial:A2'])
  await known.refresh(later.names)
  state.isAway = true
  clock.at = 0
  assert.equal(await known.find(two), null)
})
