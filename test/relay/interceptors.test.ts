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
} from '../../src/relay/use-case.ts'
import { after, call, fromChargePoint, hearing, intercepted, result, scripted, turns } from './scripted.ts'
import { withSession } from './sockets.ts'
import { closePayload, frame, testMask, textsOf } from './wire.ts'

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

test('[principle 5] a use case that throws or rejects is an InternalError, and the session lives on', () => {
  const failing = scripted(({ id }) => {
    if (id === 'throws') throw new Error('broken')
    if (id === 'rejects') return Promise.reject(new Error('broken'))
    if (id === 'unwritable') return answerWith({ big: 1n })
    if (id === 'unwritable-call') return { kind: 'replace', payload: { big: 1n } }
    const fail = () => {
      if (id === 'answer-throws') throw new Error('broken')
      return Promise.reject(new Error('broken'))
    }
    return { kind: 'forward', answered: fail }
  })
  const ids = ['throws', 'rejects', 'unwritable', 'unwritable-call', 'answer-throws', 'answer-rejects']
  return withSession(
    async ({ chargePoint, central, session, logged }) => {
      for (const [index, id] of ids.entries()) {
        chargePoint.send(call(id, 'DataTransfer'))
        if (id.startsWith('answer')) {
          await central.untilFrames(1)
          central.send(result(id))
        }
        await chargePoint.untilFrames(index + 1)
      }
      for (const [index, text] of textsOf(chargePoint.frames).entries()) {
        assert.deepEqual(JSON.parse(text).slice(0, 3), [4, ids[index], 'InternalError'])
      }
      assert.equal(logged.filter((line) => line.includes('a use case failed')).length, ids.length)
      assert.ok(session.isOpen)
      chargePoint.send(call('fine'))
      await central.untilFrames(3)
      assert.equal(textsOf(central.frames).at(-1), call('fine'))
    },
    { useCases: [failing] },
  )
})

test('[CWE-400] a promise that never settles is an InternalError after callTimeout; what comes late is not used', () => {
  const fate = Promise.withResolvers<CallFate>()
  const answerFate = Promise.withResolvers<typeof forward>()
  const heard: (Answer | null)[] = []
  const late: (Answer | null)[] = []
  const before = scripted(({ id }) => (id === 'call' ? hearing(heard, () => forward) : forward))
  const slow = scripted(({ id }) => (id === 'call' ? fate.promise : hearing([], () => answerFate.promise)))
  return withSession(
    async (open) => {
      const { chargePoint, central } = open
      chargePoint.send(call('call', 'DataTransfer'), call('behind'))
      await turns()
      after(open, 60_000)
      await Promise.all([chargePoint.untilFrames(1), central.untilFrames(1)])
      assert.deepEqual(textsOf(central.frames), [call('behind')])
      fate.resolve(hearing(late, () => forward))
      chargePoint.send(call('answer', 'DataTransfer'))
      await central.untilFrames(2)
      central.send(result('answer'))
      await turns()
      after(open, 60_000)
      await chargePoint.untilFrames(2)
      answerFate.resolve(forward)
      await turns()
      const said = textsOf(chargePoint.frames).map((text) => JSON.parse(text).slice(0, 3))
      assert.deepEqual(said, [
        [4, 'call', 'InternalError'],
        [4, 'answer', 'InternalError'],
      ])
      assert.deepEqual(
        heard.map((one) => one?.kind),
        ['error'],
      )
      assert.deepEqual(late, [null])
      assert.deepEqual(textsOf(central.frames), [call('behind'), call('answer', 'DataTransfer')])
    },
    { useCases: [before, slow] },
  )
})

test('[design 9][CWE-693] a watched CALL that no endpoint could read is answered by us: no rule is passed by', () => {
  const watching = scripted(() => forward)
  return withSession(
    async ({ chargePoint, central }) => {
      const odd = ['{}, "more"', '[]', '{"a":', '"text"']
      central.send(...odd.map((rest, index) => `[2,"${index}","DataTransfer",${rest}]`))
      await central.untilFrames(odd.length)
      for (const [index, text] of textsOf(central.frames).entries()) {
        assert.deepEqual(JSON.parse(text).slice(0, 3), [4, `${index}`, 'FormationViolation'])
      }
      // What is only too long for the letter is seen; what nobody watches goes on as ever.
      const id = 'i'.repeat(80)
      central.send(call(id, 'DataTransfer'), '[2,"u","Heartbeat",[],7]')
      await chargePoint.untilFrames(2)
      assert.deepEqual(textsOf(chargePoint.frames), [call(id, 'DataTransfer'), '[2,"u","Heartbeat",[],7]'])
      assert.deepEqual(
        watching.seen.map((one) => one.id),
        [id],
      )
    },
    { useCases: [watching] },
  )
})

test('[CWE-693] names in other spellings are the same names, and * sees unknown ones', () => {
  const watching = scripted(() => answerWith({}))
  const everything = scripted(() => forward, [{ direction: 'to-charge-point', action: '*' }])
  return withSession(
    async ({ central }) => {
      central.send('[2,"1","Data\\u0054ransfer",{}]', '\t[2 ,"2","Unknown",{}]')
      await central.untilFrames(1)
      await turns()
      assert.deepEqual(textsOf(central.frames), [result('1')])
      assert.deepEqual(
        everything.seen.map(({ action }) => action),
        ['DataTransfer', 'Unknown'],
      )
    },
    { useCases: [everything, watching] },
  )
})

test('[CWE-770] held CALLs are bounded: their sender is not read, loses nothing, and is not called silent', () => {
  const { promise, resolve } = Promise.withResolvers<CallFate>()
  let isFirst = true
  const thinking = scripted(() => {
    const fate = isFirst ? promise : forward
    isFirst = false
    return fate
  })
  return withSession(
    async (open) => {
      const { chargePoint, central, near, session, clock, refused } = open
      const count = 3000
      const text = (index: number) => call(`${index}`, 'DataTransfer', { data: 'x'.repeat(1000) })
      for (let index = 0; index < count; index += 1) chargePoint.send(text(index))
      while (!near.isPaused()) await turns(1)
      // Long silent, as far as we can hear: nobody is pinged or cut off for it.
      for (let second = 0; second < 50; second += 1) {
        clock.seconds += 1
        session.sweep({ idle: 1, pingTimeout: 100, refill: 0 })
      }
      assert.equal(chargePoint.bytes.length, 0)
      const probed = session.probe(5)
      assert.equal(await probed, true, 'whom we do not read cannot be called silent')
      resolve(forward)
      await central.until(() => central.bytes.length > count * 1000)
      await central.until(() => textsOf(central.frames).length >= count)
      const texts = textsOf(central.frames)
      assert.ok(texts.every((one, index) => one === text(index)))
      assert.deepEqual(refused, [])
    },
    { useCases: [thinking] },
  )
})

test('[CWE-770] a charge point that does not read the answers of the proxy is not asked for more', () =>
  withSession(
    async (open) => {
      const { chargePoint, near } = open
      chargePoint.socket.pause()
      let sent = 0
      while (!near.isPaused()) {
        if (chargePoint.socket.writableLength < 1_000_000) {
          for (let count = 0; count < 100; count += 1) chargePoint.send(call(`${sent++}`, 'DataTransfer'))
        }
        await turns(1)
      }
      assert.ok(near.writableLength < 1_000_000)
      chargePoint.socket.resume()
      await chargePoint.until(() => chargePoint.bytes.length > sent * 60_000)
      await chargePoint.until(() => textsOf(chargePoint.frames).length === sent)
    },
    { useCases: [scripted(() => answerWith({ data: 'x'.repeat(60_000) }))] },
  ))

for (const how of ['close', 'loss', 'end'] as const) {
  test(`[design 9] ${how}: what is held is dropped, who waits hears null, then ended is told`, async () => {
    const order: string[] = []
    const { promise, resolve } = Promise.withResolvers<CallFate>()
    const late: (Answer | null)[] = []
    const useCase: UseCase = {
      ...scripted(({ id }) => {
        if (id === 'think') return promise
        return {
          kind: 'forward',
          answered(answer) {
            order.push(`answered ${JSON.stringify(answer)}`)
            return forward
          },
        }
      }),
      started: () => order.push('started'),
      ended: (session) => order.push(`ended ${session.isOpen}`),
    }
    await withSession(
      async ({ chargePoint, central, session, ended }) => {
        const own = session.callChargePoint('Reset', { type: 'Soft' })
        const queued = session.callChargePoint('Reset', { type: 'Soft' })
        void own.then(({ kind }) => order.push(`own ${kind}`))
        void queued.then(({ kind }) => order.push(`queued ${kind}`))
        await chargePoint.untilFrames(1)
        chargePoint.send(call('wait', 'DataTransfer'), call('think', 'DataTransfer'), call('held'))
        await central.untilFrames(1)
        if (how === 'close') chargePoint.send({ opcode: opcode.close, payload: closePayload(1000) })
        else if (how === 'loss') chargePoint.socket.resetAndDestroy()
        else session.end(1001, 'bye')
        await central.until(() => central.frames.some((one) => one.opcode === opcode.close))
        assert.equal(session.isOpen, false)
        resolve(hearing(late, () => forward))
        await turns()
        assert.deepEqual(await session.callCentralSystem('Heartbeat', {}), {
          kind: 'not-sent',
          detail: 'the session is ending',
        })
        session.destroy()
        await ended
        assert.deepEqual(textsOf(central.frames), [call('wait', 'DataTransfer')])
        assert.deepEqual(late, [null])
        const expected = ['started', 'answered null', 'own no-answer', 'queued not-sent', 'ended false']
        assert.deepEqual(order, expected)
      },
      {
        useCases: [useCase],
        onEnded: (session) => useCase.ended?.(session),
      },
    )
  })
}

test('[RFC 6455 5.5.1] after a Close no watched CALL is decided or forwarded', () => {
  const watching = scripted(() => forward)
  return withSession(
    async ({ chargePoint, central }) => {
      chargePoint.send({ opcode: opcode.close, payload: closePayload(1000) })
      await central.untilFrames(1)
      central.send(call('late', 'DataTransfer'), { opcode: opcode.close, payload: closePayload(1000) })
      await chargePoint.until(() => chargePoint.isEnded)
      assert.deepEqual(textsOf(chargePoint.frames), [])
      assert.deepEqual(watching.seen, [])
    },
    { useCases: [watching] },
  )
})

test('[OCPP-J 4.1.4] ids that are used again: the newest CALL gets the answer, the older use case hears null', () => {
  const heard: unknown[] = []
  const hearers = scripted(({ payload }) => ({
    kind: 'forward',
    answered(answer) {
      heard.push([payload, answer])
      return forward
    },
  }))
  return withSession(
    async ({ chargePoint, central }) => {
      chargePoint.send(call('1', 'DataTransfer', { n: 1 }), call('1', 'DataTransfer', { n: 2 }), call('1'))
      await central.untilFrames(3)
      central.send(result('1'))
      await chargePoint.untilFrames(1)
      assert.deepEqual(heard, [
        [{ n: 1 }, null],
        [{ n: 2 }, null],
      ])
    },
    { useCases: [hearers] },
  )
})
