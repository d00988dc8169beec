import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChaosChargePoint } from './charge-point.ts'
import { World } from './world.ts'

/** Around the write of the ratchet the charge point has been told 101, and knows that the higher profile works. */
for (const when of ['before', 'after'] as const) {
  test(`[A05.FR.08] [A05.FR.09] killed ${when} the ratchet is on disk, one that falls back at once is served again`, async (t) => {
    const world = await World.open(t)
    const identity = 'CP-1'
    await world.start([{ about: identity, method: 'registry.recordSuccess', number: 1, when }])
    const chargePoint = await ChaosChargePoint.start(world, identity, { fallbackAttempts: 1 })
    await world.count()
    await world.post(`/charge-points/${identity}/security-profile`, { to: 2, timeoutSeconds: 30 })
    assert.equal(await world.died(), 'SIGKILL')
    const kept = await world.store.registry.get(identity)
    assert.equal(kept?.securityProfile, when === 'before' ? 1 : 2)
    assert.equal(chargePoint.simulated.securityProfile, 2, 'it has been told that it is connected')

    const from = chargePoint.events.all.length
    chargePoint.release()
    await world.start([])
    await chargePoint.events.next('a connection', ({ kind }) => kind === 'connected', from)
    assert.equal((await chargePoint.simulated.heartbeat()).kind, 'result')
    assert.equal((await world.store.registry.get(identity))?.securityProfile, 2)
  })
}
