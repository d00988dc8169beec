import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { upgraded, upgradeRequest } from '../support/raw-client.ts'
import { assertServed } from '../support/refused.ts'

test('[A05.FR.08] a connection on the higher profile that says nothing does not shut the lower one', async (t) => {
  const proxy = await startProxy(t)
  const password = await proxy.register('CP-1', { securityProfile: 1, upgradeTo: 2 })
  const raw = await upgraded({ port: proxy.port('basic-auth-tls'), tls: {} }, upgradeRequest({ password }))
  // It has read the 101 here; a charge point whose line went down a moment before has not.
  const over = raw.over()
  raw.destroy()
  await over
  const kept = await proxy.store.registry.get('CP-1')
  assert.partialDeepStrictEqual(kept, { securityProfile: 1, upgradeTo: 2 })
  await assertServed(proxy, proxy.chargePoint('basic-auth', { identity: 'CP-1' }))

  await t.test('[A05.FR.09] the first sign of life on the higher one does', async () => {
    const chargePoint = proxy.chargePoint('basic-auth-tls', { identity: 'CP-1' })
    await chargePoint.connect()
    // The pong to the proxy's ping is enough: its own messages wait until the ratchet is on disk.
    await chargePoint.heartbeat()
    const moved = await proxy.store.registry.get('CP-1')
    assert.partialDeepStrictEqual(moved, { securityProfile: 2, upgradeTo: null })
  })
})

test('[A05.FR.09][CWE-613] who is blocked before its first sign of life gets no session by it', async (t) => {
  const proxy = await startProxy(t)
  const password = await proxy.register('CP-1', { securityProfile: 1, upgradeTo: 2 })
  const raw = await upgraded({ port: proxy.port('basic-auth-tls'), tls: {} }, upgradeRequest({ password }))
  await proxy.store.registry.update('CP-1', { blocked: true })
  raw.write(frame('[2,"1","Heartbeat",{}]'))
  await raw.over()
  const kept = await proxy.store.registry.get('CP-1')
  assert.partialDeepStrictEqual(kept, { securityProfile: 1, upgradeTo: 2, lastSeenAt: null })
  const said = proxy.centralEvents.map(({ kind }) => kind)
  assert.deepEqual(
    said.filter((kind) => kind !== 'connected' && kind !== 'disconnected'),
    [],
  )
})
