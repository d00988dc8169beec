import assert from 'node:assert/strict'
import { ChaosChargePoint } from './charge-point.ts'
import { statusAtGate } from './gate.ts'
import type { Flow } from './rounds.ts'
import { behaviourIn, restarted } from './variant.ts'
import type { World } from './world.ts'

/**
 * A05, from 1 to 2: the charge point comes in afterwards on the profile that it is on, and once it was on
 * the higher one, on no other.
 */
export function profileFlow(
  world: World,
  name: string,
  /** A05.FR.08 leaves open how often it tries before it goes back. */
  fallbackAttempts: number,
  run: (chargePoint: ChaosChargePoint) => Promise<unknown>,
): Flow {
  const kept = async ({ identity }: ChaosChargePoint) => {
    const record = await world.store.registry.get(identity)
    return { kept: record?.securityProfile, door: record?.upgradeTo }
  }
  return {
    name,
    groups: (identity) => [[identity]],
    isMoment: (method) => method.startsWith('registry.'),
    writes: ['registry.update', 'registry.recordSuccess'],
    prepare: (identity, round) =>
      ChaosChargePoint.start(world, identity, {
        behaviour: behaviourIn(round),
        // At a moment of the store it is about the ratchet; see fallback.test.ts for who gives up there.
        ...(round.at === 'step' ? { fallbackAttempts } : {}),
      }),
    reached: (chargePoint, step) => chargePoint.reached(step),
    run,

    async recovered(chargePoint, round) {
      const { simulated } = chargePoint
      if (behaviourIn(round) === 'reboot-required') {
        assert.deepEqual([simulated.securityProfile, await kept(chargePoint)], [1, { kept: 1, door: 2 }])
        await restarted(world, chargePoint)
        assert.equal(simulated.securityProfile, 2)
      }
      // A05.FR.09: on 2 the door to 1 is shut with its first connection; on 1 nothing is, so that it gets in.
      if (simulated.securityProfile === 2) assert.deepEqual(await kept(chargePoint), { kept: 2, door: null })
      else assert.equal((await kept(chargePoint)).kept, 1)
    },

    async settled({ identity, password, simulated }) {
      const isUp = simulated.securityProfile === 2
      assert.equal(await statusAtGate(world, 'basic-auth', identity, password), isUp ? 403 : 101)
      if (isUp) assert.equal(await statusAtGate(world, 'basic-auth-tls', identity, password), 101)
    },
  }
}
