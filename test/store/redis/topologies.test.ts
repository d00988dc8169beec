import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { openRedisStore } from '../../../src/store/redis.ts'
import type { Store } from '../../../src/store/store.ts'
import { makeAuthority } from '../../support/authority.ts'
import { RedisServer, settingsOf, withoutRedis } from '../../support/redis-server.ts'
import { reported } from '../contract/security-events.ts'

const skip = withoutRedis

/** What touches every part of the store, and more than one key of each. */
async function use(store: Store): Promise<void> {
  await store.check()
  await store.registry.addAll([
    { identity: 'CP1', fields: { serialNumber: 'S1' } },
    { identity: 'CP2', fields: { serialNumber: 'S2' } },
  ])
  assert.equal((await store.registry.findBySerialNumber('S2'))?.identity, 'CP2')
  assert.equal(await store.events.append([reported(), reported({ identity: 'CP2' })]), 2)
  assert.equal((await store.events.list({ identity: 'CP2', limit: 9 })).length, 1)
  assert.equal(await store.events.prune(0, 0), 2)
  assert.equal(await store.registry.remove('CP1'), true)
}

test('a cluster: what changes together lives in one slot', { skip }, async (t) => {
  const nodes: RedisServer[] = []
  t.after(() => Promise.all(nodes.map((node) => node.end())))
  for (const _ of [1, 2, 3]) {
    nodes.push(await RedisServer.start({ args: ['--cluster-enabled', 'yes'] }))
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const made = spawnSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(made.status, 0, made.stdout + made.stderr)
  // Every node has heard of the others, and takes writes some time later.
  for (const { port } of nodes) {
    const info = () => spawnSync('redis-cli', ['-p', String(port), 'cluster', 'info'], { encoding: 'utf8' })
    while (!info().stdout.includes('cluster_state:ok'));
  }
  const settings = settingsOf('', { mode: 'cluster', urls: addresses.map((one) => `redis://${one}`) })
  const store = await openRedisStore(settings)
  t.after(() => store.close())
  await use(store)
})

test('sentinels tell where the primary is', { skip }, async (t) => {
  const primary = await RedisServer.start()
  t.after(() => primary.end())
  const sentinel = await RedisServer.startSentinel(primary.port, 'fleet')
  t.after(() => sentinel.end())
  const store = await openRedisStore(settingsOf(sentinel.url, { mode: 'sentinel', sentinelName: 'fleet' }))
  t.after(() => store.close())
  await use(store)
})

test('[CWE-295] TLS with a client certificate; a server of another authority is refused', {
  skip,
}, async (t) => {
  const [ours, others] = await Promise.all([makeAuthority(), makeAuthority()])
  const [server, client] = await Promise.all([ours.server('ecdsa'), ours.server('ecdsa')])
  const redis = await RedisServer.startTls({ chain: server.chain, key: server.key, ca: ours.certificate })
  t.after(() => redis.end())
  const tls = { certificate: client.chain, key: client.key, serverName: 'localhost' }
  const url = `rediss://127.0.0.1:${redis.port}`
  const store = await openRedisStore(settingsOf(url, { tls: { ...tls, ca: ours.certificate } }))
  t.after(() => store.close())
  await use(store)
  const wrong = openRedisStore(settingsOf(url, { timeout: 1000, tls: { ...tls, ca: others.certificate } }))
  await assert.rejects(wrong, { code: 'store_unavailable' })
})
