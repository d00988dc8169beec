import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opcode } from '../../src/relay/opcode.ts'
import { type Answer, answerWith, type CallFate, forward, type UseCase } from '../../src/relay/use-case.ts'
import { after, arrived, call, hearing, result, scripted, turns } from './scripted.ts'
import { withSession } from './sockets.ts'
import { closePayload, textsOf } from './wire.ts'

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
      await arrived(open)
      after(open, 60_000)
      await Promise.all([chargePoint.untilFrames(1), central.untilFrames(1)])
      assert.deepEqual(textsOf(central.frames), [call('behind')])
      fate.resolve(hearing(late, () => forward))
      chargePoint.send(call('answer', 'DataTransfer'))
      await central.untilFrames(2)
      central.send(result('answer'))
      await arrived(open)
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
