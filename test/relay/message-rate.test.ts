import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { budgetOf, CarriedBudgets, refillOf } from '../../src/relay/message-rate.ts'
import { opcode } from '../../src/relay/opcode.ts'
import { call, turns } from './scripted.ts'
import { withSession } from './sockets.ts'
import { textsOf } from './wire.ts'

test('[CWE-770] what the sweeps add is the rate, whatever the time between them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.array(fc.nat(100)), (perMinute, pauses) => {
      let now = 1
      let total = 0
      for (const pause of pauses) {
        total += refillOf(perMinute, now, now + pause)
        now += pause
      }
      assert.ok(Number.isInteger(total))
      assert.ok(Math.abs(total - (perMinute * (now - 1)) / 60) < 1)
    }),
  )
  assert.equal(budgetOf(600), 600)
  assert.ok(budgetOf(0) > 1e9 && refillOf(0, 1, 2) > 1e9)
})

test('[CWE-770] a reconnect fills no budget up: it grows with time only', () => {
  const budgets = new CarriedBudgets()
  assert.equal(budgets.take('CP1', 60, 1), 60)
  budgets.keep('CP1', -1, 10)
  assert.equal(budgets.take('CP2', 60, 10), 60, 'of others it says nothing')
  assert.equal(budgets.take('CP1', 60, 15), 5)
  budgets.keep('CP1', 50, 20)
  assert.equal(budgets.take('CP1', 60, 80), 60, 'never more than a whole one')
  budgets.keep('CP1', 0, 80)
  assert.equal(budgets.take('CP1', 0, 80), budgetOf(0), 'the bound was taken away')
})

test('[CWE-770] a charge point that spends its budget is closed with 1008; what it could pay for was delivered', () =>
  withSession(
    async ({ chargePoint, central, refused, session, clock }) => {
      const limits = { idle: 0, pingTimeout: 30 }
      chargePoint.send(call('1'), { opcode: opcode.ping, payload: 'p' }, call('2'))
      await central.untilFrames(3)
      clock.seconds += 1
      session.sweep({ ...limits, refill: 1 })
      chargePoint.send(call('3'))
      await central.untilFrames(4)
      // More than a whole budget is not saved up.
      for (let count = 0; count < 100; count += 1) session.sweep({ ...limits, refill: 1 })
      chargePoint.send(call('4'), call('5'), call('6'), call('7'), call('8'))
      await Promise.all([central.untilFrames(8), chargePoint.untilFrames(1)])
      assert.deepEqual(
        textsOf(central.frames),
        ['1', '2', '3', '4', '5', '6'].map((id) => call(id)),
      )
      assert.equal(chargePoint.frames[0]?.payload.readUInt16BE(0), 1008)
      assert.equal(central.frames.at(-1)?.payload.readUInt16BE(0), 1001)
      assert.deepEqual(refused, [
        {
          reason: 'message_rate',
          detail: 'charge-point: more messages than limits.messagesPerMinute allows',
        },
      ])
    },
    { messagesPerMinute: 3 },
  ))

test('[CWE-770] pings count, a Close and the central system do not; 0 is no bound', async () => {
  await withSession(
    async ({ chargePoint, central, refused }) => {
      const ping = { opcode: opcode.ping, payload: 'p' }
      chargePoint.send(ping, ping, { opcode: opcode.close })
      await central.untilFrames(3)
      assert.deepEqual(refused, [])
      assert.equal(central.frames.length, 3)
      central.send(...Array(50).fill(call('c')))
      await chargePoint.untilFrames(50)
    },
    { messagesPerMinute: 2 },
  )
  await withSession(
    async ({ chargePoint, refused }) => {
      chargePoint.send({ opcode: opcode.ping }, { opcode: opcode.ping })
      await chargePoint.untilFrames(1)
      assert.equal(refused[0]?.reason, 'message_rate')
    },
    { messagesPerMinute: 1 },
  )
  await withSession(
    async ({ chargePoint, central, refused }) => {
      chargePoint.send(...Array(5000).fill(call('c')))
      await central.untilFrames(5000)
      await turns()
      assert.deepEqual(refused, [])
    },
    { messagesPerMinute: 0 },
  )
})
