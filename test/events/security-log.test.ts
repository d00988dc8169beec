import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { EventRetention } from '../../src/events/retention.ts'
import { SecurityLog } from '../../src/events/security-log.ts'
import { createLogger } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import type { NewSecurityEvent } from '../../src/store/store.ts'
import { memoryEvents, securityEvent } from '../support/memory-events.ts'

const build = { version: '0', node: '0', openssl: '0' }

function setting() {
  const events = memoryEvents()
  const metrics = createMetrics(build, { processMetrics: false })
  const lines: Record<string, unknown>[] = []
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) })
  const securityLog = new SecurityLog({ events, metrics, log, now: () => 1_000 })
  const count = async (type: string, origin: string) =>
    (await metrics.securityEvents.get()).values.find(
      ({ labels }) => labels.type === type && labels.origin === origin,
    )?.value ?? 0
  return { events, lines, securityLog, count, log }
}

const settled = () => new Promise(setImmediate)

/** Lets time pass by hand; fulfilled when what it caused is done. */
function mockTime(t: TestContext): (ms: number) => Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  return async (ms) => {
    t.mock.timers.tick(ms)
    await settled()
  }
}

test('[A04.FR.03][principle 4] an event of a charge point is durable when it is fulfilled, and a crowd is one transaction', async () => {
  const { events, securityLog, count } = setting()
  await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      securityLog.fromChargePoint(securityEvent({ identity: `CP${index}` })),
    ),
  )
  assert.equal(events.records.length, 300)
  assert.deepEqual(events.batches, [300])
  assert.equal(await count('SettingSystemTime', 'charge-point'), 300)
  await securityLog.close()
})

test('[A04.FR.02] the store failing is told to whoever waits, and nothing of it is kept', async () => {
  const { events, securityLog, count } = setting()
  events.problem = new Error('disk full')
  const code = 'event_not_stored'
  await assert.rejects(securityLog.fromChargePoint(securityEvent()), { code })
  events.problem = null
  await securityLog.close()
  assert.equal(events.records.length, 0)
  assert.equal(await count('SettingSystemTime', 'charge-point'), 0)
})

test('[A00.FR.323] an act that is noted durably is on disk when it is fulfilled, and kept when the store fails', async () => {
  const { events, securityLog, count } = setting()
  const event = { type: 'ReconfigurationOfSecurityParameters', identity: 'CP1', techInfo: 'x' }
  await securityLog.noteDurably(event)
  assert.equal(events.records.length, 1)
  events.problem = new Error('disk full')
  await assert.rejects(securityLog.noteDurably(event), { code: 'event_not_stored' })
  events.problem = null
  await securityLog.close()
  assert.deepEqual(
    events.records.map(({ type, origin }) => [type, origin]),
    Array(2).fill(['ReconfigurationOfSecurityParameters', 'proxy']),
  )
  assert.equal(await count('ReconfigurationOfSecurityParameters', 'proxy'), 2)
})

test('[CWE-770] types that are made up share one label, and waiting charge points have a bound', async () => {
  const { events, securityLog, count } = setting()
  const waiting = Array.from({ length: 10_000 }, (_, index) =>
    securityLog.fromChargePoint(securityEvent({ type: `Vendor${index}` })),
  )
  await assert.rejects(securityLog.fromChargePoint(securityEvent()), { code: 'event_not_stored' })
  await Promise.all(waiting)
  assert.equal(await count('other', 'charge-point'), 10_000)
  assert.equal(events.records[9_999]?.type, 'Vendor9999')
  await securityLog.close()
})

test('[A00.FR.323][A00.FR.408] acts of the proxy are stored within 50 ms, in order, cut to length, and logged', async (t) => {
  const { events, securityLog, lines, count } = setting()
  const tick = mockTime(t)
  securityLog.note({ type: 'x'.repeat(60), identity: null, techInfo: `${'y'.repeat(254)}\u{1f600}` })
  securityLog.note({
    type: 'ReconfigurationOfSecurityParameters',
    identity: 'CP1',
    techInfo: 'profile 2',
    address: '192.0.2.9',
  })
  await tick(49)
  assert.equal(events.records.length, 0)
  await tick(1)
  const [first, second] = events.records
  assert.equal(first?.type.length, 50)
  assert.equal(first?.techInfo, `${'y'.repeat(254)}\ufffd`)
  assert.deepEqual(
    [second?.origin, second?.at, second?.timestamp, second?.address, second?.reason],
    ['proxy', 1_000, '1970-01-01T00:00:01.000Z', '192.0.2.9', null],
  )
  assert.deepEqual(
    lines.map(({ techInfo }) => techInfo),
    [first?.techInfo, 'profile 2'],
  )
  assert.equal(await count('ReconfigurationOfSecurityParameters', 'proxy'), 1)
})

test('what a charge point wrote into techInfo stays out of the log', async () => {
  const { securityLog, lines } = setting()
  await securityLog.fromChargePoint(securityEvent({ techInfo: 'the key is 0001020304' }))
  await securityLog.close()
  assert.ok(!JSON.stringify(lines).includes('0001020304'))
})

test('[principle 4] while the store fails, acts wait in their order and are tried again', async (t) => {
  const { events, securityLog } = setting()
  const tick = mockTime(t)
  const note = (techInfo: string) => securityLog.note({ type: 'T', identity: null, techInfo })
  events.problem = new Error('disk full')
  note('1')
  await tick(50)
  note('2')
  await tick(999)
  events.problem = null
  assert.equal(events.records.length, 0)
  await tick(1)
  assert.deepEqual(
    events.records.map(({ techInfo }) => techInfo),
    ['1', '2'],
  )
})

test('[CWE-770] 20,000 acts wait at the most; the loss is logged', async (t) => {
  const { events, securityLog, lines } = setting()
  const tick = mockTime(t)
  events.problem = new Error('disk full')
  for (let index = 0; index < 25_000; index += 1) securityLog.keep(securityEvent({ origin: 'proxy' }))
  await tick(50)
  events.problem = null
  for (let round = 0; round < 50; round += 1) await tick(1_000)
  assert.equal(events.records.length, 20_000)
  assert.equal(lines.find(({ msg }) => msg === 'security events of the proxy were lost')?.lost, 5_000)
})

test('close: the store is asked twice, and what it does not take is in the log at least', async () => {
  const { events, securityLog, lines } = setting()
  events.problem = new Error('disk full')
  securityLog.note({ type: 'T', identity: 'CP1', techInfo: 'told' })
  const reported = assert.rejects(securityLog.fromChargePoint(securityEvent()))
  await securityLog.close()
  await reported
  assert.equal(lines.filter(({ msg }) => msg === 'security events cannot be stored').length, 2)
  assert.equal(lines.find(({ msg }) => msg === 'security event')?.techInfo, 'told')
})

test('readers hear of what is durable before it is confirmed, until they leave, and cannot break it', async () => {
  const { events, securityLog } = setting()
  const seen: (readonly NewSecurityEvent[])[] = []
  const leave = securityLog.subscribe((batch) => {
    assert.equal(events.records.length, 1)
    seen.push(batch)
  })
  securityLog.subscribe(() => {
    throw new Error('a broken reader')
  })
  await securityLog.fromChargePoint(securityEvent())
  assert.equal(seen.length, 1)
  leave()
  await securityLog.fromChargePoint(securityEvent())
  assert.equal(seen.length, 1)
  await securityLog.close()
})

test('[CWE-400] old events go hourly, and when a tenth of what is kept has come', async (t) => {
  const { events, log } = setting()
  const tick = mockTime(t)
  await events.append([1, 2, 3].map((at) => securityEvent({ at })))
  let now = 1_002
  const retention = new EventRetention(events, { keep: 20, age: 1_000 }, log, () => now)
  await settled()
  assert.deepEqual(
    events.records.map(({ at }) => at),
    [2, 3],
  )
  now = 1_003
  await tick(3_600_000)
  assert.equal(events.records.length, 1)
  retention.setBounds({ keep: 1, age: 1_000 })
  await events.append([securityEvent({ at: 4 })])
  retention.stored(1)
  await retention.close()
  assert.deepEqual(
    events.records.map(({ at }) => at),
    [4],
  )
})
