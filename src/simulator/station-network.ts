import { isPayload, type Payload } from '../ocpp/message.ts'
import type { SecurityProfile } from '../policy/facts.ts'
import type { ChargePointSecurity } from './charge-point-security.ts'
import type { CommandTable } from './commands.ts'
import { missingMeans, profileOf } from './security-settings.ts'

/** Network profiles of a charging station of OCPP 2.0.1 (B09, B10), and the order in which they are tried. */
export interface StationNetwork {
  readonly table: CommandTable
  /** NetworkConfigurationPriority. */
  readonly priority: string
  /** Returns the status of SetVariables; the order counts from the next reset on. */
  setPriority(value: string): 'Accepted' | 'Rejected'
  /** A connection was made: profiles of less security are not tried any more (A05). */
  connected(): void
  /** The present one does not work: it is back on the one before. */
  fellBack(): void
}

export interface StationNetworkDeps {
  readonly security: Pick<ChargePointSecurity, 'profile' | 'meansOf' | 'enterProfile' | 'stage'>
  readonly note: (detail: string) => void
  /** It uses another profile from now on. */
  readonly entered: (profile: SecurityProfile) => void
}

interface Slot {
  readonly profile: SecurityProfile
  /** undefined: the one that it leaves the factory with. */
  readonly url: string | undefined
}

const maxSlots = 8

/** Slot 1 is how it leaves the factory. */
export function createStationNetwork({ security, note, entered }: StationNetworkDeps): StationNetwork {
  const slots = new Map<number, Slot>([[1, { profile: security.profile, url: undefined }]])
  let order: readonly number[] = [1]
  let active = 1
  let before = 1

  function refuse(why: string): 'Rejected' {
    note(`network profile refused: ${why}`)
    return 'Rejected'
  }

  function setSlot({ configurationSlot: slot, connectionData }: Payload): 'Accepted' | 'Rejected' {
    if (typeof slot !== 'number' || !isPayload(connectionData)) return refuse('it cannot be read')
    const profile = profileOf(String(connectionData.securityProfile))
    const url = connectionData.ocppCsmsUrl
    if (profile === null || typeof url !== 'string') return refuse('it cannot be read')
    if (slot === active) return refuse(`slot ${slot} is in use`)
    if (profile < security.profile) return refuse('its security is lower than the present one (A05.FR.01)')
    if (slots.size >= maxSlots && !slots.has(slot)) return refuse('there is no slot left')
    slots.set(slot, { profile, url })
    return 'Accepted'
  }

  function enter(slot: number): void {
    const next = slots.get(slot)
    if (next === undefined || slot === active) return
    before = active
    active = slot
    security.enterProfile(next.profile, next.url)
    entered(next.profile)
  }

  return {
    table: Object.freeze({
      SetNetworkProfile: (payload) => ({ kind: 'result', payload: { status: setSlot(payload) } }),
    } satisfies CommandTable),
    get priority() {
      return order.join(',')
    },
    setPriority(value) {
      const asked = value.split(',').map((slot) => Number(slot.trim()))
      const [first] = asked
      if (first === undefined || asked.some((slot) => !slots.has(slot)))
        return refuse('a slot of the order is empty')
      for (const slot of asked) {
        const profile = slots.get(slot)?.profile
        const missing = profile === undefined ? null : missingMeans(profile, security.meansOf(profile))
        if (missing !== null) return refuse(missing)
      }
      order = asked
      security.stage(() => enter(first))
      return 'Accepted'
    },
    connected() {
      order = order.filter((slot) => (slots.get(slot)?.profile ?? 0) >= security.profile)
    },
    fellBack() {
      active = before
    },
  }
}
