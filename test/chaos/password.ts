import assert from 'node:assert/strict'
import { matches } from '../../src/gate/credentials/hash.ts'
import { ChaosChargePoint } from './charge-point.ts'
import { statusAtGate } from './gate.ts'
import type { Flow, Round } from './rounds.ts'
import { behaviourIn, restarted } from './variant.ts'
import type { World } from './world.ts'

/** A01: whoever begins it, the charge point comes in afterwards, and in the end with one password only. */
export function passwordFlow(
  world: World,
  name: string,
  run: (chargePoint: ChaosChargePoint) => Promise<unknown>,
): Flow {
  async function validity({ identity, first, offered }: ChaosChargePoint) {
    const record = await world.store.registry.get(identity)
    const hashes = [record?.credential, record?.credentialChange?.next]
    const isValid = async (key: Buffer | null) =>
      key !== null &&
      (await Promise.all(hashes.map(async (hash) => hash && matches(hash, key)))).includes(true)
    return {
      change: record?.credentialChange ?? null,
      old: await isValid(first),
      new: await isValid(offered),
    }
  }

  return {
    name,
    groups: (identity) => [[identity]],
    isMoment: (method) => method.startsWith('registry.'),
    writes: ['registry.beginCredentialChange', 'registry.stepCredentialChange', 'registry.recordSuccess'],
    prepare: (identity, round) => ChaosChargePoint.start(world, identity, { behaviour: behaviourIn(round) }),
    reached: (chargePoint, step) => chargePoint.reached(step),
    run,

    async recovered(chargePoint: ChaosChargePoint, round: Round) {
      const hasNew = chargePoint.password !== chargePoint.first
      const now = await validity(chargePoint)
      if (hasNew) {
        // A01.FR.03: it has logged in with the new one, so the old one has ended.
        assert.partialDeepStrictEqual(now, { change: null, old: false, new: true })
        return
      }
      assert.ok(now.old, 'it works on with the password that it has')
      // It has come with the old one, and may have the new one nevertheless: that waits for the end of the grace.
      assert.equal(now.new, chargePoint.offered !== null && now.change !== null)
      if (behaviourIn(round) !== 'reboot-required') return
      assert.ok(now.new, 'the one that it takes at its next start')
      await restarted(world, chargePoint)
      assert.notEqual(chargePoint.password, chargePoint.first)
      assert.partialDeepStrictEqual(await validity(chargePoint), { change: null, old: false, new: true })
    },

    async settled({ identity, password, first, offered }) {
      const record = await world.store.registry.get(identity)
      assert.equal(record?.credentialChange, null, 'nothing is open any more')
      const other = password === first ? offered : first
      if (other !== null) assert.equal(await statusAtGate(world, 'basic-auth', identity, other), 401)
      assert.equal(await statusAtGate(world, 'basic-auth', identity, password), 101)
    },
  }
}
