import { type ChangeBehaviour, changeBehaviours } from '../../src/simulator/behaviour.ts'
import { type ChaosChargePoint, changeSteps } from './charge-point.ts'
import type { Round } from './rounds.ts'
import type { World } from './world.ts'

/** Charge points that do not simply accept, and the step at which that matters. */
export const variants: readonly Round[] = [
  { at: 'step', step: changeSteps.called, variant: 'drop-before' satisfies ChangeBehaviour },
  { at: 'step', step: changeSteps.hungUp, variant: 'drop-after' satisfies ChangeBehaviour },
  { at: 'step', step: changeSteps.answered, variant: 'refuse' satisfies ChangeBehaviour },
  { at: 'step', step: changeSteps.answered, variant: 'reboot-required' satisfies ChangeBehaviour },
]

/** How charge points take a change in this round. */
export function behaviourIn(round: Round): ChangeBehaviour {
  const variant = round.at === 'step' ? round.variant : undefined
  return (Object.keys(changeBehaviours) as ChangeBehaviour[]).find((known) => known === variant) ?? 'accept'
}

/** The central system sends Reset, which is how a change with RebootRequired is taken. */
export async function restarted(world: World, chargePoint: ChaosChargePoint): Promise<void> {
  const from = chargePoint.events.all.length
  await world.central.send(chargePoint.identity, 'Reset', { type: 'Soft' })
  const next = await chargePoint.events.next('the end', ({ kind }) => kind === 'disconnected', from)
  await chargePoint.served(next)
}
