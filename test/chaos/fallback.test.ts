import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChaosChargePoint } from './charge-point.ts'
import { World } from './world.ts'

/**
 * Between the moment in which the ratchet is on disk and the 101 there is no telling whether the charge point
 * knows. One that gives up at its first failed attempt (A05.FR.08, a SHOULD) then comes on a profile that is
 * shut (A05.FR.09, a SHALL). What helps: its next try of the higher one, or an operator.
 */
test('[A05.FR.08] [A05.FR.09] killed between the ratchet and the 101, the higher profile is what counts', async (t) => {
  const world = await World.open(t)
  const identity = 'CP-1'
  await world.start([{ about: identity, method: 'registry.recordSuccess', number: 1, when: 'after' }])
  const chargePoint = await ChaosChargePoint.start(world, identity, { fallbackAttempts: 1 })
  await world.count()
  await world.post(`/charge-points/${identity}/security-profile`, { to: 2, timeoutSeconds: 30 })
  assert.equal(await world.died(), 'SIGKILL')
  const kept = await world.store.registry.get(identity)
  assert.partialDeepStrictEqual(kept, { securityProfile: 2, upgradeTo: null })
  assert.equal(chargePoint.simulated.securityProfile, 1, 'it has heard nothing, and is back on the old one')

  const past = chargePoint.release()
  await world.start([])
  await chargePoint.events.next(
    'a refusal',
    (event) => event.kind === 'refused' && event.detail.includes('403'),
    past,
  )
  // The log line is written once the record is durable.
  await world.log.wait('its log line', ({ msg }) => msg === 'refused')
  const [refusal] = await world.store.rejections.list({ identity, limit: 1 })
  assert.partialDeepStrictEqual(refusal, { reason: 'profile_mismatch', identity })

  await t.test('an operator lets it in again, and up again', async () => {
    const from = chargePoint.events.all.length
    await world.store.registry.update(identity, { securityProfile: 1 })
    await chargePoint.events.next('a connection', ({ kind }) => kind === 'connected', from)
    assert.equal((await chargePoint.simulated.heartbeat()).kind, 'result')
    const answer = await world.post(`/charge-points/${identity}/security-profile`, { to: 2 })
    assert.partialDeepStrictEqual(answer, { ok: true })
    assert.equal(chargePoint.simulated.securityProfile, 2)
  })
})
