import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opcode } from '../../src/relay/opcode.ts'
import { type OpenSession, type Peer, withSession } from './sockets.ts'
import { closePayload, frame, testMask, textsOf } from './wire.ts'

const call = (id: string) => `[2,"${id}","Heartbeat",{}]`
const result = (id: string) => `[3,"${id}",{}]`
const closing = (code: number, reason = '') => ({ opcode: opcode.close, payload: closePayload(code, reason) })

const closesOf = (peer: Peer) => peer.frames.filter((one) => one.opcode === opcode.close)
const codeOf = (peer: Peer) => closesOf(peer)[0]?.payload.readUInt16BE(0)

/** Seconds pass, one sweep each. */
function pass({ session, clock }: OpenSession, seconds: number, limits = { idle: 0, pingTimeout: 30 }): void {
  for (let count = 0; count < seconds; count += 1) {
    clock.seconds += 1
    session.sweep({ refill: 0, ...limits })
  }
}

test('[principle 3] messages of both sides arrive as the bytes that they were', () =>
  withSession(async ({ chargePoint, central }) => {
    chargePoint.send(call('1'), { opcode: opcode.ping, payload: 'there?' })
    central.send({ opcode: opcode.pong, payload: 'there?' }, result('1'))
    await central.untilFrames(2)
    await chargePoint.untilFrames(2)
    const sent = [
      frame({ payload: call('1'), mask: testMask }),
      frame({ opcode: opcode.ping, payload: 'there?', mask: testMask }),
    ]
    assert.deepEqual(central.bytes, Buffer.concat(sent))
    assert.deepEqual(
      chargePoint.bytes,
      Buffer.concat([frame({ opcode: opcode.pong, payload: 'there?' }), frame({ payload: result('1') })]),
    )
  }))

test('what came with the upgrade request is the beginning of the stream', () => {
  const whole = frame({ payload: call('early'), mask: testMask })
  return withSession(
    async ({ chargePoint, central }) => {
      chargePoint.socket.write(whole.subarray(10))
      await central.untilFrames(1)
      assert.deepEqual(textsOf(central.frames), [call('early')])
    },
    { early: whole.subarray(0, 10) },
  )
})

test('[RFC 6455 7.1] the charge point closes: the central system answers, and both connections end', () =>
  withSession(async ({ chargePoint, central, ended, refused }) => {
    chargePoint.send(closing(1000, 'restart'))
    await central.untilFrames(1)
    assert.equal(codeOf(central), 1000)
    central.send(closing(1000))
    await chargePoint.until(() => chargePoint.isEnded)
    assert.equal(codeOf(chargePoint), 1000)
    chargePoint.socket.end()
    central.socket.end()
    assert.deepEqual(await ended, { by: 'charge-point', code: 1000, text: 'restart' })
    assert.deepEqual(refused, [])
  }))

test('[RFC 6455 7.1] the central system closes: its code reaches the charge point', () =>
  withSession(async ({ chargePoint, central, ended }) => {
    central.send(closing(4000, 'moved'))
    await chargePoint.untilFrames(1)
    assert.equal(codeOf(chargePoint), 4000)
    chargePoint.send(closing(4000))
    await central.until(() => central.isEnded)
    assert.equal(codeOf(central), 4000)
    chargePoint.socket.end()
    central.socket.end()
    assert.deepEqual(await ended, { by: 'central-system', code: 4000, text: 'moved' })
  }))

test('[RFC 6455 5.5.1] two Close frames of one side are not the answer of the other', () =>
  withSession(async ({ chargePoint, central, ended }) => {
    chargePoint.send(closing(1000), closing(1000))
    await central.untilFrames(1)
    central.send(result('late'), closing(1000))
    await chargePoint.until(() => chargePoint.isEnded)
    assert.deepEqual(textsOf(chargePoint.frames), [result('late')])
    assert.equal(closesOf(chargePoint).length, 1)
    assert.equal(closesOf(central).length, 1)
    chargePoint.socket.end()
    central.socket.end()
    await ended
  }))

test('[principle 4] the central system is gone: the charge point is told with 1001', () =>
  withSession(async ({ chargePoint, central, ended }) => {
    central.socket.end(frame({ payload: call('last') }))
    await chargePoint.until(() => chargePoint.isEnded)
    assert.deepEqual(textsOf(chargePoint.frames), [call('last')])
    assert.equal(codeOf(chargePoint), 1001)
    chargePoint.send(call('lost'))
    chargePoint.socket.end()
    assert.deepEqual(await ended, { by: 'central-system', code: 1006, text: 'connection ended' })
    assert.equal(central.bytes.length, 0)
  }))

test('[principle 4] the charge point is gone, by an end or a reset: the central system is told', async () => {
  for (const leave of [(peer: Peer) => peer.socket.end(), (peer: Peer) => peer.socket.resetAndDestroy()]) {
    await withSession(async ({ chargePoint, central, ended, ends }) => {
      chargePoint.send(call('1'))
      await central.untilFrames(1)
      leave(chargePoint)
      await central.until(() => central.isEnded)
      assert.equal(codeOf(central), 1001)
      central.socket.end()
      chargePoint.socket.destroy()
      assert.deepEqual(await ended, { by: 'charge-point', code: 1006, text: 'connection ended' })
      assert.equal(ends.length, 1)
    })
  }
})

test('a session whose sockets died before it began ends once', async () => {
  for (const side of ['near', 'upstream', 'both'] as const) {
    await withSession(
      async ({ ended, ends, near, upstream, session }) => {
        await ended
        session.end(1001, 'again')
        session.destroy()
        await new Promise(setImmediate)
        await new Promise(setImmediate)
        assert.equal(ends.length, 1, side)
        assert.ok(near.destroyed && upstream.destroyed)
      },
      {
        beforeStart: (near, upstream) => {
          // Destroyed, and their 'close' events still to come.
          if (side !== 'upstream') near.destroy()
          if (side !== 'near') upstream.destroy()
          if (side === 'near') upstream.once('finish', () => upstream.destroy())
          if (side === 'upstream') near.once('finish', () => near.destroy())
        },
      },
    )
  }
})

test('[RFC 6455 7.1.1] end: both sides are told, and ended when they answered', () =>
  withSession(async ({ session, chargePoint, central, ended }) => {
    session.end(1001, 'bye')
    await Promise.all([chargePoint.untilFrames(1), central.untilFrames(1)])
    assert.deepEqual([codeOf(chargePoint), codeOf(central)], [1001, 1001])
    assert.equal(central.frames[0]?.masked, true)
    assert.equal(chargePoint.frames[0]?.masked, false)
    chargePoint.send(closing(1001))
    central.send(closing(1001))
    await Promise.all([chargePoint.until(() => chargePoint.isEnded), central.until(() => central.isEnded)])
    chargePoint.socket.end()
    central.socket.end()
    assert.deepEqual(await ended, { by: 'proxy', code: 1001, text: 'bye' })
  }))

test('[RFC 6455 5.5.1] after our own Close nothing follows it, the answer to it neither', () =>
  withSession(async ({ session, chargePoint, central }) => {
    session.end(1001, 'bye')
    await Promise.all([chargePoint.untilFrames(1), central.untilFrames(1)])
    chargePoint.send(call('late'), closing(1001))
    central.send(call('late'), closing(1001))
    await Promise.all([chargePoint.until(() => chargePoint.isEnded), central.until(() => central.isEnded)])
    assert.equal(central.frames.length, 1)
    assert.equal(chargePoint.frames.length, 1)
  }))

test('[CWE-400] a peer that never answers a Close is cut off after five seconds', () =>
  withSession(async (open) => {
    open.session.end(1001, 'bye')
    await Promise.all([open.chargePoint.untilFrames(1), open.central.untilFrames(1)])
    pass(open, 4)
    assert.equal(open.near.destroyed, false)
    pass(open, 2)
    assert.ok(open.near.destroyed && open.upstream.destroyed)
    await open.ended
  }))

test('[RFC 6455 5][principle 4] what stood before a violation is delivered; the violator is told, the other too', () =>
  withSession(async ({ chargePoint, central, refused, ended }) => {
    chargePoint.socket.write(
      Buffer.concat([
        frame({ payload: call('1'), mask: testMask }),
        frame({ payload: call('2') }),
        frame({ mask: testMask }),
      ]),
    )
    await Promise.all([chargePoint.untilFrames(1), central.untilFrames(2)])
    assert.deepEqual(textsOf(central.frames), [call('1')])
    assert.deepEqual([codeOf(chargePoint), codeOf(central)], [1002, 1001])
    assert.deepEqual(refused, [
      { reason: 'frame_invalid', detail: 'charge-point: frame of a client without mask' },
    ])
    chargePoint.socket.end()
    central.socket.end()
    assert.equal((await ended).code, 1002)
  }))

test('[CWE-770][OCPP-J 4] each violation has its reason, of the central system too', async () => {
  const cases: [Parameters<Peer['send']>[0], string, number][] = [
    ['not OCPP', 'message_invalid', 1007],
    [{ opcode: opcode.binary, payload: 'x' }, 'message_invalid', 1003],
    [{ payload: ' '.repeat(2000) }, 'message_too_large', 1009],
    [{ opcode: 0x3 }, 'frame_invalid', 1002],
  ]
  for (const [parts, reason, code] of cases) {
    for (const side of ['chargePoint', 'central'] as const) {
      await withSession(
        async (open) => {
          open[side].send(parts)
          await Promise.all([open.chargePoint.untilFrames(1), open.central.untilFrames(1)])
          assert.equal(open.refused[0]?.reason, reason)
          assert.equal(codeOf(open[side]), code)
        },
        { messageBytes: 1024 },
      )
    }
  }
})

test('[RFC 6455 5.5.2] a silent side is pinged; its pong is ours alone, its neighbours are not', () =>
  withSession(async (open) => {
    const { chargePoint, central, refused } = open
    const limits = { idle: 10, pingTimeout: 5 }
    pass(open, 11, limits)
    await Promise.all([chargePoint.untilFrames(1), central.untilFrames(1)])
    for (const peer of [chargePoint, central]) {
      const [ping] = peer.frames
      assert.equal(ping?.opcode, opcode.ping)
      peer.send(
        { opcode: opcode.pong, payload: ping?.payload ?? '' },
        { opcode: opcode.pong, payload: 'mine' },
        call('1'),
      )
    }
    await Promise.all([chargePoint.untilFrames(3), central.untilFrames(3)])
    for (const peer of [chargePoint, central]) {
      assert.deepEqual(
        peer.frames.map((one) => one.opcode),
        [opcode.ping, opcode.pong, opcode.text],
      )
      assert.equal(peer.frames[1]?.payload.toString(), 'mine')
    }
    pass(open, 10, limits)
    assert.deepEqual(refused, [])
  }))

test('[CWE-400] a side that does not answer the ping is gone', () =>
  withSession(async (open) => {
    const limits = { idle: 10, pingTimeout: 5 }
    pass(open, 15, limits)
    assert.deepEqual(open.refused, [])
    pass(open, 1, limits)
    assert.deepEqual(open.refused, [
      { reason: 'idle_timeout', detail: 'charge-point is silent and does not answer a ping' },
    ])
    await Promise.all([open.chargePoint.untilFrames(2), open.central.untilFrames(2)])
    assert.deepEqual([codeOf(open.chargePoint), codeOf(open.central)], [1001, 1001])
    assert.equal(open.refused.length, 1)
  }))

test('a proxy that stood still pings first, and waits for the answer as long as ever', () =>
  withSession(async (open) => {
    const limits = { idle: 10, pingTimeout: 5 }
    open.clock.seconds += 100
    pass(open, 5, limits)
    assert.deepEqual(open.refused, [])
    await open.chargePoint.untilFrames(1)
    assert.equal(open.chargePoint.frames[0]?.opcode, opcode.ping)
    pass(open, 1, limits)
    assert.partialDeepStrictEqual(open.refused, [{ reason: 'idle_timeout' }])
  }))

test('idle 0: nobody is ever pinged', () =>
  withSession(async (open) => {
    pass(open, 1000)
    open.chargePoint.send(call('1'))
    await open.central.untilFrames(1)
    assert.equal(open.central.frames.length, 1)
    assert.equal(open.chargePoint.bytes.length, 0)
  }))

for (const slow of ['chargePoint', 'central'] as const) {
  const fast = slow === 'central' ? 'chargePoint' : 'central'
  test(`[CWE-770] a slow ${slow} costs bounded memory; when it reads, nothing is missing`, () =>
    withSession(async (open) => {
      const [reader, sender] = [open[slow], open[fast]]
      const [out, source] = slow === 'central' ? [open.upstream, open.near] : [open.near, open.upstream]
      reader.socket.pause()
      const text = `[2,"1","DataTransfer",{"data":"${'x'.repeat(60_000)}"}]`
      const count = 600
      let sent = 0
      // The sender writes as long as its connection takes more, and 36 MB at the most.
      const stuck = new Promise<void>((resolve) => {
        const more = () => {
          while (sent < count) {
            sent += 1
            sender.send(text)
            if (sender.socket.writableLength > 4_000_000) return resolve()
          }
          resolve()
        }
        more()
      })
      await stuck
      while (!source.isPaused()) await new Promise(setImmediate)
      assert.ok(sent < count, 'the sender was held back')
      assert.ok(out.writableLength < 400_000, `${out.writableLength} bytes wait`)
      reader.socket.resume()
      await reader.until(() => reader.bytes.length >= sent * text.length)
      await reader.untilFrames(sent)
      assert.ok(textsOf(reader.frames).every((one) => one === text))
    }))

  test(`[CWE-400] a ${slow} that does not read for too long loses its connection`, () =>
    withSession(async (open) => {
      const limits = { idle: 10, pingTimeout: 30 }
      const source = slow === 'central' ? open.near : open.upstream
      open[slow].socket.pause()
      for (let count = 0; count < 300; count += 1)
        open[fast].send(`[2,"1","A",{"x":"${'x'.repeat(60_000)}"}]`)
      while (!source.isPaused()) await new Promise(setImmediate)
      pass(open, 31, { ...limits, idle: 0 })
      const who = slow === 'central' ? 'central-system' : 'charge-point'
      assert.deepEqual(open.refused, [{ reason: 'idle_timeout', detail: `${who} does not read` }])
      pass(open, 6)
      assert.ok(open.near.destroyed && open.upstream.destroyed)
      await open.ended
    }))
}

test('endWhenIdle: at once without an open CALL, else when the last answer is through', () =>
  withSession(async ({ session, chargePoint, central }) => {
    chargePoint.send(call('1'))
    await central.untilFrames(1)
    central.send(call('2'))
    await chargePoint.untilFrames(1)
    assert.ok(session.hasOpenCalls)
    session.endWhenIdle(1001, 'later')
    central.send(result('1'))
    await chargePoint.untilFrames(2)
    assert.equal(session.isEnding, false)
    chargePoint.send('[4,"2","GenericError","",{}]')
    await Promise.all([chargePoint.untilFrames(3), central.untilFrames(3)])
    assert.deepEqual(textsOf(central.frames), [call('1'), '[4,"2","GenericError","",{}]'])
    assert.deepEqual([codeOf(chargePoint), codeOf(central)], [1001, 1001])
  }))

test('what passes is counted: kind, action and bytes, and how long an answer took', () =>
  withSession(async ({ chargePoint, central, context, clock }) => {
    clock.now = () => 1000
    chargePoint.send(call('1'), '[2,"x","NoSuchAction",{}]')
    await central.untilFrames(2)
    clock.now = () => 3000
    central.send(result('1'), result('nobody asked'))
    await chargePoint.untilFrames(2)
    const text = await context.metrics.registry.metrics()
    const lines = text.split('\n').filter((line) => line.startsWith('ocpp_proxy_'))
    for (const line of [
      'ocpp_proxy_messages_total{direction="from_charge_point",type="call",action="Heartbeat"} 1',
      'ocpp_proxy_messages_total{direction="from_charge_point",type="call",action="other"} 1',
      'ocpp_proxy_messages_total{direction="from_central_system",type="result",action="Heartbeat"} 1',
      'ocpp_proxy_messages_total{direction="from_central_system",type="result",action="other"} 1',
      `ocpp_proxy_message_bytes_total{direction="from_charge_point"} ${call('1').length + 25}`,
      'ocpp_proxy_relay_duration_seconds_sum 2',
      'ocpp_proxy_relay_duration_seconds_count 1',
    ]) {
      assert.ok(lines.includes(line), line)
    }
  }))

test('[CWE-613] probe: a charge point that says anything is alive', () =>
  withSession(async ({ session, chargePoint }) => {
    const alive = session.probe(60_000)
    await chargePoint.untilFrames(1)
    chargePoint.send({ opcode: opcode.pong, payload: chargePoint.frames[0]?.payload ?? '' })
    assert.equal(await alive, true)
  }))

test('[CWE-613] probe: silence, an end, and another probe are answered', () =>
  withSession(async ({ session, ended }) => {
    assert.equal(await session.probe(20), false)
    const first = session.probe(60_000)
    const second = session.probe(60_000)
    assert.equal(await first, false)
    session.destroy()
    assert.equal(await second, false)
    assert.equal(await session.probe(60_000), false)
    await ended
  }))
