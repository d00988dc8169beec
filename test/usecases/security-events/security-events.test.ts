import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ProxyEvent } from '../../../src/events/proxy-event.ts'
import { createLogger } from '../../../src/observe/log.ts'
import type { Payload } from '../../../src/ocpp/message.ts'
import type { NewSecurityEvent } from '../../../src/store/store.ts'
import { readNotification, securityEvents } from '../../../src/usecases/security-events/security-events.ts'
import { fakeSession } from '../../support/fake-session.ts'

function setting(securityMessages: 'answer' | 'forward' = 'answer') {
  const stored: NewSecurityEvent[] = []
  const noted: ProxyEvent[] = []
  const state = { problem: null as Error | null, isFlood: false }
  const givenBack: number[] = []
  const useCase = securityEvents({
    fromChargePoint: async (event) => {
      if (state.problem !== null) throw state.problem
      stored.push(event)
    },
    note: (event) => void noted.push(event),
    flood: { admits: () => !state.isFlood, giveBack: () => void givenBack.push(1) },
    securityMessages: () => securityMessages,
    log: createLogger('silent'),
    now: () => 5_000,
  })
  const call = async (payload: Payload) =>
    useCase.onCall?.(
      { direction: 'to-central-system', id: '1', action: 'SecurityEventNotification', payload },
      fakeSession(),
    )
  return { stored, noted, state, givenBack, call }
}

const good = { type: 'SomethingNew', timestamp: '2026-01-02T03:04:05Z', techInfo: 'x' }
const confirmed = { kind: 'answer', answer: { kind: 'result', payload: {} } }

test('[A04.FR.03] an event is stored and then confirmed, whatever its type', async () => {
  const { stored, call } = setting()
  assert.deepEqual(await call({ ...good, techInfo: 'y'.repeat(300), vendor: 1 }), confirmed)
  assert.deepEqual(stored, [
    {
      at: 5_000,
      origin: 'charge-point',
      identity: 'CP1',
      type: 'SomethingNew',
      timestamp: good.timestamp,
      techInfo: 'y'.repeat(255),
      reason: null,
      listener: 'test',
      address: '127.0.0.1',
    },
  ])
})

test('[A04.FR.03] forwarded to a central system that knows it, once it is stored', async () => {
  const { stored, noted, call } = setting('forward')
  assert.deepEqual(await call(good), { kind: 'forward' })
  assert.equal(stored.length, 1)
  assert.deepEqual(await call({}), { kind: 'forward' })
  assert.deepEqual([stored.length, noted.length], [1, 1])
})

for (const mode of ['answer', 'forward'] as const) {
  test(`[A04.FR.02] an event that cannot be stored is not confirmed (${mode})`, async () => {
    const { state, givenBack, call } = setting(mode)
    state.problem = new Error('disk full')
    const fate = await call(good)
    assert.equal(fate?.kind, 'answer')
    assert.equal(fate.answer.kind === 'error' && fate.answer.code, 'InternalError')
    assert.equal(givenBack.length, 1, 'it does not count')
  })
}

test('[CWE-400][A04.FR.02] a flood is confirmed and not stored', async () => {
  const { stored, state, call } = setting()
  state.isFlood = true
  assert.deepEqual(await call(good), confirmed)
  assert.equal(stored.length, 0)
})

test('[CWE-770] the same nonsense again is refused again, and noted once a minute', async () => {
  const { noted, call } = setting()
  for (let round = 0; round < 3; round += 1) assert.equal((await call({}))?.kind, 'answer')
  await call({ type: 7, timestamp: 'x' })
  assert.equal(noted.length, 2)
})

for (const [what, payload, code] of [
  ['without a type', { timestamp: 'x' }, 'FormationViolation'],
  ['without a time', { type: 'T' }, 'FormationViolation'],
  ['a type that is null', { type: null, timestamp: 'x' }, 'FormationViolation'],
  ['a type that is a number', { type: 7, timestamp: 'x' }, 'TypeConstraintViolation'],
  ['an empty type', { type: '', timestamp: 'x' }, 'TypeConstraintViolation'],
  ['a type of 51 characters', { type: 'T'.repeat(51), timestamp: 'x' }, 'TypeConstraintViolation'],
  ['a time that is a number', { type: 'T', timestamp: 7 }, 'TypeConstraintViolation'],
] as const) {
  test(`[A04.FR.03] ${what}: ${code}, and an InvalidMessages event`, async () => {
    const { stored, noted, call } = setting()
    const fate = await call(payload)
    assert.equal(fate?.kind === 'answer' && fate.answer.kind === 'error' && fate.answer.code, code)
    assert.deepEqual([stored.length, noted[0]?.type, noted[0]?.identity], [0, 'InvalidMessages', 'CP1'])
  })
}

test('any payload is read without an exception, and into its limits', () => {
  fc.assert(
    fc.property(
      fc.record({ type: fc.anything(), timestamp: fc.anything(), techInfo: fc.jsonValue() }),
      (payload) => {
        const read = readNotification(payload)
        if (!read.ok) return
        assert.ok(read.type.length >= 1 && read.type.length <= 50)
        assert.ok(read.timestamp.length <= 50)
        assert.ok((read.techInfo ?? '').length <= 255)
        assert.ok([read.type, read.timestamp, read.techInfo ?? ''].every((text) => text.isWellFormed()))
      },
    ),
  )
})
