import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { readerOf } from '../../src/usecases/security-events/outbox.ts'
import { ChaosChargePoint } from './charge-point.ts'
import { Happened } from './happened.ts'
import { linesOf, openHook, type Received, receiverSteps, Steps } from './receivers.ts'
import { type Flow, killEverywhere } from './rounds.ts'
import { World } from './world.ts'

const count = 2
const action = 'SecurityEventNotification'

/** Where events go: who remembers how far it has got, and what has come there. */
interface Way {
  readonly reader: (identity: string) => string
  readonly received: () => readonly Received[]
  /** Events go out one by one, and not before the one before is noted as dealt with. */
  readonly isOneByOne: boolean
}

/** How it stood when the proxy was dead. */
interface Death {
  readonly confirmed: number
  readonly stored: number
  /** Of each way: what it had dealt with, and how much had come by then. */
  readonly ways: readonly { readonly dealtWith: ReadonlySet<string | null>; readonly past: number }[]
}

test('[A04.FR.02] [principle 4] kill -9 at any step of event delivery loses no confirmed event, and repeats none that is acknowledged', async (t) => {
  const steps = new Steps()
  const hook = await openHook(t, steps)
  const central = new Happened<Received>('the central system')
  let file = ''
  const world = await World.open(t, {
    config(folder) {
      file = join(folder, 'events.jsonl')
      const sinks = [
        { file: { name: 'file', path: file } },
        { webhook: { name: 'hook', url: hook.url, batch: 1 } },
      ]
      return { securityEvents: { toCentralSystem: action, perMinute: 1000, sinks } }
    },
    central: {
      answer(identity, call) {
        if (call.action !== action) return null
        central.add({ identity, techInfo: String(call.payload.techInfo) })
        return steps.come(receiverSteps.centralGot).then(() => ({ kind: 'result', payload: {} }))
      },
    },
  })
  world.centralListeners.add((event) => {
    if (isAnswer(event, 'sent')) void steps.come(receiverSteps.centralAnswered)
  })

  const ways: readonly Way[] = [
    { reader: readerOf, received: () => central.all, isOneByOne: true },
    { reader: () => 'sink/file/file', received: () => linesOf(file), isOneByOne: false },
    { reader: () => 'sink/webhook/hook', received: () => hook.received.all, isOneByOne: true },
  ]
  const deaths = new Map<string, Death>()
  const of = (identity: string, all: readonly Received[]) =>
    all.filter((one) => one.identity === identity).map(({ techInfo }) => techInfo)
  const stored = async (identity: string) =>
    (await world.store.events.list({ identity, origin: 'charge-point', afterId: 0, limit: 100 })).map(
      ({ id, techInfo }) => ({ id, techInfo }),
    )
  const all = Array.from({ length: count }, (_, index) => `event ${index + 1}`)

  /** Every way has everything. Files do not tell when they grow: theirs are written before their cursor moves. */
  async function arrived({ identity, events }: ChaosChargePoint): Promise<void> {
    const isWhole = (received: readonly Received[]) =>
      all.every((text) => of(identity, received).includes(text))
    await central.until('all events', () => isWhole(central.all))
    await hook.received.until('all events', () => isWhole(hook.received.all))
    await events.until('all confirmations', () => confirmations(events.all) >= count)
    const last = (await stored(identity)).at(-1)?.id ?? 0
    while (((await world.store.events.cursor('sink/file/file')) ?? 0) < last) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  const flow: Flow = {
    name: 'events',
    groups: (identity) => [[identity], ways.map(({ reader }) => reader(identity))],
    isMoment: (method) => method.startsWith('events.'),
    writes: ['events.append', 'events.setCursor'],
    prepare: (identity) => ChaosChargePoint.start(world, identity),
    reached: (chargePoint, step) => Promise.race([chargePoint.reached(step), steps.reached(step)]),
    async run(chargePoint) {
      for (const text of all) chargePoint.simulated.raise('TamperDetectionActivated', text)
      await arrived(chargePoint)
    },

    async dead({ identity, events }) {
      steps.release()
      const records = await stored(identity)
      const cursors = await Promise.all(
        ways.map(async ({ reader }) => (await world.store.events.cursor(reader(identity))) ?? 0),
      )
      const dealtWith = (cursor: number) =>
        new Set(records.filter(({ id }) => id <= cursor).map(({ techInfo }) => techInfo))
      deaths.set(identity, {
        confirmed: confirmations(events.all),
        stored: records.length,
        ways: ways.map(({ received }, index) => ({
          dealtWith: dealtWith(cursors[index] ?? 0),
          past: of(identity, received()).length,
        })),
      })
    },

    async recovered(chargePoint) {
      const { identity, simulated } = chargePoint
      const death = deaths.get(identity)
      assert.ok(death !== undefined && death.confirmed <= death.stored, 'on disk before it is confirmed')
      // Its events go to the central system once it has booted, or has had time to.
      await simulated.boot()
      await arrived(chargePoint)
      assert.deepEqual(
        (await stored(identity)).map(({ techInfo }) => techInfo),
        all,
        'each is kept once',
      )
      assert.deepEqual([simulated.events.pending, simulated.events.lost], [[], 0])
    },

    async settled({ identity }) {
      const death = deaths.get(identity)
      for (const [index, { reader, received, isOneByOne }] of ways.entries()) {
        const way = death?.ways[index]
        assert.ok(way !== undefined)
        const name = reader(identity)
        const texts = of(identity, received())
        const [before, after] = [texts.slice(0, way.past), texts.slice(way.past)]
        assert.deepEqual([...new Set(texts)], all, `${name} got each, the first time in order`)
        assert.equal(new Set(before).size, before.length, `${name} got nothing twice before`)
        if (isOneByOne) {
          for (const text of before.slice(0, -1)) assert.ok(way.dealtWith.has(text), `${name}: ${text}`)
        }
        // Acknowledged is what the proxy had noted as such when it died: that never comes again. What was on its
        // way at that moment comes again, because nobody can know.
        const open = all.filter((text) => !way.dealtWith.has(text))
        assert.deepEqual(after, open, `${name} got the rest, once`)
      }
    },
  }

  const seen = [`it has sent ${action}`, `it has the answer to ${action}`, ...Object.values(receiverSteps)]
  await killEverywhere(
    t,
    world,
    [flow],
    seen.map((step) => ({ at: 'step', step })),
  )
  assert.ok(readFileSync(file, 'utf8').endsWith('\n'), 'no half line is left')
})

function confirmations(events: readonly SimulatorEvent[]): number {
  return events.filter((event) => isAnswer(event, 'received')).length
}

function isAnswer(event: SimulatorEvent, kind: 'sent' | 'received'): boolean {
  return event.kind === kind && event.message.kind === 'result' && event.message.action === action
}
