import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Moment } from '../support/killed-proxy.ts'
import type { ChaosChargePoint } from './charge-point.ts'
import type { World } from './world.ts'

/** One run of all flows at once, each with a charge point of its own, until the proxy is killed. */
export type Round =
  /** At the store: each flow is held at a write of its own; when all are, the process kills itself. */
  | { readonly at: 'store'; readonly group: number; readonly turn: number }
  /** When the last of them has come to this step, seen from outside; each of them waits there. */
  | { readonly at: 'step'; readonly step: string; readonly variant?: string }
  | { readonly at: 'nothing' }

export interface Flow {
  /** Its charge points are called so, and have a number. */
  readonly name: string
  /** Whose writes at the store are moments to be killed at; those of one group can be held at once. */
  readonly groups: (identity: string) => readonly (readonly string[])[]
  readonly isMoment: (method: string) => boolean
  /** Writes that an undisturbed run has to make, or the kills are not where they should be. */
  readonly writes: readonly string[]
  prepare(identity: string, round: Round): Promise<ChaosChargePoint>
  /** Fulfilled in the moment of the step, in which the flow then waits for the death of the proxy. */
  reached(chargePoint: ChaosChargePoint, step: string): Promise<void>
  /** The flow to its end. The proxy may die over it. */
  run(chargePoint: ChaosChargePoint): Promise<unknown>
  /** Between the death and the next start. */
  dead?(chargePoint: ChaosChargePoint): Promise<void>
  /** The next process runs, and the charge point is served by it. */
  recovered(chargePoint: ChaosChargePoint, round: Round): Promise<void>
  /** One process later: every grace is over, and the charge point is away. */
  settled(chargePoint: ChaosChargePoint, round: Round): Promise<void>
}

/** What is held may wait for another that never comes, because writes were gathered: then it ends there. */
const patienceMs = 2_000

interface Party {
  readonly flow: Flow
  readonly round: Round
  readonly chargePoint: ChaosChargePoint
  /** Events of it that belong to the process that has died. */
  readonly past: number
}

type Writes = readonly Omit<Moment, 'when'>[]

/**
 * Runs the flows undisturbed, then once for every step and moment at the store. The process that
 * recovers from one round is the one that the next round kills.
 */
export async function killEverywhere(
  t: TestContext,
  world: World,
  flows: readonly Flow[],
  steps: readonly Round[],
): Promise<void> {
  const chain = new Chain(world, flows)
  const writes = await chain.undisturbed()
  const rounds = [...steps, ...chain.roundsAtStore(writes)]
  for (const round of rounds) {
    const name = nameOf(round)
    await t.test(`killed ${name}`, async (t) => t.diagnostic(await chain.round(round, writes)))
  }
  await t.test('and then everything is as it should be', () => chain.end())
}

function nameOf(round: Round): string {
  switch (round.at) {
    case 'store':
      return `around a write, ${round.group}.${round.turn}`
    case 'step':
      return round.variant === undefined ? `when ${round.step}` : `when ${round.step} (${round.variant})`
    case 'nothing':
      return 'not at all'
  }
}

class Chain {
  readonly #world: World
  readonly #flows: readonly Flow[]
  #number = 0
  #killed: readonly Party[] = []
  #settling: readonly Party[] = []

  constructor(world: World, flows: readonly Flow[]) {
    this.#world = world
    this.#flows = flows
  }

  /** The writes of each flow when nobody disturbs it. */
  async undisturbed(): Promise<readonly Writes[]> {
    await this.#next([])
    await this.#prepare({ at: 'nothing' })
    await this.#world.count()
    await Promise.all(this.#killed.map(({ flow, chargePoint }) => flow.run(chargePoint)))
    assert.equal(await this.#world.ended(), 0)
    await this.#bury()
    const all = this.#world.log.all.filter(({ msg }) => msg === 'write') as unknown as Writes
    return this.#flows.map((flow) => {
      const abouts = flow.groups(this.#identity(flow)).flat()
      const mine = all.filter(({ about, method }) => abouts.includes(about) && flow.isMoment(method))
      const methods = mine.map(({ method }) => method)
      for (const name of flow.writes) assert.ok(methods.includes(name), `${name} is among ${methods}`)
      return mine
    })
  }

  /** Enough turns for the longest. */
  roundsAtStore(writes: readonly Writes[]): readonly Round[] {
    const turns: number[] = []
    for (const [index, flow] of this.#flows.entries()) {
      for (const [group, abouts] of flow.groups(this.#identity(flow)).entries()) {
        for (const about of abouts) {
          const count = (writes[index] ?? []).filter((write) => write.about === about).length
          turns[group] = Math.max(turns[group] ?? 0, 2 * count)
        }
      }
    }
    return turns.flatMap((count, group) =>
      Array.from({ length: count }, (_, turn) => ({ at: 'store', group, turn }) as const),
    )
  }

  /** Recovers from the round before, and runs this one. Returns what happened, for people. */
  async round(round: Round, writes: readonly Writes[]): Promise<string> {
    this.#number += 1
    const moments = round.at === 'store' ? this.#moments(round, writes) : []
    await this.#next(moments)
    await this.#prepare(round)
    const reached =
      round.at === 'step'
        ? this.#killed.map(({ flow, chargePoint }) => flow.reached(chargePoint, round.step))
        : []
    await this.#world.count()
    const runs = this.#killed.map(({ flow, chargePoint }) => this.#world.orDeath(flow.run(chargePoint)))
    if (round.at === 'step')
      await this.#world.orDeath(Promise.race([Promise.all(reached), Promise.all(runs)]))
    else await this.#held(moments, Promise.all(runs))
    this.#world.kill()
    assert.equal(await this.#world.died(), 'SIGKILL')
    const held = this.#world.log.all.filter(({ msg }) => msg === 'held')
    if (round.at === 'store') assert.ok(held.length > 0, 'nothing was held')
    await this.#bury()
    return held.map(({ about, method, number, when }) => `${when} ${method} ${number} of ${about}`).join('; ')
  }

  /** Two more processes, so that the last round is settled as well. */
  async end(): Promise<void> {
    await this.#next([])
    await this.#world.ended()
    await this.#next([])
  }

  #identity({ name }: Flow, number = this.#number): string {
    return `${name}-${number}`
  }

  #moments({ group, turn }: Round & { at: 'store' }, writes: readonly Writes[]): readonly Moment[] {
    return this.#flows.flatMap((flow, index) => {
      const abouts = flow.groups(this.#identity(flow))[group] ?? []
      const first = flow.groups(`${flow.name}-0`)[group] ?? []
      return abouts.flatMap((about, lane): Moment[] => {
        const known = (writes[index] ?? []).filter((write) => write.about === first[lane])
        const write = known[Math.floor(turn / 2) % known.length]
        return write === undefined ? [] : [{ ...write, about, when: turn % 2 === 0 ? 'before' : 'after' }]
      })
    })
  }

  /** Until the process has killed itself, or nothing more comes. */
  async #held(moments: readonly Moment[], runs: Promise<unknown>): Promise<void> {
    assert.ok(moments.length > 0)
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = this.#world.log
      .wait('a held write', ({ msg }) => msg === 'held')
      .then(() => setTimeout(resolve, patienceMs))
      .catch(() => null)
    await Promise.race([this.#world.process.exit, late, runs])
    clearTimeout((await Promise.race([timer, null])) ?? undefined)
  }

  async #prepare(round: Round): Promise<void> {
    this.#killed = await Promise.all(
      this.#flows.map(async (flow) => {
        const chargePoint = await flow.prepare(this.#identity(flow), round)
        return { flow, round, chargePoint, past: 0 }
      }),
    )
  }

  /** The process is dead. */
  async #bury(): Promise<void> {
    const dead: Party[] = []
    for (const party of this.#killed) {
      await party.flow.dead?.(party.chargePoint)
      dead.push({ ...party, past: party.chargePoint.release() })
    }
    this.#killed = dead
  }

  /** Starts the next process, and looks at what the ones before it have left. */
  async #next(moments: readonly Moment[]): Promise<void> {
    const [killed, settling] = [this.#killed, this.#settling]
    this.#killed = []
    this.#settling = killed
    await this.#world.start(moments)
    await Promise.all(settling.map(({ flow, chargePoint, round }) => flow.settled(chargePoint, round)))
    await Promise.all(
      killed.map(async ({ flow, chargePoint, round, past }) => {
        await chargePoint.served(past)
        await flow.recovered(chargePoint, round)
        await chargePoint.close()
      }),
    )
  }
}
