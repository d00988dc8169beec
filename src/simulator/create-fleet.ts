import { behaviourOf, type Misbehaviour } from './behaviour.ts'
import { type ChargePoint, type ChargePointOptions, createChargePoint } from './charge-point.ts'
import { sumTraffic, type TrafficCounts } from './traffic.ts'

export interface FleetOptions {
  readonly count: number
  /** By number, from 1; `CP-1`, `CP-2` and so on by default. */
  readonly identity?: (number: number) => string
  /** What each has; by number, from 1. */
  readonly options: (number: number, identity: string) => Omit<ChargePointOptions, 'identity' | 'behaviour'>
  readonly misbehaviour?: Misbehaviour
}

export interface Fleet {
  readonly members: readonly ChargePoint[]
  /** Those that behave, those that do not. */
  readonly obedient: readonly ChargePoint[]
  readonly others: readonly ChargePoint[]
  /** All of them together. */
  traffic(): TrafficCounts
  close(): Promise<void>
}

/** N charge points, some of which misbehave: for campaigns, and for tests of them. */
export function createFleet(fleet: FleetOptions): Fleet {
  const { count, misbehaviour } = fleet
  const identityOf = fleet.identity ?? ((number: number) => `CP-${number}`)
  const obedient: ChargePoint[] = []
  const others: ChargePoint[] = []
  const members = Array.from({ length: count }, (_, index) => {
    const number = index + 1
    const identity = identityOf(number)
    const behaviour = misbehaviour === undefined ? {} : behaviourOf(number, misbehaviour)
    const member = createChargePoint({ ...fleet.options(number, identity), identity, behaviour })
    const behaves = Object.values(behaviour).every((how) => how === 'accept')
    ;(behaves ? obedient : others).push(member)
    return member
  })
  return {
    members,
    obedient,
    others,
    traffic: () => sumTraffic(members.map((member) => member.traffic())),
    async close() {
      await Promise.all(members.map((member) => member.close()))
    },
  }
}
