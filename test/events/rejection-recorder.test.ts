import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RejectionRecorder } from '../../src/events/rejection-recorder.ts'
import { createLogger } from '../../src/observe/log.ts'
import type { NewRejection, RejectionLog } from '../../src/store/store.ts'

const rejection = (port: number, more: Partial<NewRejection> = {}): NewRejection => ({
  at: 0,
  reason: 'not_tls',
  stage: 'tls',
  mode: 'enforce',
  event: 'InvalidTLSVersion',
  listener: 'test',
  profile: 2,
  address: '192.0.2.1',
  port,
  identity: null,
  detail: 'detail',
  facts: { ja4: 't13', secret: 'kept out of the log' },
  ...more,
})

/** A store whose transactions the test ends. */
function setting() {
  const batches: { number: number | undefined; ports: number[]; done: () => void; fail: () => void }[] = []
  const store: RejectionLog = {
    append: (records, number) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      batches.push({
        number,
        ports: records.map(({ port }) => port),
        done: resolve,
        fail: () => reject(new Error('disk full')),
      })
      return promise
    },
    list: async () => [],
    summary: async () => [],
    prune: async () => 0,
  }
  const lines: Record<string, unknown>[] = []
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) })
  return { recorder: new RejectionRecorder(store, log), batches, lines, told: () => told(lines) }
}

function told(lines: readonly Record<string, unknown>[]): unknown[] {
  return lines.filter(({ msg }) => msg === 'refused').map(({ port }) => port)
}

const settled = () => new Promise(setImmediate)

function mockTime(t: TestContext): (ms: number) => Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  return async (ms) => {
    t.mock.timers.tick(ms)
    await settled()
  }
}

test('[A00.FR.408][principle 4] what comes within 50 ms is one transaction, and is logged when it is durable', async (t) => {
  const { recorder, batches, lines, told } = setting()
  const tick = mockTime(t)
  recorder.record(rejection(1))
  recorder.record(rejection(2))
  await tick(49)
  assert.equal(batches.length, 0)
  await tick(1)
  assert.deepEqual(batches[0]?.ports, [1, 2])
  assert.deepEqual(told(), [])
  batches[0]?.done()
  await settled()
  assert.deepEqual(told(), [1, 2])
  assert.deepEqual([lines[0]?.ja4, lines[0]?.reason], ['t13', 'not_tls'])
  assert.ok(!JSON.stringify(lines).includes('kept out'))
})

test('500 are written at once, and those that come meanwhile afterwards', async (t) => {
  const { recorder, batches } = setting()
  const tick = mockTime(t)
  for (let port = 0; port < 1200; port += 1) recorder.record(rejection(port))
  assert.deepEqual(
    batches.map(({ ports }) => ports.length),
    [500],
  )
  batches[0]?.done()
  await settled()
  await tick(50)
  assert.deepEqual(
    batches.map(({ ports }) => ports.length),
    [500, 700],
  )
})

test('[principle 4] while the store fails, records wait in their order and are tried again', async (t) => {
  const { recorder, batches, told } = setting()
  const tick = mockTime(t)
  recorder.record(rejection(1))
  await tick(50)
  recorder.record(rejection(2))
  batches[0]?.fail()
  await settled()
  recorder.record(rejection(3))
  await tick(1000)
  // The store may have it already: the same again, by the same number.
  assert.deepEqual([batches[1]?.number, batches[1]?.ports], [batches[0]?.number, [1]])
  batches[1]?.done()
  await settled()
  await tick(50)
  assert.deepEqual([batches[2]?.number, batches[2]?.ports], [2, [2, 3]])
  batches[2]?.done()
  await settled()
  assert.deepEqual(told(), [1, 2, 3])
})

test('[CWE-400] a store that fails is not asked again by every new record', async (t) => {
  const { recorder, batches, lines } = setting()
  const tick = mockTime(t)
  for (let port = 0; port < 500; port += 1) recorder.record(rejection(port))
  batches[0]?.fail()
  await settled()
  for (let port = 500; port < 600; port += 1) {
    recorder.record(rejection(port))
    batches.at(-1)?.fail()
    await settled()
  }
  assert.equal(batches.length, 1)
  assert.equal(lines.length, 1)
  await tick(1000)
  assert.equal(batches[1]?.ports.length, 500)
  batches[1]?.done()
  await settled()
  await tick(50)
  assert.equal(batches[2]?.ports.length, 100)
})

test('[CWE-770] 20,000 wait at the most, those being written included; the loss is logged', async (t) => {
  const { recorder, batches, lines } = setting()
  const tick = mockTime(t)
  for (let port = 0; port < 25_000; port += 1) recorder.record(rejection(port))
  batches[0]?.fail()
  await settled()
  await tick(1000)
  assert.equal(batches[1]?.ports.length, 500)
  batches[1]?.done()
  await settled()
  await tick(50)
  assert.equal(batches[2]?.ports.length, 19_500)
  batches[2]?.done()
  await settled()
  assert.equal(lines.find(({ msg }) => msg === 'rejection records were lost')?.lost, 5_000)
})

test('[CWE-770] a flood of strangers takes one place a minute, and takes it from nobody', async (t) => {
  const { recorder, batches, lines } = setting()
  const tick = mockTime(t)
  const stranger = (port: number, at: number) => rejection(port, { stage: 'tcp', reason: 'rate_limited', at })
  for (let port = 0; port < 30_000; port += 1) recorder.record(stranger(port, port))
  recorder.record(rejection(77))
  recorder.record(stranger(1, 60_000))
  recorder.record(stranger(2, 60_001))
  await tick(50)
  batches[0]?.fail()
  await settled()
  recorder.record(stranger(3, 59_999))
  await tick(1000)
  assert.deepEqual(batches[1]?.ports, [0, 77, 1])
  batches[1]?.done()
  await settled()
  await tick(50)
  assert.deepEqual(batches[2]?.ports, [3])
  batches[2]?.done()
  await settled()
  const told = lines.filter(({ msg }) => msg === 'refused')
  assert.deepEqual(
    told.map(({ count, port, refusedAt }) => [count, port, refusedAt]),
    [
      [30_000, 0, '1970-01-01T00:00:29.999Z'],
      [undefined, 77, '1970-01-01T00:00:00.000Z'],
      [2, 1, '1970-01-01T00:01:00.001Z'],
      [undefined, 3, '1970-01-01T00:00:59.999Z'],
    ],
  )
})

test('close: everything recorded is written, also what failed before', async (t) => {
  const { recorder, batches, told } = setting()
  mockTime(t)
  recorder.record(rejection(1))
  const closed = recorder.close()
  batches[0]?.fail()
  await settled()
  batches[1]?.done()
  await closed
  assert.deepEqual(batches[1]?.ports, [1])
  assert.deepEqual(told(), [1])
})

test('close: what the store does not take is in the log at least', async (t) => {
  const { recorder, batches, told } = setting()
  mockTime(t)
  recorder.record(rejection(1))
  const closed = recorder.close()
  batches[0]?.fail()
  await settled()
  batches[1]?.fail()
  await closed
  assert.deepEqual(told(), [1])
})

test('a finding in report mode is not logged as a refusal', async () => {
  const { recorder, batches, lines } = setting()
  recorder.record(rejection(1, { mode: 'report' }))
  const closed = recorder.close()
  batches[0]?.done()
  await closed
  assert.equal(lines[0]?.msg, 'found, and admitted (report mode)')
})
