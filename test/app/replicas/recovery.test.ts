import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beatMs, type Device, FakeReplica, leaseMs, type Surroundings } from './fake-replica.ts'
import { FakeServer } from './fake-server.ts'
import { VirtualTime } from './virtual-time.ts'

/** Two replicas, one charge point, and nothing that happens by chance. */
class Pair implements Surroundings {
  readonly time = new VirtualTime()
  readonly server = new FakeServer(this.time, leaseMs)
  readonly replicas = new Map<string, FakeReplica>()
  readonly random = () => 0.5
  readonly a = this.#add('a')
  readonly b = this.#add('b')

  #add(name: string): FakeReplica {
    const replica = new FakeReplica(name, this)
    this.replicas.set(name, replica)
    return replica
  }

  pass(ms: number): Promise<void> {
    return this.time.runUntil(this.time.now + ms, () => {})
  }

  async connect(replica: FakeReplica, device: Device, patienceMs = 60_000): Promise<string> {
    const connected = replica.connect(device, patienceMs)
    await this.pass(20_000)
    return connected
  }

  get owner(): string | null {
    return this.server.owner('sessions', 'CP-1')
  }

  get live(): string[] {
    return [this.a, this.b].flatMap(({ self, sessions }) =>
      sessions.get('CP-1')?.isEnding === false ? [self] : [],
    )
  }
}

const device = (address: string): Device => ({ identity: 'CP-1', address, session: null })
const itself = () => device('192.0.2.1')
const twin = () => device('198.51.100.9')

test('[CWE-613] a gap that no beat has seen: who came in without a lease gets one, or ends', async () => {
  const pair = new Pair()
  const { a, b } = pair
  a.isCut = true
  const connected = a.connect(itself(), 60_000)
  await pair.pass(600)
  assert.equal(await connected, 'granted')
  assert.equal(a.ownership.fenceOf('CP-1'), 'unleased')
  a.isCut = false
  // Before the next beat of the first one nobody knows of it.
  assert.equal(pair.owner, null)
  const other = twin()
  assert.equal(await pair.connect(b, other), 'granted')
  await pair.pass(2 * beatMs)
  // Each of them answers: it stays where it has the lease.
  assert.deepEqual(pair.live, ['b'])
  assert.equal(a.recovery.isNeeded, false)
  other.session?.end(1000, '')
  await pair.pass(1_000)
  assert.equal(pair.owner, null)
})

test('[CWE-613] a recovery that fails half-way is tried again with the next beat', async () => {
  const pair = new Pair()
  const { a } = pair
  a.isCut = true
  const connected = a.connect(itself(), 60_000)
  await pair.pass(600)
  assert.equal(await connected, 'granted')
  a.isCut = false
  a.failsToCatchUp = true
  await pair.pass(3 * beatMs)
  assert.equal(pair.owner, 'a', 'the identity is taken')
  assert.equal(a.recovery.isNeeded, true, 'and what comes after it is not done')
  assert.match(String(a.errors[0]), /catch up/)
  assert.match(a.recovery.notes().join(), /^the store .*\(catch up\)$/)
  assert.deepEqual(a.recovery.problems(), [], 'others may come in')
  a.errors.length = 0
  a.failsToCatchUp = false
  await pair.pass(beatMs)
  assert.equal(a.recovery.isNeeded, false)
})

test('[design 12] a replica that cannot look at what it has says so, and is not ready after a lease', async () => {
  const pair = new Pair()
  const { a, b } = pair
  assert.equal(await pair.connect(a, itself()), 'granted')
  assert.deepEqual([a.recovery.notes(), a.recovery.problems()], [[], []])
  a.failsToLook = true
  a.pause()
  await pair.pass(leaseMs + 1)
  a.resume()
  await pair.pass(beatMs)
  const other = { ...itself(), identity: 'CP-2' }
  assert.equal(await pair.connect(a, other, 1_000), 'unavailable')
  assert.match(a.recovery.notes().join(), /^nobody gets in: .*\(not to be read\)$/)
  await pair.pass(leaseMs)
  assert.match(a.recovery.problems().join(), /longer than a lease: .*\(not to be read\)$/)
  assert.deepEqual([b.recovery.notes(), b.recovery.problems()], [[], []])
  a.failsToLook = false
  await pair.pass(2 * beatMs)
  assert.deepEqual([a.recovery.notes(), a.recovery.problems()], [[], []])
  assert.equal(await pair.connect(a, other), 'granted')
})

test('[design 12] what is over before a lease is a note, and leaves the replica ready', async () => {
  const pair = new Pair()
  const { a } = pair
  a.failsToLook = true
  a.pause()
  await pair.pass(leaseMs + 1)
  a.resume()
  await pair.pass(beatMs)
  assert.equal(a.recovery.notes().length, 1)
  assert.deepEqual(a.recovery.problems(), [])
  // Away altogether: known charge points get in, and the outage is what there is to tell.
  a.isCut = true
  await pair.pass(leaseMs * 2)
  assert.deepEqual([a.recovery.notes(), a.recovery.problems()], [[], []])
})

test('[CWE-613] who stood still ends what others have taken, keeps the rest, and admits nobody before', async () => {
  const pair = new Pair()
  const { a, b } = pair
  assert.equal(await pair.connect(a, itself()), 'granted')
  const kept = { ...itself(), identity: 'CP-2' }
  assert.equal(await pair.connect(a, kept), 'granted')
  a.pause()
  await pair.pass(leaseMs + 1)
  const again = itself()
  assert.equal(await pair.connect(b, again), 'granted')
  assert.deepEqual(pair.live, ['a', 'b'])
  // It waits at the one that stands still: judged in the life that is over.
  const early = a.connect({ ...itself(), identity: 'CP-3' }, 60_000)
  a.resume()
  await pair.pass(100)
  assert.equal(await early, 'unavailable')
  await pair.pass(beatMs)
  assert.deepEqual(pair.live, ['b'], 'the newer one, though it comes from the same address')
  assert.notEqual(kept.session, null)
  assert.equal(a.ownership.fenceOf('CP-2'), pair.server.held('a', 'sessions', 'CP-2'))
  assert.equal(await pair.connect(a, { ...itself(), identity: 'CP-3' }), 'granted')
})

test('[CWE-613] who was on its way in while the replica stood still is looked at when it is there', async () => {
  const pair = new Pair()
  const { a, b } = pair
  a.dialMs = leaseMs * 3
  const slow = a.connect(itself(), leaseMs * 4)
  await pair.pass(1_000)
  assert.equal(pair.owner, 'a')
  a.pause()
  await pair.pass(leaseMs)
  const again = itself()
  assert.equal(await pair.connect(b, again), 'granted')
  a.resume()
  await pair.pass(leaseMs)
  assert.equal(await slow, 'granted', 'long after the recovery')
  await pair.pass(2 * beatMs)
  assert.deepEqual(pair.live, ['b'])
  assert.notEqual(again.session, null)
})

test('[design 12] a store that can be read and not written is away: the life that ends with it shuts nobody out', async () => {
  const pair = new Pair()
  const { a, server } = pair
  server.isReadOnly = true
  await pair.pass(leaseMs * 2)
  assert.equal(server.isAlive('a'), false)
  assert.equal(await pair.connect(a, itself()), 'granted')
  assert.equal(a.ownership.fenceOf('CP-1'), 'unleased')
  server.isReadOnly = false
  await pair.pass(beatMs + 1_000)
  assert.equal(a.ownership.fenceOf('CP-1'), server.held('a', 'sessions', 'CP-1'))
  assert.equal(pair.owner, 'a')
})

test('[CWE-613] an owner that cannot be asked ends no live session at once, and not for ever', async () => {
  const pair = new Pair()
  const { a, b } = pair
  const owner = itself()
  assert.equal(await pair.connect(b, owner), 'granted')
  b.isDeaf = true
  a.isCut = true
  const other = twin()
  const connected = a.connect(other, 60_000)
  await pair.pass(600)
  assert.equal(await connected, 'granted')
  a.isCut = false
  await pair.pass(beatMs + 100)
  assert.deepEqual(pair.live, ['a', 'b'], 'looked at, and left alone')
  await pair.pass(leaseMs)
  assert.deepEqual(pair.live, ['b'], 'after the time of a lease it is over')
  assert.equal(a.caughtUp, 1, 'that which takes long is not all done again')
  // It beats, and is not heard: said as it is, and not as a crowd.
  assert.equal(await pair.connect(a, other), 'unavailable')
  b.isDeaf = false
  assert.equal(await pair.connect(a, other), 'taken')
})

test('[CWE-613] a question that nobody waits for any more costs no session', async () => {
  const pair = new Pair()
  const { a, b } = pair
  const owner = itself()
  assert.equal(await pair.connect(b, owner), 'granted')
  const { session } = owner
  // It was lost without a word, so that the owner pings it for five seconds; who asks has left by then.
  owner.session = null
  assert.equal(await pair.connect(a, twin(), 2_000), 'left')
  assert.equal(b.sessions.get('CP-1'), session)
  assert.equal(pair.owner, 'b')
  assert.equal(await pair.connect(a, twin(), 10_000), 'granted')
  assert.deepEqual(pair.live, ['a'])
})

test('[CWE-613] a session that ends while its identity is taken anew leaves no lease behind', async () => {
  const pair = new Pair()
  const { a, b } = pair
  // The turn is looked for after each step: commands take 10 ms there, and 10 ms back.
  for (const endsAfter of [0, 5, 10, 15, 20, 25]) {
    a.isCut = true
    const one = itself()
    const connected = a.connect(one, 60_000)
    await pair.pass(600)
    assert.equal(await connected, 'granted')
    a.isCut = false
    const before = pair.time.now
    const look = () => {
      // The recovery has begun: it holds the turn.
      const release = a.sessions.hold('CP-1')
      release?.()
      if (release !== null || one.session === null) return
      const { session } = one
      one.session = null
      pair.time.after(endsAfter, () => session.destroy())
    }
    await pair.time.runUntil(before + 2 * beatMs, look)
    assert.equal(one.session, null)
    assert.equal(pair.owner, null, `ended after ${endsAfter} ms`)
    assert.equal(await pair.connect(b, itself()), 'granted')
    b.sessions.get('CP-1')?.end(1000, '')
    await pair.pass(1_000)
  }
})

test('[CWE-613] behind its end a session is vouched for by the token that it had, and a stranger by none', async () => {
  const pair = new Pair()
  const { a, b } = pair
  assert.equal(a.ownership.fenceOf('CP-1'), 'unleased', 'it was never here')
  const first = itself()
  assert.equal(await pair.connect(a, first), 'granted')
  const token = a.ownership.fenceOf('CP-1')
  assert.equal(typeof token, 'number')
  first.session?.end(1000, '')
  await pair.pass(1_000)
  assert.deepEqual([pair.owner, a.ownership.fenceOf('CP-1')], [null, token])
  assert.equal(await pair.connect(b, itself()), 'granted')
  // It is not told, and need not be: the store knows that this token is not the last one.
  assert.equal(a.ownership.fenceOf('CP-1'), token)
  assert.notEqual(b.ownership.fenceOf('CP-1'), token)
})
