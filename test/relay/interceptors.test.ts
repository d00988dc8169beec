import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opcode } from '../../src/relay/opcode.ts'
import {
  type Answer,
  answerError,
  answerWith,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../../src/relay/use-case.ts'
import { call, fromChargePoint, hearing, intercepted, result, scripted, turns } from './scripted.ts'
import { withSession } from './sockets.ts'
import { frame, testMask, textsOf } from './wire.ts'

const ok: Answer = { kind: 'result', payload: { status: 'Accepted' } }

test('[design 9][principle 3] a watched CALL that all let through keeps its bytes, mask, fragments and place', () => {
  const watching = scripted(() => forward)
  return withSession(
    async ({ chargePoint, central }) => {
      const text = call('2', 'DataTransfer', { vendorId: 'é' })
      const bytes = Buffer.concat([
        frame({ payload: call('1'), mask: testMask }),
        frame({ payload: text, mask: testMask }),
        frame({ payload: text.slice(0, 9), fin: false, mask: testMask }),
        frame({ opcode: opcode.continuation, payload: text.slice(9), mask: testMask }),
        frame({ payload: result('x'), mask: testMask }),
      ])
      chargePoint.socket.write(bytes)
      await central.untilFrames(5)
      assert.deepEqual(central.bytes, bytes)
      assert.deepEqual(watching.seen, [
        ...Array(2).fill({
          direction: 'to-central-system',
          id: '2',
          action: 'DataTransfer',
          payload: { vendorId: 'é' },
        }),
      ])
    },
    { useCases: [watching] },
  )
})

test('[A02.FR.11] what is sent from behind an answer of ours comes after it, also where others hear it first', () => {
  let open: UseCaseSession | null = null
  const outcomes: Promise<unknown>[] = []
  const hearing: UseCase = scripted(() => ({
    kind: 'forward',
    answered: async () => {
      await turns()
      return forward
    },
  }))
  const answering: UseCase = {
    ...scripted(() => ({
      kind: 'answer',
      answer: ok,
      sent: () => {
        if (open !== null) outcomes.push(open.callChargePoint('Reset', { type: 'Soft' }))
      },
    })),
    started: (session) => {
      open = session
    },
  }
  return withSession(
    async ({ chargePoint, session }) => {
      open = session
      chargePoint.send(call('a', 'DataTransfer'))
      await chargePoint.untilFrames(2)
      const [first, second] = textsOf(chargePoint.frames)
      assert.equal(first, result('a', { status: 'Accepted' }))
      assert.match(second ?? '', /"Reset"/)
      assert.equal(outcomes.length, 1)
    },
    { useCases: [hearing, answering] },
  )
})

test('[design 9] answer: the sender hears us, with its id; the receiver sees nothing', () => {
  const answering = scripted(({ direction }) =>
    direction === 'to-charge-point' ? answerError('SecurityError', 'not here') : answerWith({ n: 1 }),
  )
  return withSession(
    async (open) => {
      const { chargePoint, central } = open
      chargePoint.send(call('a', 'DataTransfer'), call('b'))
      central.send(call('c', 'DataTransfer'), call('d'))
      await Promise.all([chargePoint.untilFrames(2), central.untilFrames(2)])
      await turns()
      assert.deepEqual(textsOf(chargePoint.frames).sort(), [call('d'), result('a', { n: 1 })])
      const error = '[4,"c","SecurityError","not here",{}]'
      assert.deepEqual(textsOf(central.frames).sort(), [call('b'), error])
      // RFC 6455 5.1: what we write ourselves is masked towards the server, and only there.
      assert.ok(central.frames.every(({ masked }) => masked))
      assert.ok(chargePoint.frames.every(({ masked }) => !masked))
      assert.deepEqual(await intercepted(open), [
        '{direction="from_central_system",action="DataTransfer",fate="answered"} 1',
        '{direction="from_charge_point",action="DataTransfer",fate="answered"} 1',
      ])
    },
    { useCases: [answering] },
  )
})

test('[design 9] drop: nobody hears of it', () =>
  withSession(
    async (open) => {
      open.chargePoint.send(call('a', 'DataTransfer'), call('b'))
      await open.central.untilFrames(1)
      await turns()
      assert.deepEqual(textsOf(open.central.frames), [call('b')])
      assert.equal(open.chargePoint.bytes.length, 0)
    },
    { useCases: [scripted(() => ({ kind: 'drop' }))] },
  ))

test('[design 9] replace: the next use case sees the new content, those before the new action do not', () => {
  const heard: string[] = []
  const named = (name: string, action: 'DataTransfer' | 'Heartbeat', fate: CallFate): UseCase => ({
    name,
    watches: [{ direction: 'to-central-system', action }],
    onCall(one) {
      heard.push(`${name} ${one.action} ${JSON.stringify(one.payload)}`)
      return fate
    },
  })
  const useCases = [
    named('early', 'Heartbeat', forward),
    named('first', 'DataTransfer', { kind: 'replace', action: 'Heartbeat', payload: { n: 1 } }),
    named('deaf', 'DataTransfer', forward),
    named('last', 'Heartbeat', { kind: 'replace', payload: { n: 2 } }),
  ]
  return withSession(
    async (open) => {
      const { chargePoint, central } = open
      chargePoint.send(call('a', 'DataTransfer'))
      await central.untilFrames(1)
      assert.deepEqual(textsOf(central.frames), [call('a', 'Heartbeat', { n: 2 })])
      assert.deepEqual(heard, ['first DataTransfer {}', 'last Heartbeat {"n":1}'])
      central.send(result('a'))
      await chargePoint.untilFrames(1)
      assert.deepEqual(textsOf(chargePoint.frames), [result('a')])
      assert.deepEqual(await intercepted(open), [
        '{direction="from_charge_point",action="DataTransfer",fate="replaced"} 1',
      ])
    },
    { useCases },
  )
})

test('[design 9] answered: the last use case hears first, and each what the one behind it made of the answer', () => {
  const heard: unknown[] = []
  const numbered = (n: number, fate: 'forward' | 'replace') =>
    scripted(
      () => ({
        kind: 'forward',
        answered(answer) {
          heard.push([n, answer])
          return fate === 'forward'
            ? forward
            : { kind: 'replace', answer: { kind: 'result', payload: { by: n } } }
        },
      }),
      [fromChargePoint],
    )
  return withSession(
    async (open) => {
      const { chargePoint, central } = open
      chargePoint.send(call('a', 'DataTransfer'))
      await central.untilFrames(1)
      central.send(result('a', { by: 0 }), result('a', { by: 9 }))
      await chargePoint.untilFrames(2)
      const of = (by: number) => ({ kind: 'result', payload: { by } })
      assert.deepEqual(heard, [
        [3, of(0)],
        [2, of(0)],
        [1, of(2)],
      ])
      // A duplicate is forwarded like any answer that nobody waits for.
      assert.deepEqual(textsOf(chargePoint.frames), [result('a', { by: 2 }), result('a', { by: 9 })])
      assert.deepEqual(await intercepted(open), [
        '{direction="from_central_system",action="DataTransfer",fate="replaced"} 1',
      ])
    },
    { useCases: [numbered(1, 'forward'), numbered(2, 'replace'), numbered(3, 'forward')] },
  )
})

test('[design 9] an answer that is let through keeps its bytes; a dropped one is gone, and the others hear null', () => {
  const heard: (Answer | null)[] = []
  const first = scripted(() => hearing(heard, () => forward))
  const second = scripted(({ id }) => hearing([], () => (id === 'drop' ? { kind: 'drop' } : forward)))
  return withSession(
    async ({ chargePoint, central }) => {
      central.send(call('pass', 'DataTransfer'), call('drop', 'DataTransfer'), call('odd', 'DataTransfer'))
      await chargePoint.untilFrames(3)
      const odd = ' [ 3 , "pass" , {"status" : "Accepted"} ]'
      chargePoint.send(odd, result('drop'), '[3,"odd",7]')
      await central.untilFrames(2)
      await turns()
      assert.deepEqual(
        central.bytes,
        Buffer.concat([
          frame({ payload: odd, mask: testMask }),
          frame({ payload: '[3,"odd",7]', mask: testMask }),
        ]),
      )
      assert.deepEqual(heard.slice(0, 2), [ok, null])
      assert.ok(heard[2]?.kind === 'error' && heard[2].code === 'FormationViolation')
    },
    { useCases: [first, second] },
  )
})

test('[design 9] a use case that answers is heard by those that let the CALL through', () => {
  const heard: (Answer | null)[] = []
  const first = scripted(() => hearing(heard, () => ({ kind: 'replace', answer: ok })))
  const second = scripted(({ id }) => (id === 'drop' ? { kind: 'drop' } : answerWith({ n: 2 })))
  return withSession(
    async ({ chargePoint, central }) => {
      chargePoint.send(call('a', 'DataTransfer'), call('drop', 'DataTransfer'))
      await chargePoint.untilFrames(1)
      await turns()
      assert.deepEqual(textsOf(chargePoint.frames), [result('a', { status: 'Accepted' })])
      assert.deepEqual(heard, [{ kind: 'result', payload: { n: 2 } }, null])
      assert.equal(central.bytes.length, 0)
    },
    { useCases: [first, second] },
  )
})

test('[design 9] while a use case thinks, later CALLs wait in order; answers and other directions do not', () => {
  const { promise, resolve } = Promise.withResolvers<CallFate>()
  const thinking = scripted(({ id }) => (id === 'slow' ? promise : forward), [fromChargePoint])
  return withSession(
    async ({ chargePoint, central, session }) => {
      central.send(call('c'))
      await chargePoint.untilFrames(1)
      const slow = call('slow', 'DataTransfer')
      chargePoint.send(slow, call('2'), call('3', 'DataTransfer'), result('c'), {
        opcode: opcode.ping,
        payload: 'p',
      })
      await central.untilFrames(2)
      await turns()
      assert.deepEqual(textsOf(central.frames), [result('c')])
      assert.ok(session.hasOpenCalls, 'what waits counts for a drain')
      resolve(forward)
      await central.untilFrames(5)
      assert.deepEqual(textsOf(central.frames), [result('c'), slow, call('2'), call('3', 'DataTransfer')])
      assert.ok(central.frames.every(({ masked, fin }) => masked && fin))
      // RFC 6455 5.3: a fresh key for each frame of ours.
      const keys = central.frames.slice(2).map(({ bytes }) => bytes.subarray(2, 6).toString('hex'))
      assert.ok(new Set(keys).size === 3 && !keys.includes(testMask.toString('hex')))
    },
    { useCases: [thinking] },
  )
})

test('[design 9] an answer waits for its own use case, and holds nobody back', () => {
  const { promise, resolve } = Promise.withResolvers<typeof forward>()
  const thinking = scripted(({ id }) => hearing([], () => (id === 'slow' ? promise : forward)))
  return withSession(
    async ({ chargePoint, central, session }) => {
      central.send(call('slow', 'DataTransfer'), call('quick', 'DataTransfer'))
      await chargePoint.untilFrames(2)
      chargePoint.send(result('slow', { n: 1 }), result('quick'), call('own'))
      await central.untilFrames(2)
      assert.deepEqual(textsOf(central.frames), [result('quick'), call('own')])
      central.send(result('own'))
      await chargePoint.untilFrames(3)
      assert.ok(session.hasOpenCalls, 'its sender still waits')
      resolve(forward)
      await central.untilFrames(3)
      assert.equal(textsOf(central.frames)[2], result('slow', { n: 1 }))
      assert.equal(session.hasOpenCalls, false)
    },
    { useCases: [thinking] },
  )
})
