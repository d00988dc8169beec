import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ProxyEvent } from '../../src/events/proxy-event.ts'
import { SinkPump } from '../../src/events/sink-pump.ts'
import type { Sink, SinkOutcome } from '../../src/events/sinks/sink.ts'
import { prepareSinks, Sinks } from '../../src/events/sinks.ts'
import { createLogger } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { memoryEvents, securityEvent } from '../support/memory-events.ts'

const build = { version: '0', node: '0', openssl: '0' }

interface FakeSink extends Sink {
  readonly sent: number[][]
  readonly outcomes: SinkOutcome[]
  isClosed: boolean
}

/** Delivers, unless it is told another outcome. */
function fakeSink(batch = 100): FakeSink {
  const sink: FakeSink = {
    batch,
    sent: [],
    outcomes: [],
    isClosed: false,
    send: async (events) => {
      sink.sent.push(events.map(({ id }) => id))
      return sink.outcomes.shift() ?? { kind: 'delivered' }
    },
    close: async () => {
      sink.isClosed = true
    },
  }
  return sink
}

function setting(context: TestContext) {
  const events = memoryEvents()
  const metrics = createMetrics(build, { processMetrics: false })
  const lines: Record<string, unknown>[] = []
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) })
  const notes: ProxyEvent[] = []
  const note = (event: ProxyEvent) => void notes.push(event)
  const deps = { events, metrics, log, note }
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const tick = async (ms: number) => {
    context.mock.timers.tick(ms)
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
  }
  const pending = async () => (await metrics.securityEventsPending.get()).values[0]?.value
  const add = async (pump: { wake(count: number): void }, count: number) => {
    await events.append(Array.from({ length: count }, () => securityEvent()))
    pump.wake(count)
  }
  return { events, metrics, lines, notes, deps, tick, pending, add }
}

test('a new sink begins at the end of the log, and gets what comes, in batches and in order', async (context) => {
  const { events, deps, tick, pending, add } = setting(context)
  await events.append([securityEvent()])
  const sink = fakeSink(2)
  const pump = new SinkPump('file/one', sink, deps)
  await pump.start()
  assert.equal(events.cursors.get('sink/file/one'), 1)
  await add(pump, 3)
  assert.equal(await pending(), 3)
  await tick(100)
  assert.deepEqual(sink.sent, [[2, 3], [4]])
  assert.equal(await pending(), 0)
  assert.equal(events.cursors.get('sink/file/one'), 4)
  await add(pump, 1)
  await tick(100)
  assert.deepEqual(sink.sent[2], [5])
  await pump.close()
  assert.equal(sink.isClosed, true)
})

test('[principle 4] a sink that fails is tried again ever more rarely, and gets everything then', async (context) => {
  const { deps, tick, pending, add, lines, metrics } = setting(context)
  const sink = fakeSink()
  const pump = new SinkPump('webhook/one', sink, deps)
  await pump.start()
  const failed = { kind: 'failed', detail: 'away' } as const
  sink.outcomes.push(failed, failed, { ...failed, retryAfterMs: 9_000 }, { ...failed, needsOperator: true })
  await add(pump, 1)
  await tick(100)
  await add(pump, 1)
  await tick(999)
  assert.equal(sink.sent.length, 1, 'new events do not hurry it')
  await tick(1)
  assert.deepEqual(sink.sent[1], [1, 2])
  await tick(2_000)
  assert.equal(sink.sent.length, 3)
  await tick(8_999)
  assert.equal(sink.sent.length, 3, 'Retry-After is longer')
  await tick(1)
  assert.equal(sink.sent.length, 4)
  assert.equal(await pending(), 2)
  await tick(8_000)
  assert.deepEqual(sink.sent[4], [1, 2])
  assert.equal(await pending(), 0)
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['warn', 'warn', 'warn', 'error', 'info'],
  )
  const results = (await metrics.securityEventDeliveries.get()).values
  assert.deepEqual(
    results.map(({ labels, value }) => [labels.result, value]),
    [
      ['failed', 4],
      ['delivered', 2],
    ],
  )
  await pump.close()
})

test('[principle 4] a store that fails after the delivery: it is not sent again, and the cursor follows', async (context) => {
  const { events, deps, tick, add } = setting(context)
  const sink = fakeSink()
  const pump = new SinkPump('file/one', sink, deps)
  await pump.start()
  await add(pump, 1)
  const { send } = sink
  sink.send = async (page, signal) => {
    const outcome = await send(page, signal)
    events.problem = new Error('disk full')
    return outcome
  }
  await tick(100)
  assert.equal(events.cursors.get('sink/file/one'), 0)
  events.problem = null
  await tick(1_000)
  assert.equal(sink.sent.length, 1)
  assert.equal(events.cursors.get('sink/file/one'), 1)
  await pump.close()
})

test('a store that fails at the start is asked again', async (context) => {
  const { events, deps, tick } = setting(context)
  await events.append([securityEvent()])
  events.problem = new Error('locked')
  const pump = new SinkPump('file/one', fakeSink(), deps)
  await pump.start()
  assert.equal(events.cursors.size, 0)
  events.problem = null
  await tick(1_000)
  assert.equal(events.cursors.get('sink/file/one'), 1)
  await pump.close()
})

test('a reload replaces the sinks that changed, and only those; each goes on at its cursor', async (context) => {
  const { events, deps, tick, metrics } = setting(context)
  const opened: string[] = []
  const sinksByName = new Map<string, FakeSink>()
  const prepared = (name: string, settings: number) => ({
    name,
    settings,
    open: () => {
      opened.push(`${name} ${settings}`)
      const sink = fakeSink()
      sinksByName.set(name, sink)
      return sink
    },
  })
  const sinks = new Sinks(deps)
  await sinks.set([prepared('file/a', 1), prepared('file/b', 1)])
  const first = sinksByName.get('file/a')
  await events.append([securityEvent()])
  await sinks.set([prepared('file/a', 2), prepared('file/b', 1), prepared('file/c', 1)])
  assert.deepEqual(opened, ['file/a 1', 'file/b 1', 'file/a 2', 'file/c 1'])
  assert.equal(first?.isClosed, true)
  sinks.wake(1)
  await tick(100)
  assert.deepEqual(sinksByName.get('file/a')?.sent, [[1]])
  assert.deepEqual(sinksByName.get('file/b')?.sent, [[1]])
  assert.deepEqual(sinksByName.get('file/c')?.sent, [])
  await sinks.close()
  assert.deepEqual((await metrics.securityEventsPending.get()).values, [])
})

test('sinks are prepared from the configuration; what cannot be read fails before anything is open', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sinks-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, 'one')
  const machine = { hostname: 'h', edition: 3, now: Date.now } as const
  const configs = [
    { file: { name: 'f', path: join(folder, 'e'), maxSize: 1, keep: 1 } },
    {
      syslog: {
        name: 's',
        transport: 'tls',
        address: { host: 'h', port: 1 },
        timeout: 1,
        facility: 13,
        ca,
      },
    },
    { webhook: { name: 'w', url: 'http://h/', secret: null, batch: 1, timeout: 1, ca } },
  ] as const
  const before = prepareSinks(configs, machine)
  assert.deepEqual(
    before.map(({ name }) => name),
    ['file/f', 'syslog/s', 'webhook/w'],
  )
  assert.deepEqual(
    prepareSinks(configs, machine).map(({ settings }) => settings),
    before.map(({ settings }) => settings),
  )
  writeFileSync(ca, 'two')
  assert.notDeepEqual(prepareSinks(configs, machine)[2]?.settings, before[2]?.settings, 'other roots')
  rmSync(ca)
  assert.throws(() => prepareSinks(configs, machine), { code: 'sink_unusable' })
})

test('[CWE-778] events that retention removed before the sink had them are told once, with their number', async (context) => {
  const { events, metrics, lines, notes, deps, tick, add, pending } = setting(context)
  const sink = fakeSink(10)
  const pump = new SinkPump('file/one', sink, deps)
  await pump.start()
  const failed = { kind: 'failed', detail: 'away' } as const
  sink.outcomes.push(failed, failed, failed)
  await add(pump, 20)
  await tick(100)
  assert.equal(notes.length, 0, 'nothing is lost while it is only late')
  await events.prune(0, 15)
  await tick(1_000)
  await events.prune(0, 12)
  await tick(2_000)
  await tick(4_000)
  assert.deepEqual(sink.sent.slice(-2), [
    [9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
    [19, 20],
  ])
  await add(pump, 5)
  await events.prune(Number.MAX_SAFE_INTEGER, 0)
  await tick(100)
  assert.equal(await pending(), 0)
  await add(pump, 1)
  await tick(100)
  assert.deepEqual(sink.sent.at(-1), [26])
  assert.deepEqual(
    notes.map(({ type, techInfo }) => [type, techInfo.split(' ')[0]]),
    [5, 3, 5].map((lost) => ['SecurityEventsLost', String(lost)]),
  )
  assert.deepEqual(
    lines.filter(({ level }) => level === 'error').map(({ lost }) => lost),
    [5, 3, 5],
  )
  const results = (await metrics.securityEventDeliveries.get()).values
  assert.equal(results.find(({ labels }) => labels.result === 'lost')?.value, 13)
  await pump.close()
})

test('ids that a failover gives anew are those of events that the sink has not got', async (context) => {
  const { events, deps, tick, add } = setting(context)
  const sink = fakeSink()
  const pump = new SinkPump('file/one', sink, deps)
  await pump.start()
  await add(pump, 5)
  await tick(100)
  events.lose(3)
  await add(pump, 2)
  await tick(100)
  assert.deepEqual(sink.sent, [
    [1, 2, 3, 4, 5],
    [4, 5],
  ])

  // The store went away before it could note what was delivered, and comes back without it.
  const { send } = sink
  Object.assign(sink, {
    send: async (...args: Parameters<Sink['send']>) => {
      events.problem = new Error('gone')
      return send(...args)
    },
  })
  await add(pump, 2)
  await tick(100)
  Object.assign(sink, { send })
  events.problem = null
  events.lose(5)
  await tick(1_000)
  await add(pump, 1)
  await tick(100)
  assert.deepEqual(sink.sent.slice(2), [[6, 7], [6]])
  await pump.close()
})
