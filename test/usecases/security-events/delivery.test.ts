import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createLogger } from '../../../src/observe/log.ts'
import { createMetrics } from '../../../src/observe/metrics.ts'
import type { Answer } from '../../../src/relay/use-case.ts'
import type { NewSecurityEvent } from '../../../src/store/store.ts'
import { eventDelivery } from '../../../src/usecases/security-events/delivery.ts'
import type { EventForm } from '../../../src/usecases/security-events/message.ts'
import { EventOutbox, type OutboxSettings } from '../../../src/usecases/security-events/outbox.ts'
import { type FakeSession, fakeSession } from '../../support/fake-session.ts'
import { memoryEvents, securityEvent } from '../../support/memory-events.ts'

const result = (payload = {}): Answer => ({ kind: 'result', payload })
const callError: Answer = { kind: 'error', code: 'NotImplemented', description: '', details: {} }
const noAnswer = { kind: 'no-answer', detail: 'time is up' } as const

interface Options {
  readonly form?: EventForm
  readonly perMinute?: number
  readonly wanted?: (event: NewSecurityEvent) => boolean
}

async function turns() {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
}

function setting(context: TestContext, { form = 'SecurityEventNotification', ...options }: Options = {}) {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const events = memoryEvents()
  const metrics = createMetrics({ version: '0', node: '0', openssl: '0' }, { processMetrics: false })
  const log = createLogger('silent')
  const settings: OutboxSettings = {
    form,
    perMinute: options.perMinute ?? 10,
    dataTransfer: { vendorId: 'V', messageId: 'M' },
  }
  const wait = (ms: number, signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(true), ms)
      signal.addEventListener('abort', () => resolve(false))
    })
  const outbox = new EventOutbox({
    events,
    metrics,
    log,
    wait,
    settings: () => settings,
    wanted: options.wanted ?? (() => true),
  })
  const useCase = eventDelivery({ form, outbox, log })
  const tick = async (ms: number) => {
    await turns()
    context.mock.timers.tick(ms)
    await turns()
  }
  /** Stores an event as the security log does, and tells of it. */
  const store = async (more: Partial<NewSecurityEvent> = {}) => {
    const event = securityEvent({ techInfo: `event ${events.records.length + 1}`, ...more })
    await events.append([event])
    useCase.stored([event])
    await turns()
  }
  const start = async (session: FakeSession = fakeSession()) => {
    useCase.started?.(session)
    await turns()
    return session
  }
  const end = (session: FakeSession) => {
    session.isOpen = false
    useCase.ended?.(session)
  }
  /** A CALL of the charge point; returns what hears of its answer. */
  const call = async (session: FakeSession, action: string, payload = {}) => {
    const fate = await useCase.onCall?.({ direction: 'to-central-system', id: '1', action, payload }, session)
    assert.equal(fate?.kind, 'forward')
    return (answer: Answer | null) => fate.answered?.(answer)
  }
  const count = async (name: string) =>
    (await metrics.securityEventDeliveries.get()).values.find(({ labels }) => labels.result === name)
      ?.value ?? 0
  const cursor = () => events.cursors.get('central-system/CP1')
  return { events, tick, store, start, end, call, count, cursor, useCase }
}

const infosOf = (session: FakeSession) => session.calls.map(({ payload }) => payload.techInfo)

test('[A04.FR.03] what is stored goes to the central system in order, once each, and not what was there before', async (context) => {
  const { tick, store, start, cursor, count, end } = setting(context)
  await store()
  const session = await start()
  assert.equal(cursor(), 1)
  await store()
  await store({ identity: 'CP2' })
  await store()
  assert.equal(session.calls.length, 0, 'it may boot still')
  await tick(10_000)
  assert.deepEqual(infosOf(session), ['event 2'], 'one after the other')
  await session.outcome(result())
  await turns()
  assert.equal(cursor(), 2)
  await session.outcome(result())
  await turns()
  assert.deepEqual(infosOf(session), ['event 2', 'event 4'])
  assert.equal(cursor(), 4)
  end(session)
  const next = await start()
  await tick(10_000)
  assert.equal(next.calls.length, 0, 'once acknowledged never again')
  assert.equal(await count('delivered'), 2)
  end(next)
})

test('[A04.FR.03] nothing is said before BootNotification is accepted, if the charge point boots', async (context) => {
  const { tick, store, start, call, end } = setting(context)
  const session = await start()
  await store()
  const answered = await call(session, 'BootNotification')
  await tick(60_000)
  assert.equal(session.calls.length, 0)
  await answered(result({ status: 'Pending' }))
  await tick(60_000)
  assert.equal(session.calls.length, 0, 'a charge point that is not accepted says nothing')
  const again = await call(session, 'BootNotification')
  await again(result({ status: 'Accepted' }))
  await turns()
  assert.equal(session.calls.length, 1)
  end(session)
})

test('an error as the answer to BootNotification: the charge point has its time to boot again', async (context) => {
  const { tick, store, start, call, end } = setting(context)
  const session = await start()
  await store()
  await (await call(session, 'BootNotification'))(callError)
  await tick(9_999)
  assert.equal(session.calls.length, 0)
  await tick(1)
  assert.equal(session.calls.length, 1)
  end(session)
})

test('an error answer is final after three tries; what follows it goes on', async (context) => {
  const { tick, store, start, cursor, count, end } = setting(context)
  const session = await start()
  await store()
  await store()
  await tick(10_000)
  await session.outcome(callError)
  await tick(1_000)
  await session.outcome(callError)
  await tick(4_999)
  assert.equal(session.calls.length, 2)
  await tick(1)
  await session.outcome(callError)
  await turns()
  assert.deepEqual(infosOf(session), ['event 1', 'event 1', 'event 1', 'event 2'])
  assert.equal(cursor(), 1)
  assert.equal(await count('rejected'), 1)
  end(session)
})

test('[principle 4] without an answer it is sent again later, at a slow pace, and on the next session', async (context) => {
  const { tick, store, start, cursor, end } = setting(context)
  const session = await start()
  await store()
  await tick(10_000)
  await session.outcome(noAnswer)
  await store()
  await tick(29_999)
  assert.equal(session.calls.length, 1, 'a new event does not hurry it')
  await tick(1)
  assert.deepEqual(infosOf(session), ['event 1', 'event 1'])
  await session.outcome(noAnswer)
  await tick(59_999)
  assert.equal(session.calls.length, 2)
  end(session)
  assert.equal(cursor(), 0)
  const next = await start()
  await tick(10_000)
  assert.deepEqual(infosOf(next), ['event 1'])
  end(next)
})

test('[principle 4] a new session waits until the outcome of the old one is known: nothing is sent twice', async (context) => {
  const { tick, store, start, end } = setting(context)
  const old = await start()
  await store()
  await tick(10_000)
  end(old)
  const next = await start()
  await tick(10_000)
  assert.equal(next.calls.length, 0)
  await old.outcome(result())
  await turns()
  assert.equal(next.calls.length, 0)
  await store()
  assert.deepEqual(infosOf(next), ['event 2'])
  end(next)
})

test('[principle 4] acknowledged, and the store fails: not sent again, in this process', async (context) => {
  const { events, tick, store, start, cursor, end } = setting(context)
  const session = await start()
  await store()
  await tick(10_000)
  events.problem = new Error('disk full')
  await session.outcome(result())
  await tick(1)
  events.problem = null
  await tick(30_000)
  assert.equal(session.calls.length, 1)
  assert.equal(cursor(), 1)
  end(session)
})

test('[CWE-770] noisy types are left out of the central system, and counted', async (context) => {
  const { events, tick, store, start, count, cursor, end } = setting(context, { perMinute: 2 })
  const session = await start()
  const at = Date.UTC(2026, 0, 1)
  for (let index = 0; index < 5; index += 1) await store({ at: at + index })
  await store({ at: at + 5, type: 'ResetOrReboot' })
  await store({ at: at + 60_000 })
  await tick(10_000)
  for (let index = 0; index < 4; index += 1) {
    await session.outcome(result())
    await turns()
  }
  assert.deepEqual(infosOf(session), ['event 1', 'event 2', 'event 6', 'event 7'])
  assert.equal(await count('skipped'), 3)
  assert.deepEqual([cursor(), events.records.length], [7, 7])
  end(session)
})

test('securityMessages: forward: what the charge point sent itself is not told twice', async (context) => {
  const { tick, store, start, cursor, end } = setting(context, {
    wanted: ({ origin }) => origin === 'proxy',
  })
  const session = await start()
  await store()
  await store({ origin: 'proxy' })
  await store()
  await tick(10_000)
  await session.outcome(result())
  await turns()
  assert.deepEqual(infosOf(session), ['event 2'])
  assert.equal(cursor(), 3)
  end(session)
})

test('as DataTransfer: any status is an answer, and Accepted is the only yes', async (context) => {
  const { tick, store, start, count, cursor, end } = setting(context, { form: 'DataTransfer' })
  const session = await start()
  await store()
  await store()
  await tick(10_000)
  await session.outcome(result({ status: 'UnknownVendorId' }))
  await turns()
  await session.outcome(result({ status: 'Accepted' }))
  await turns()
  assert.equal(cursor(), 2)
  assert.deepEqual([await count('rejected'), await count('delivered')], [1, 1])
  const { vendorId, messageId, data } = session.calls[0]?.payload ?? {}
  assert.deepEqual([vendorId, messageId, JSON.parse(String(data)).id], ['V', 'M', 1])
  end(session)
})

test('as StatusNotification: with the last status of connector 0, remembered across sessions', async (context) => {
  const { tick, store, start, call, end } = setting(context, { form: 'StatusNotification' })
  const session = await start()
  await call(session, 'StatusNotification', { connectorId: 0, status: 'Unavailable' })
  await call(session, 'StatusNotification', { connectorId: 1, status: 'Faulted' })
  await call(session, 'StatusNotification', { connectorId: 0, status: 'Nonsense' })
  end(session)
  const next = await start()
  await store({ techInfo: 'i'.repeat(80) })
  await tick(10_000)
  assert.deepEqual(next.calls[0]?.payload, {
    connectorId: 0,
    errorCode: 'OtherError',
    info: 'i'.repeat(50),
    status: 'Unavailable',
    timestamp: '2026-01-02T03:04:05Z',
    vendorId: 'V',
    vendorErrorCode: 'SettingSystemTime',
  })
  end(next)
})

test('[OCPP 1.6 4.9] as StatusNotification: no status is made up for a charge point that only reconnected', async (context) => {
  const { tick, store, start, call, end } = setting(context, { form: 'StatusNotification' })
  const session = await start()
  await store()
  await tick(60_000)
  assert.equal(session.calls.length, 0, 'nobody knows its status after a restart of the proxy')
  await call(session, 'StatusNotification', { connectorId: 1, status: 'Available' })
  await turns()
  assert.equal(session.calls.length, 0, 'that is another connector')
  await call(session, 'StatusNotification', { connectorId: 0, status: 'Faulted' })
  await turns()
  assert.equal(session.calls[0]?.payload.status, 'Faulted')
  end(session)
})

test('[OCPP 1.6 4.9] as StatusNotification: one that boots is Available until it says otherwise', async (context) => {
  const { tick, store, start, call, end } = setting(context, { form: 'StatusNotification' })
  const session = await start()
  await store()
  await tick(60_000)
  await (await call(session, 'BootNotification'))(result({ status: 'Pending' }))
  await turns()
  assert.equal(session.calls.length, 0)
  await (await call(session, 'BootNotification'))(result({ status: 'Accepted' }))
  await turns()
  assert.equal(session.calls[0]?.payload.status, 'Available')
  await session.outcome(result())
  await turns()
  end(session)
  const next = await start()
  await store()
  await tick(10_000)
  assert.equal(next.calls[0]?.payload.status, 'Available', 'this process has seen it since it booted')
  end(next)
})

test('only what is needed is watched', (context) => {
  const watched = (form: EventForm) => setting(context, { form }).useCase.watches.map(({ action }) => action)
  assert.deepEqual(watched('DataTransfer'), ['BootNotification'])
  context.mock.timers.reset()
  assert.deepEqual(watched('StatusNotification'), ['BootNotification', 'StatusNotification'])
})
