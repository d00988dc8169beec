import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beatMs, type Device, FakeReplica, leaseMs, type Surroundings } from './fake-replica.ts'
import { FakeServer } from './fake-server.ts'
import { VirtualTime } from './virtual-time.ts'

const names = ['a', 'b', 'c']
const identities = ['CP-1', 'CP-2', 'CP-3']
/** So long an identity may be live at two replicas that both reach the store and do not stand still. */
const boundMs = leaseMs + beatMs

/** Random numbers that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

class World implements Surroundings {
  readonly time = new VirtualTime()
  readonly server = new FakeServer(this.time, leaseMs)
  readonly replicas = new Map<string, FakeReplica>()
  readonly random: () => number
  /** Of each identity: itself, and somebody else with its password. */
  readonly devices: readonly Device[]
  /** Identity and two replicas: since when they have it both, and could know it. */
  readonly #twice = new Map<string, number>()
  longest = 0

  constructor(seed: number) {
    this.random = seeded(seed)
    for (const name of names) this.replicas.set(name, new FakeReplica(name, this))
    this.devices = identities.flatMap((identity) =>
      ['192.0.2.1', '198.51.100.9'].map((address) => ({ identity, address, session: null })),
    )
  }

  one<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item
  }

  get all(): readonly FakeReplica[] {
    return [...this.replicas.values()]
  }

  liveAt(identity: string): FakeReplica[] {
    return this.all.filter(({ sessions }) => sessions.get(identity)?.isEnding === false)
  }

  readonly look = (): void => {
    const { now } = this.time
    for (const identity of identities) {
      const live = this.liveAt(identity).filter(
        ({ isCut, isPaused }) => !isCut && !isPaused && !this.server.isReadOnly,
      )
      const pairs = live.flatMap((one, at) =>
        live.slice(at + 1).map((two) => `${identity} ${one.self} ${two.self}`),
      )
      for (const place of this.#twice.keys()) {
        if (place.startsWith(`${identity} `) && !pairs.includes(place)) this.#twice.delete(place)
      }
      for (const pair of pairs) {
        const since = this.#twice.get(pair) ?? now
        this.#twice.set(pair, since)
        this.longest = Math.max(this.longest, now - since)
        assert.ok(now - since <= boundMs, `${pair}: live twice for ${now - since} ms`)
      }
    }
  }

  /** Something happens. */
  act(): void {
    const { random, time, server } = this
    const replica = this.one(this.all)
    const device = this.one(this.devices)
    const forMs = random() * leaseMs * 2
    switch (this.one(['connect', 'connect', 'connect', 'cut', 'blip', 'pause', 'deaf', 'drop', 'forget'])) {
      case 'connect':
        // It has given up its old connection, and the replica that had it may know nothing of that.
        device.session = null
        void replica.connect(device, 500 + random() * 30_000)
        break
      case 'cut':
      case 'blip':
        replica.isCut = true
        time.after(random() < 0.5 ? forMs : (random() * beatMs) / 2, () => {
          replica.isCut = false
        })
        break
      case 'pause':
        replica.pause()
        time.after(forMs, () => replica.resume())
        break
      case 'deaf':
        replica.isDeaf = true
        time.after(forMs, () => {
          replica.isDeaf = false
        })
        break
      case 'drop':
        device.session?.end(1000, '')
        break
      default:
        if (random() < 0.3) server.forget()
        else if (random() < 0.5) {
          server.isReadOnly = true
          time.after(forMs, () => {
            server.isReadOnly = false
          })
        }
    }
  }

  heal(): void {
    this.server.isReadOnly = false
    for (const replica of this.all) {
      replica.isCut = false
      replica.isDeaf = false
      replica.resume()
    }
  }
}

/** Afterwards everything has to fit, and nobody may be shut out. */
async function check(world: World): Promise<void> {
  const { time, server, look } = world
  world.heal()
  await time.runUntil(time.now + leaseMs * 6, look)
  for (const replica of world.all) {
    assert.deepEqual(replica.errors, [])
    assert.equal(replica.recovery.isNeeded, false)
  }
  for (const identity of identities) {
    const live = world.liveAt(identity)
    assert.ok(live.length <= 1, `${identity} is live ${live.length} times`)
    for (const replica of live) {
      assert.equal(replica.ownership.fenceOf(identity), server.held(replica.self, 'sessions', identity))
      assert.notEqual(server.held(replica.self, 'sessions', identity), null, `${identity} has no lease`)
    }
  }
  for (const replica of world.all) {
    for (const identity of identities) {
      const [owner] = world.liveAt(identity)
      const current = owner?.sessions.get(identity)
      const device = { identity, address: current?.facts.address ?? '192.0.2.1', session: null }
      const connected = replica.connect(device, 60_000)
      await time.runUntil(time.now + leaseMs * 2, look)
      assert.equal(await connected, 'granted', `${identity} at ${replica.self}`)
    }
  }
}

/** More of them find more: OCPP_CHAOS_RUNS=1000. */
const runs = Number(process.env.OCPP_CHAOS_RUNS ?? 60)
const first = Number(process.env.OCPP_CHAOS_SEED ?? 1)

test('[CWE-613] whatever fails, no identity is live twice for longer than a lease and a beat, and none is lost', {
  timeout: 300_000,
}, async () => {
  for (let seed = first; seed < first + runs; seed++) {
    const world = new World(seed)
    try {
      for (let step = 0; step < 60; step++) {
        world.act()
        await world.time.runUntil(world.time.now + world.random() * 6_000, world.look)
      }
      await check(world)
    } catch (error) {
      throw new Error(`seed ${seed}, at ${world.time.now} ms`, { cause: error })
    }
  }
})
