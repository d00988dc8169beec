import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type ChaosChargePoint, changeSteps } from './charge-point.ts'
import { passwordFlow } from './password.ts'
import { profileFlow } from './profile.ts'
import { killEverywhere } from './rounds.ts'
import { variants } from './variant.ts'
import { World } from './world.ts'

test('[A01.FR.03] [A01.FR.04] [A05.FR.08] [A05.FR.09] kill -9 at any step of a change of password or profile locks nobody out', async (t) => {
  const world = await World.open(t)

  function ask(what: string, body: object) {
    return ({ identity }: ChaosChargePoint) =>
      world.post(`/charge-points/${identity}/${what}`, { timeoutSeconds: 30, ...body })
  }

  /** By the central system: done when the charge point is back and was heard. */
  async function set(chargePoint: ChaosChargePoint, key: string, value: string): Promise<void> {
    const from = chargePoint.events.all.length
    await world.central.changeConfiguration(chargePoint.identity, key, value)
    await chargePoint.served(
      await chargePoint.events.next('its end', ({ kind }) => kind === 'disconnected', from),
    )
  }

  const flows = [
    passwordFlow(world, 'password-operator', ask('password', {})),
    passwordFlow(world, 'password-passing', (chargePoint) =>
      set(chargePoint, 'AuthorizationKey', world.secret(randomBytes(20)).toString('hex')),
    ),
    profileFlow(world, 'profile-operator', Number.POSITIVE_INFINITY, ask('security-profile', { to: 2 })),
    profileFlow(world, 'profile-passing', 1, (chargePoint) => set(chargePoint, 'SecurityProfile', '2')),
  ]
  const steps = Object.values(changeSteps).map((step) => ({ at: 'step', step }) as const)
  await killEverywhere(t, world, flows, [...steps, ...variants])
})
