import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallFate, CallOutcome } from '../../src/relay/use-case.ts'
import { answerWith, forward } from '../../src/relay/use-case.ts'
import { after, arrived, call, fromChargePoint, intercepted, result, scripted, turns } from './scripted.ts'
import { type OpenSession, type Peer, withSession } from './sockets.ts'
import { textsOf } from './wire.ts'

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The id of the nth message that a peer got. */
async function idOf(peer: Peer, nth: number): Promise<string> {
  await peer.until(() => textsOf(peer.frames).length > nth)
  const [, id] = JSON.parse(textsOf(peer.frames)[nth] ?? '') as [number, string]
  return id
}

/** What is told in a test of one direction holds for the other. */
const sides = [
  ['charge point', 'chargePoint', 'central', 'callChargePoint'],
  ['central system', 'central', 'chargePoint', 'callCentralSystem'],
] as const

for (const [name, to, from, method] of sides) {
  test(`[design 9] a CALL of ours to the ${name}: its answer is ours alone, however often it comes`, () =>
    withSession(async (open) => {
      let isSent = false
      const sent = () => {
        assert.equal(open[to].bytes.length, 0)
        isSent = true
      }
      const outcome = open.session[method]('DataTransfer', { vendorId: 'V' }, { sent })
      const id = await idOf(open[to], 0)
      assert.ok(isSent)
      assert.match(id, uuid4)
      assert.deepEqual(textsOf(open[to].frames), [call(id, 'DataTransfer', { vendorId: 'V' })])
      assert.equal(open[to].frames[0]?.masked, to === 'central')
      open[to].send(result(id, { status: 'Accepted' }), result(id, { status: 'Accepted' }), result('x'))
      assert.deepEqual(await outcome, { kind: 'result', payload: { status: 'Accepted' } })
      await open[from].untilFrames(1)
      // Much later, when nothing is left of it, and in other spellings.
      after(open, 1000)
      const escaped = `\\u00${id.charCodeAt(0).toString(16)}${id.slice(1)}`
      open[to].send(
        result(id),
        `[4,"${escaped}","GenericError","",{}]`,
        result(id.toUpperCase()),
        result('y'),
      )
      await open[from].untilFrames(2)
      await turns()
      assert.deepEqual(textsOf(open[from].frames), [result('x'), result('y')])
      const direction = to === 'central' ? 'from_charge_point' : 'from_central_system'
      assert.deepEqual(await intercepted(open), [
        `{direction="${direction}",action="DataTransfer",fate="injected"} 1`,
      ])
    }))

  test(`[OCPP-J 4.1.1] ${name}: ours waits for the open CALL, later ones wait for ours, in order`, () =>
    withSession(async (open) => {
      open[from].send(call('1'))
      await open[to].untilFrames(1)
      const first = open.session[method]('DataTransfer', { n: 1 })
      const second = open.session[method]('DataTransfer', { n: 2 })
      await turns()
      assert.equal(open[to].frames.length, 1)
      open[from].send(call('2'), call('3'))
      await arrived(open)
      assert.equal(open[to].frames.length, 1, 'held: ours comes first')
      open[to].send(result('1'))
      const firstId = await idOf(open[to], 1)
      open[from].send(call('4'), result('an answer is not held'))
      await open[to].untilFrames(3)
      open[to].send(result(firstId))
      assert.equal((await first).kind, 'result')
      // Those that came while ours was out go before the next one of ours.
      await open[to].untilFrames(6)
      open[to].send(result('2'), result('3'), result('4'))
      const secondId = await idOf(open[to], 6)
      open[to].send(result(secondId))
      assert.equal((await second).kind, 'result')
      assert.deepEqual(textsOf(open[to].frames), [
        call('1'),
        call(firstId, 'DataTransfer', { n: 1 }),
        result('an answer is not held'),
        call('2'),
        call('3'),
        call('4'),
        call(secondId, 'DataTransfer', { n: 2 }),
      ])
      assert.deepEqual(
        textsOf(open[from].frames),
        ['1', '2', '3', '4'].map((id) => result(id)),
      )
      assert.equal(open.session.hasOpenCalls, false)
    }))

  test(`[CWE-400] ${name}: no answer in time, and the direction is free; a CALL that nobody answers counts as over`, () =>
    withSession(async (open) => {
      open[from].send(call('never answered'))
      await open[to].untilFrames(1)
      const outcome = open.session[method]('DataTransfer', {}, { timeoutMs: 5000 })
      after(open, 59_000)
      await turns()
      assert.equal(open[to].frames.length, 1)
      after(open, 1000)
      const id = await idOf(open[to], 1)
      open[from].send(call('held'))
      await arrived(open)
      after(open, 4999)
      await turns()
      assert.equal(open[to].frames.length, 2)
      after(open, 1)
      assert.deepEqual(await outcome, { kind: 'no-answer', detail: 'no answer within 5000 ms' })
      await open[to].untilFrames(3)
      open[to].send(result(id), result('held'))
      await open[from].untilFrames(1)
      assert.deepEqual(textsOf(open[from].frames), [result('held')])
    }))
}

test('[OCPP-J 4.2.3] an error answer, and one that cannot be read, are outcomes of kind error', () =>
  withSession(async ({ session, chargePoint, central }) => {
    const answers: [(id: string) => string, CallOutcome][] = [
      [
        (id) => `[4,"${id}","NotSupported","no",{"a":1}]`,
        { kind: 'error', code: 'NotSupported', description: 'no', details: { a: 1 } },
      ],
      [
        (id) => `[3,"${id}",7]`,
        {
          kind: 'error',
          code: 'FormationViolation',
          description: 'the answer cannot be read: the payload of the CALLRESULT is not an object',
          details: {},
          origin: 'proxy',
        },
      ],
      [
        (id) => `[3,"${id}",{"broken]`,
        {
          kind: 'error',
          code: 'FormationViolation',
          description: 'the answer cannot be read: the text is not JSON',
          details: {},
          origin: 'proxy',
        },
      ],
    ]
    for (const [index, [answer, expected]] of answers.entries()) {
      const outcome = session.callChargePoint('Reset', { type: 'Soft' })
      chargePoint.send(answer(await idOf(chargePoint, index)))
      assert.deepEqual(await outcome, expected)
    }
    await turns()
    assert.equal(central.bytes.length, 0)
  }))

test('[CWE-770] sixteen CALLs of ours wait, the next is not sent; neither is one that is no JSON', () =>
  withSession(async ({ session, chargePoint }) => {
    const first = session.callChargePoint('Reset', { n: 0 })
    await chargePoint.untilFrames(1)
    const queued = Array.from({ length: 16 }, (_, index) =>
      session.callChargePoint('Reset', { n: index + 1 }),
    )
    const detail = '16 CALLs of the proxy wait already'
    assert.deepEqual(await session.callChargePoint('Reset', {}), { kind: 'not-sent', detail })
    assert.equal((await session.callChargePoint('Reset', { big: 1n })).kind, 'not-sent')
    for (const [index, one] of [first, ...queued].entries()) {
      const id = await idOf(chargePoint, index)
      chargePoint.send(result(id, { index }))
      assert.deepEqual(await one, { kind: 'result', payload: { index } })
    }
    const numbers = textsOf(chargePoint.frames).map((text) => JSON.parse(text)[3].n)
    assert.deepEqual(numbers, [...Array(17).keys()])
  }))

test('[design 9] a use case may wait for a CALL of ours in the direction in which it holds one', () => {
  const asking = scripted(
    async (_call, session): Promise<CallFate> => {
      const outcome = await session.callCentralSystem('Heartbeat', {})
      return outcome.kind === 'result' ? forward : answerWith({})
    },
    [fromChargePoint],
  )
  return withSession(
    async ({ chargePoint, central }) => {
      chargePoint.send(call('1', 'DataTransfer'), call('2'))
      const id = await idOf(central, 0)
      central.send(result(id))
      await central.untilFrames(3)
      assert.deepEqual(textsOf(central.frames).slice(1), [call('1', 'DataTransfer'), call('2')])
      assert.equal(chargePoint.bytes.length, 0)
    },
    { useCases: [asking] },
  )
})

test('[design 9] what a use case sends goes behind the answer it gives, and behind what was read before', () => {
  const answering = scripted(
    (_call, session) => {
      void session.callChargePoint('TriggerMessage', {})
      return answerWith({ status: 'Accepted' })
    },
    [fromChargePoint],
  )
  return withSession(
    async ({ chargePoint, central }) => {
      chargePoint.send(result('before'), call('1', 'DataTransfer'))
      await Promise.all([chargePoint.untilFrames(2), central.untilFrames(1)])
      assert.equal(textsOf(chargePoint.frames)[0], result('1', { status: 'Accepted' }))
    },
    { useCases: [answering] },
  )
})

test('[OCPP-J 4.1.1] a CALL that was let through while ours was wanted in the same moment goes first', () => {
  const outcomes: Promise<CallOutcome>[] = []
  const sending = scripted(
    (_call, session) => {
      outcomes.push(session.callCentralSystem('Heartbeat', {}))
      return forward
    },
    [fromChargePoint],
  )
  return withSession(
    async ({ chargePoint, central }) => {
      chargePoint.send(call('1', 'DataTransfer'))
      await central.untilFrames(1)
      await turns()
      assert.deepEqual(textsOf(central.frames), [call('1', 'DataTransfer')])
      central.send(result('1'))
      central.send(result(await idOf(central, 1)))
      assert.equal((await outcomes[0])?.kind, 'result')
      assert.deepEqual(textsOf(chargePoint.frames), [result('1')])
    },
    { useCases: [sending] },
  )
})

test('[design 12] drain: an open CALL of ours is waited for; those that wait are not sent, nor are new ones', () =>
  withSession(async (both) => {
    const { session, chargePoint, central } = both
    const open = session.callChargePoint('Reset', {})
    const queued = session.callChargePoint('Reset', {})
    const id = await idOf(chargePoint, 0)
    central.send(call('held'))
    await arrived(both)
    session.endWhenIdle(1001, 'shutting down')
    assert.equal(session.isOpen, false)
    assert.deepEqual(await queued, { kind: 'not-sent', detail: 'shutting down' })
    assert.equal((await session.callCentralSystem('Heartbeat', {})).kind, 'not-sent')
    assert.equal(session.isEnding, false)
    chargePoint.send(result(id))
    assert.equal((await open).kind, 'result')
    // What was held meanwhile is still delivered, and answered.
    await chargePoint.untilFrames(2)
    assert.equal(session.isEnding, false)
    chargePoint.send(result('held'))
    await central.untilFrames(2)
    assert.deepEqual(textsOf(central.frames), [result('held')])
    assert.ok(session.isEnding)
  }))

test('[design 12] drain: a session that waits for nothing but a CALL of ours ends with its answer, or its time-out', async () => {
  const finish: ((open: OpenSession, id: string) => void)[] = [
    ({ chargePoint }, id) => chargePoint.send(result(id)),
    (open) => after(open, 60_000),
  ]
  for (const how of finish) {
    await withSession(async (open) => {
      const own = open.session.callChargePoint('Reset', {})
      const id = await idOf(open.chargePoint, 0)
      open.session.endWhenIdle(1001, 'shutting down')
      assert.equal(open.session.isEnding, false)
      how(open, id)
      await own
      await open.central.untilFrames(1)
      assert.ok(open.session.isEnding)
    })
  }
})

test('[OCPP-J 4.1.4] a charge point that uses our ids for its own CALLs is served', () =>
  withSession(async ({ session, chargePoint, central }) => {
    const own = session.callChargePoint('Reset', {})
    const id = await idOf(chargePoint, 0)
    chargePoint.send(result(id), call(id))
    await own
    await central.untilFrames(1)
    central.send(result(id, { currentTime: 'now' }), result(id))
    await chargePoint.untilFrames(3)
    assert.deepEqual(textsOf(chargePoint.frames).slice(1), [result(id, { currentTime: 'now' }), result(id)])
  }))
