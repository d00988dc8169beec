import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFleet } from '../../src/simulator/create-fleet.ts'
import { createEndpoint } from '../../src/simulator/endpoint.ts'
import { createTraffic, strayMessages } from '../../src/simulator/traffic.ts'
import { createUnsolicitedCalls } from '../../src/simulator/unsolicited.ts'
import { simulators } from './simulators.ts'

test('every CALL that was sent is in exactly one place, whatever comes back', () => {
  const text = fc.oneof(
    fc.nat(12).map((id) => `[3,"${id}",{}]`),
    fc.nat(12).map((id) => `[4,"${id}","GenericError","",{}]`),
    fc.string(),
  )
  fc.assert(
    fc.property(
      fc.array(text),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (texts, maxOutstanding, ends) => {
        const traffic = createTraffic()
        let ids = 0
        const endpoint = createEndpoint({
          identity: 'CP-1',
          send: () => {},
          answer: () => ({ kind: 'none' }),
          onEvent: () => {},
          callTimeoutMs: 60_000,
          maxOutstanding,
          maxQueued: 8,
          newId: () => `${++ids}`,
          traffic,
        })
        for (let count = 0; count < 8; count += 1) void endpoint.call('A', {})
        for (const one of texts) endpoint.receive(one)
        if (ends) endpoint.close()
        const counts = traffic.counts()
        if (ends) {
          assert.equal(counts.open, 0)
          assert.equal(counts.sent + counts.unsent, 8)
        }
        assert.ok(counts.open >= 0 && counts.open <= maxOutstanding)
        const calls = counts.received
        assert.equal(
          texts.length,
          counts.results + counts.errors + strayMessages(counts) + calls,
          'every message that came is counted once',
        )
        endpoint.close()
      },
    ),
  )
})

test('a central system that holds, is late or answers twice is seen as such', async (t) => {
  const held = await simulators(t, { callTimeoutMs: 20 }, { answering: 'hold' })
  await held.chargePoint.connect()
  assert.equal((await held.chargePoint.heartbeat()).kind, 'timeout')
  assert.partialDeepStrictEqual(held.chargePoint.traffic(), { sent: 1, timeouts: 1, results: 0, open: 0 })
  // It may have given up before the central system has read it.
  while (held.central.traffic().unanswered === 0) await new Promise(setImmediate)
  assert.equal(held.central.traffic().unanswered, 1)

  const late = await simulators(t, {}, { answering: 'late', lateMs: 1 })
  await late.chargePoint.connect()
  assert.equal((await late.chargePoint.heartbeat()).kind, 'result')

  const twice = await simulators(t, {}, { answering: 'twice' })
  await twice.chargePoint.connect()
  await twice.chargePoint.heartbeat()
  await twice.chargePoint.heartbeat()
  await twice.chargePoint.close()
  const { results, duplicates } = twice.chargePoint.traffic()
  // The second copy of the last one may be lost with the connection.
  assert.ok(results === 2 && (duplicates === 1 || duplicates === 2), `${duplicates}`)
})

test('a central system remembers what is not for it', async (t) => {
  const { central, chargePoint } = await simulators(t)
  await chargePoint.connect()
  await chargePoint.boot()
  await chargePoint.call('DataTransfer', { vendorId: 'x' })
  assert.deepEqual(central.foreign(), [])
  chargePoint.sendText('[3,"nobody-asked",{}]')
  chargePoint.sendText('no message')
  await chargePoint.call('SignCertificate', { csr: 'x' })
  assert.deepEqual(
    central.foreign('CP-1').map(({ kind }) => kind),
    ['unexpected-answer', 'invalid-message', 'unknown-action'],
  )
  assert.deepEqual(central.foreign('CP-2'), [])
  assert.equal(central.foreignCount, 3)
})

test('CALLs that nobody asked for are counted; one that was expected is not', async (t) => {
  const { central, chargePoint } = await simulators(t, { expectedCalls: ['ClearCache'] })
  await chargePoint.connect()
  chargePoint.unsolicited.expect('UnlockConnector')
  for (const action of ['ClearCache', 'ClearCache', 'UnlockConnector']) await central.send('CP-1', action, {})
  assert.equal(chargePoint.unsolicited.count, 0)
  for (const action of ['UnlockConnector', 'GetConfiguration']) await central.send('CP-1', action, {})
  assert.deepEqual(chargePoint.unsolicited.list(), ['UnlockConnector', 'GetConfiguration'])
  const many = createUnsolicitedCalls()
  for (let count = 0; count < 1500; count += 1) many.see('A')
  assert.deepEqual([many.count, many.list().length], [1500, 1000])
})

test('a fleet keeps one set of books, and knows who misbehaves', async (t) => {
  const { central, port } = await simulators(t)
  const fleet = createFleet({
    count: 20,
    identity: (number) => `F-${number}`,
    options: () => ({ url: `ws://127.0.0.1:${port}/ocpp`, securityProfile: 0 }),
    misbehaviour: { every: 10, behaviours: ['refuse', 'error'] },
  })
  t.after(() => fleet.close())
  assert.deepEqual(
    fleet.others.map(({ identity }) => identity),
    ['F-10', 'F-20'],
  )
  assert.equal(fleet.obedient.length, 18)
  await Promise.all(
    fleet.members.map(async (member) => {
      await member.connect()
      await member.boot()
    }),
  )
  assert.equal(await central.changeConfiguration('F-10', 'AuthorizationKey', '8f'.repeat(16)), 'Rejected')
  assert.equal(
    await central.changeConfiguration('F-20', 'AuthorizationKey', '8f'.repeat(16)),
    'InternalError',
  )
  assert.partialDeepStrictEqual(fleet.traffic(), { sent: 20, results: 20, open: 0, received: 2 })
})
