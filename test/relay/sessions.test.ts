import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { drain } from '../../src/relay/drain.ts'
import { opcode } from '../../src/relay/opcode.ts'
import { type Claim, Sessions } from '../../src/relay/sessions.ts'
import { type OpenSession, type Peer, type SessionSetting, withSession } from './sockets.ts'
import { textsOf } from './wire.ts'

const here = { address: '192.0.2.1', certificate: null }
/** Ends a claim; fails when there is none. */
function release(claim: Claim): void {
  assert.equal(claim.kind, 'granted')
  if (claim.kind === 'granted') claim.release()
}

const elsewhere = { address: '198.51.100.9', certificate: null }

/** One registered session of CP1. */
function withRegistered(
  body: (sessions: Sessions, open: OpenSession) => Promise<void>,
  setting: SessionSetting = {},
): Promise<void> {
  const sessions = new Sessions()
  return withSession(
    async (open) => {
      sessions.add(open.session)
      await body(sessions, open)
    },
    { ...setting, onEnded: (session) => sessions.remove(session) },
  )
}

/** Answers every Close and closes, as an honest peer does. */
function answersClose(...peers: Peer[]): void {
  for (const peer of peers) {
    void peer
      .until(() => peer.frames.some((one) => one.opcode === opcode.close))
      .then(() => {
        const close = peer.frames.find((one) => one.opcode === opcode.close)
        peer.send({ opcode: opcode.close, payload: close?.payload ?? '' })
        peer.socket.end()
      })
  }
}

test('[CWE-613] one at a time per identity; others do not wait for it; release counts once', async () => {
  const sessions = new Sessions()
  const first = await sessions.claim('CP1', here)
  const other = await sessions.claim('CP2', here)
  let isSecond = false
  const second = sessions.claim('CP1', here).then((claim) => {
    isSecond = true
    return claim
  })
  await new Promise(setImmediate)
  assert.equal(isSecond, false)
  release(first)
  release(first)
  release(await second)
  release(other)
})

test('[CWE-770] four may wait for an identity, the fifth is turned away', async () => {
  const sessions = new Sessions()
  const claims = Array.from({ length: 4 }, () => sessions.claim('CP1', here))
  assert.deepEqual(await sessions.claim('CP1', here), { kind: 'crowded' })
  for (const claim of claims) release(await claim)
  // Everybody left, there is room again.
  release(await sessions.claim('CP1', here))
})

test('[CWE-613] the turn of an identity is held for nobody who would have to wait for it', async () => {
  const sessions = new Sessions()
  const hold = sessions.hold('CP1')
  assert.ok(hold !== null)
  assert.equal(sessions.hold('CP1'), null)
  const waiting = sessions.claim('CP1', here)
  hold()
  hold()
  const claim = await waiting
  assert.equal(sessions.hold('CP1'), null, 'it is that of the claim')
  release(claim)
  assert.ok(sessions.hold('CP1') !== null)
})

test('[CWE-613] a claimant that has left meanwhile costs nobody the session', () =>
  withRegistered(async (sessions, { session }) => {
    for (const isWanted of [() => false, () => Promise.resolve(false)]) {
      assert.deepEqual(await sessions.claim('CP1', here, isWanted), { kind: 'left' })
    }
    assert.equal(session.isEnding, false)
    assert.equal(sessions.get('CP1'), session)
    assert.ok(sessions.hold('CP1') !== null, 'and holds no turn')
  }))

test('[CWE-613] same address: the old session is closed, and has ended before the claim is given', () =>
  withRegistered(async (sessions, { chargePoint, central, ends }) => {
    answersClose(chargePoint, central)
    const claim = await sessions.claim('CP1', here)
    assert.equal(claim.kind, 'granted')
    assert.equal(ends[0]?.text, 'replaced by a new connection of this charge point')
    assert.equal(sessions.size, 0)
    release(claim)
  }))

test('[CWE-613] same certificate from another address replaces; no certificate is not the same one', async () => {
  await withRegistered(
    async (sessions, { chargePoint, central }) => {
      answersClose(chargePoint, central)
      release(await sessions.claim('CP1', { ...elsewhere, certificate: 'aa' }))
    },
    { certificate: 'aa' },
  )
  await withRegistered(async (sessions, { chargePoint, session }) => {
    const claim = sessions.claim('CP1', elsewhere)
    await chargePoint.untilFrames(1)
    chargePoint.send({ opcode: opcode.pong, payload: chargePoint.frames[0]?.payload ?? '' })
    assert.deepEqual(await claim, { kind: 'taken' }, 'it is alive and stays')
    assert.equal(session.isEnding, false)
    assert.equal(sessions.get('CP1'), session)
  })
})

test('[CWE-613] from elsewhere, and the old one does not answer: it is replaced, and cut off if need be', (t: TestContext) =>
  withRegistered(async (sessions, { near, chargePoint, central }) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const claim = sessions.claim('CP1', elsewhere)
    await chargePoint.untilFrames(1)
    t.mock.timers.tick(5_000)
    // The old one is told, and answers that neither.
    await Promise.all([chargePoint.untilFrames(2), central.untilFrames(1)])
    assert.equal(near.destroyed, false)
    t.mock.timers.tick(5_000)
    release(await claim)
    assert.ok(near.destroyed)
    assert.equal(sessions.size, 0)
  }))

test('a session that was not the last of its identity removes nobody else', () =>
  withRegistered((sessions, { session: old }) =>
    withSession(async ({ session }) => {
      sessions.add(session)
      sessions.remove(old)
      assert.equal(sessions.get('CP1'), session)
    }),
  ))

test('drain: idle sessions are closed with 1001; one with an open CALL when it is answered', () =>
  withRegistered(async (sessions, { chargePoint, central }) => {
    chargePoint.send('[2,"1","Heartbeat",{}]')
    await central.untilFrames(1)
    const drained = drain(sessions, { timeoutMs: 60_000, random: () => 0 })
    await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise(setImmediate)
    assert.equal(chargePoint.frames.length, 0)
    answersClose(chargePoint, central)
    central.send('[3,"1",{}]')
    await drained
    assert.deepEqual(textsOf(chargePoint.frames), ['[3,"1",{}]'])
    const close = chargePoint.frames.at(-1)
    assert.equal(close?.payload.readUInt16BE(0), 1001)
    assert.equal(sessions.size, 0)
  }))

test('[CWE-400] drain ends, whatever the peers do', () =>
  withRegistered(async (sessions, { chargePoint, near, upstream, central }) => {
    chargePoint.send('[2,"1","Heartbeat",{}]')
    await central.untilFrames(1)
    await drain(sessions, { timeoutMs: 20, random: () => 0.5 })
    assert.ok(near.destroyed && upstream.destroyed)
  }))
