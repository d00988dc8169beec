import { isPayload, type Payload } from '../../ocpp/message.ts'
import { BoundedMap } from '../../policy/bounded-map.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import { profileVariables } from '../../policy/messages-201.ts'
import { refusedVariables, variablesOf } from '../../policy/variables-201.ts'
import type { Call } from '../../relay/use-case.ts'
import type { ProfileMessage } from '../profile-upgrade/profile-upgrade.ts'
import { type AskedProfile, askedProfiles, profileOf } from '../profile-upgrade/request.ts'
import type { RequestVerdict } from '../profile-upgrade/rules.ts'
import { readProfileAnswer, readVariableAnswer } from './answer.ts'

/** Charging stations whose slots are remembered, and slots of each. */
const maxStations = 10_000
const maxSlots = 32

type Slots = Map<number, SecurityProfile>

/** Reason code of OCPP 2.0.1, appendix 5. */
const noDowngrade = 'NoSecurityDowngrade'

/**
 * OCPP 2.0.1, A05 and B09: SetNetworkProfile names the security profile of a slot, NetworkConfigurationPriority
 * the slots in the order in which they are tried. What slots hold is known as far as it was seen passing since
 * the proxy started; of others the ratchet at the gate decides, which a lower profile never passes.
 */
export function networkProfiles(): ProfileMessage {
  const stations = new BoundedMap<string, Slots>(maxStations)
  return {
    protocol: 'ocpp2.0.1',
    watches: [
      { direction: 'to-charge-point', action: 'SetNetworkProfile' },
      { direction: 'to-charge-point', action: 'SetVariables' },
      { direction: 'to-charge-point', action: 'DataTransfer' },
    ],
    asked: (call, identity) => askedBy(call, stations.get(identity)),
    judge: judgeProfiles,
    refused: ({ action, payload }) =>
      action === 'SetVariables'
        ? refusedVariables(payload, noDowngrade)
        : { status: 'Rejected', statusInfo: { reasonCode: noDowngrade } },
    answered: (answer, { action }) =>
      action === 'SetVariables' ? readVariableAnswer(answer, profileVariables) : readProfileAnswer(answer),
    taken({ action, payload }, identity) {
      const profile = action === 'SetNetworkProfile' ? profileOfSlot(payload) : null
      const slot = payload.configurationSlot
      if (profile === null || typeof slot !== 'number') return
      const slots: Slots = stations.get(identity) ?? new Map()
      if (slots.size < maxSlots || slots.has(slot)) slots.set(slot, profile)
      stations.set(identity, slots)
    },
    isImmediate: false,
  }
}

/** The lowest that is asked for must not be below the present one; the highest is let in. */
export function judgeProfiles(asked: readonly AskedProfile[], present: SecurityProfile): RequestVerdict {
  let to = present
  for (const profile of asked) {
    if (profile === null) return { kind: 'refuse', detail: 'the value is no security profile' }
    if (profile < present) {
      return { kind: 'refuse', detail: `profile ${profile} is lower than the present one, ${present}` }
    }
    if (profile > to) to = profile
  }
  return to > present ? { kind: 'raise', to } : { kind: 'pass' }
}

function askedBy(call: Call, slots: Slots | undefined): readonly AskedProfile[] {
  switch (call.action) {
    case 'SetNetworkProfile':
      return [profileOfSlot(call.payload)]
    case 'SetVariables':
      return variablesOf(call.payload).flatMap(({ variable, value }): readonly AskedProfile[] => {
        if (variable === 'securityprofile') return [profileOf(value)]
        return profileVariables.has(variable) ? profilesOfSlots(value, slots) : []
      })
    default:
      return askedProfiles(call)
  }
}

function profileOfSlot({ connectionData }: Payload): AskedProfile {
  return isPayload(connectionData) ? profileOf(connectionData.securityProfile) : null
}

/** Of a list such as "1,2"; slots that nobody knows are left out. */
function profilesOfSlots(value: unknown, slots: Slots | undefined): readonly SecurityProfile[] {
  if (typeof value !== 'string' || slots === undefined) return []
  return value.split(',').flatMap((slot) => slots.get(Number(slot.trim())) ?? [])
}
