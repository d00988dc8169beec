import type { Payload } from '../../ocpp/message.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import { toldVariables } from '../../policy/variables-201.ts'
import type { Call, CallOutcome } from '../../relay/use-case.ts'
import type { ChangeAnswer } from '../operation/answer.ts'
import { callOptions, type Operation, type OperationDeps } from '../operation/context.ts'
import { readProfileAnswer, readVariableAnswer } from './answer.ts'

/** An entry of `profileUpgrade.networkProfiles`. */
export interface NetworkProfile {
  readonly securityProfile: SecurityProfile
  readonly url: string
  readonly interface: string
  /** Milliseconds. */
  readonly messageTimeout: number
  /** The operator's word: OCPP 2.0.1 has no message that tells what a slot holds, so none is known to be free. */
  readonly slot: number
}

export interface ProfileAskingDeps extends Pick<OperationDeps, 'callTimeoutMs'> {
  /** A CALL that a charging station has taken: what a slot holds is known from then on. */
  readonly taken: (call: Call, identity: string) => void
}

const component = Object.freeze({ name: 'OCPPCommCtrlr' })
const variable = Object.freeze({ name: 'NetworkConfigurationPriority' })
const folded = 'networkconfigurationpriority'
const active = Object.freeze({ name: 'ActiveNetworkProfile' })
const foldedActive = 'activenetworkprofile'

/**
 * A05 of OCPP 2.0.1: the higher profile goes into a slot, and the slot to the front of the list of those that
 * are tried; what was there stays behind it, for the way back. It counts from the next start on.
 */
export async function askNetworkProfile(
  deps: ProfileAskingDeps,
  operation: Operation,
  profile: NetworkProfile,
): Promise<ChangeAnswer> {
  const { session, identity } = operation
  const options = () => callOptions(deps, operation)
  const ask = (of: { readonly name: string }) =>
    session.callChargePoint('GetVariables', { getVariableData: [{ component, variable: of }] }, options())
  const told = await ask(variable)
  const present = toldOf(told, folded)
  const order = present === null ? null : slotsOf(present)
  // Whoever is told another order than it has could lose its way back.
  if (order === null) {
    const detail = 'it does not tell its NetworkConfigurationPriority; nothing was changed'
    return { kind: 'refused', code: told.kind === 'result' ? 'not_supported' : 'error_answer', detail }
  }
  const { slot } = profile
  if (order.includes(slot)) {
    // Alone in a message: a charging station need not take two variables in one (ItemsPerMessage).
    const used = toldOf(await ask(active), foldedActive)?.trim() ?? (order.length === 1 ? String(slot) : null)
    if (used === String(slot)) return inUse(slot)
  }
  const payload = setNetworkProfile(slot, profile)
  const set = readProfileAnswer(await session.callChargePoint('SetNetworkProfile', payload, options()))
  if (set.kind === 'refused') return { ...set, detail: `SetNetworkProfile: ${set.detail}` }
  if (set.kind === 'unknown') return notYet(`SetNetworkProfile: ${set.detail}`)
  deps.taken({ direction: 'to-charge-point', id: '', action: 'SetNetworkProfile', payload }, identity)
  const attributeValue = [slot, ...order.filter((other) => other !== slot)].join(',')
  const first = { setVariableData: [{ attributeValue, component, variable }] }
  const answer = readVariableAnswer(
    await session.callChargePoint('SetVariables', first, options()),
    new Set([folded]),
  )
  switch (answer.kind) {
    case 'accepted':
    case 'reboot-required':
      return { kind: 'reboot-required' }
    case 'refused':
    case 'unknown':
      return { ...answer, detail: `NetworkConfigurationPriority: ${answer.detail}` }
    default:
      return answer satisfies never
  }
}

/** What GetVariables.conf tells of one variable; null: nothing. */
function toldOf(outcome: CallOutcome, name: string): string | null {
  return outcome.kind === 'result' ? (toldVariables(outcome.payload).get(name) ?? null) : null
}

/** A05.FR.08: whoever overwrites it takes away the way back. */
function inUse(slot: number): ChangeAnswer {
  const detail = `slot ${slot} is the one that it is connected by, and its way back: name another one in profileUpgrade.networkProfiles`
  return { kind: 'refused', code: 'refused', detail }
}

/** A slot that no order names changes nothing. */
function notYet(detail: string): ChangeAnswer {
  return { kind: 'refused', code: 'error_answer', detail: `${detail}; its order of profiles is as it was` }
}

/** null: it is no list of slots. */
function slotsOf(text: string): readonly number[] | null {
  const slots = text.split(',').map((slot) => slot.trim())
  if (text.length > 1000 || slots.some((slot) => !/^\d{1,4}$/.test(slot))) return null
  return slots.map(Number)
}

function setNetworkProfile(configurationSlot: number, profile: NetworkProfile): Payload {
  return {
    configurationSlot,
    connectionData: {
      // The only name that its schema has for 2.0.1.
      ocppVersion: 'OCPP20',
      ocppTransport: 'JSON',
      ocppCsmsUrl: profile.url,
      messageTimeout: profile.messageTimeout / 1000,
      securityProfile: profile.securityProfile,
      ocppInterface: profile.interface,
    },
  }
}
