import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer, Call } from '../../../src/relay/use-case.ts'
import { indexOfAction, UseCaseTable } from '../../../src/relay/use-case-table.ts'
import { transactions } from '../../../src/usecases/transactions/transactions.ts'
import { fakeSession } from '../../support/fake-session.ts'
import { manualClock } from '../operation/setting.ts'

function setUp(maxChargePoints = 10) {
  const clock = manualClock()
  const { useCase, watch } = transactions({ maxChargePoints, clock })
  const idle: string[] = []
  const end = watch.onIdle((identity) => idle.push(identity))
  /** The charge point sends it, and the central system answers. */
  function send(identity: string, action: string, payload: Call['payload'], answer?: Answer | null) {
    const call: Call = { direction: 'to-central-system', id: '1', action, payload }
    const fate = useCase.onCall?.(call, fakeSession({ identity }))
    assert.ok(fate !== undefined && 'kind' in fate && fate.kind === 'forward', 'it changes nothing')
    if (answer !== undefined) assert.deepEqual(fate.answered?.(answer), { kind: 'forward' })
  }
  const started = (transactionId: unknown): Answer => ({ kind: 'result', payload: { transactionId } })
  const status = (identity: string, connectorId: unknown, name: unknown) =>
    send(identity, 'StatusNotification', { connectorId, status: name })
  const connects = (identity: string) => useCase.started?.(fakeSession({ identity }))
  return { useCase, clock, send, status, started, connects, watch, idle, end }
}

test('[A01.FR.01] a transaction is open from its start to its stop', () => {
  const { send, started, watch, idle } = setUp()
  assert.equal(watch.hasOpen('CP1'), false, 'who has no session is not busy')
  send('CP1', 'StartTransaction', { connectorId: 1 }, started(7))
  assert.equal(watch.hasOpen('CP1'), true)
  assert.equal(watch.hasOpen('CP2'), false)
  send('CP1', 'StopTransaction', { transactionId: 8 })
  assert.equal(watch.hasOpen('CP1'), true, 'that was another one')
  send('CP1', 'StopTransaction', { transactionId: 7 })
  assert.equal(watch.hasOpen('CP1'), false)
  assert.deepEqual(idle, ['CP1'])
})

test('one whose start was answered with an error, or not at all, is open', () => {
  const { send, watch } = setUp()
  for (const answer of [null, { kind: 'error', code: 'x', description: '', details: {} } as const]) {
    send('CP1', 'StartTransaction', { connectorId: 1 }, answer)
    assert.equal(watch.hasOpen('CP1'), true)
    send('CP1', 'StopTransaction', { transactionId: 3 })
    assert.equal(watch.hasOpen('CP1'), false)
  }
})

test('the status of a connector tells of transactions that began before the proxy did', () => {
  const { status, watch } = setUp()
  for (const busy of ['Charging', 'SuspendedEV', 'SuspendedEVSE', 'Finishing']) {
    status('CP1', 1, busy)
    assert.equal(watch.hasOpen('CP1'), true, busy)
    for (const says of ['Preparing', 'Faulted', 'nonsense', 7, null]) status('CP1', 1, says)
    assert.equal(watch.hasOpen('CP1'), true, 'these say nothing')
    status('CP1', 1, 'Available')
    assert.equal(watch.hasOpen('CP1'), false, busy)
  }
})

test('each connector counts', () => {
  const { send, status, started, watch, idle } = setUp()
  send('CP1', 'StartTransaction', { connectorId: 1 }, started(1))
  send('CP1', 'StartTransaction', { connectorId: 2 }, started(2))
  status('CP1', 0, 'Available')
  status('CP1', 1, 'Available')
  assert.equal(watch.hasOpen('CP1'), true)
  send('CP1', 'StopTransaction', { transactionId: 2 })
  assert.equal(watch.hasOpen('CP1'), false)
  assert.equal(idle.length, 1)
})

const quarter = 900_000
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('[A01.FR.01] a charge point that only came back may charge since before: not idle for a quarter of an hour', async () => {
  const { clock, connects, send, status, watch, idle } = setUp()
  connects('CP1')
  await turn()
  assert.equal(watch.hasOpen('CP1'), true)
  status('CP1', 1, 'Available')
  assert.equal(watch.hasOpen('CP1'), true, 'that says nothing of its other connectors')
  clock.advance(quarter - 1)
  await turn()
  send('CP1', 'MeterValues', { connectorId: 1, meterValue: [] })
  assert.equal(watch.hasOpen('CP1'), true)
  send('CP1', 'MeterValues', { connectorId: 1, transactionId: 7, meterValue: [] })
  clock.advance(quarter - 1)
  await turn()
  assert.equal(watch.hasOpen('CP1'), true, 'it spoke of a transaction')
  assert.deepEqual(idle, [])
  clock.advance(1)
  await turn()
  assert.equal(watch.hasOpen('CP1'), false)
  assert.deepEqual(idle, ['CP1'])
  connects('CP1')
  send('CP1', 'MeterValues', { connectorId: 1, transactionId: 7 })
  assert.equal(watch.hasOpen('CP1'), false, 'a reconnect is no news, nor is a message sent late')
})

test('[A01.FR.01] one that starts says by itself what is open', async () => {
  const { clock, connects, send, status, started, watch, idle } = setUp()
  connects('CP1')
  send('CP1', 'BootNotification', {})
  assert.equal(watch.hasOpen('CP1'), false)
  assert.deepEqual(idle, ['CP1'])
  send('CP1', 'BootNotification', {})
  assert.equal(idle.length, 1)
  connects('CP2')
  status('CP2', 1, 'Charging')
  send('CP2', 'BootNotification', {})
  assert.equal(watch.hasOpen('CP2'), true, 'it charges')
  connects('CP3')
  send('CP3', 'StartTransaction', { connectorId: 1 }, started(7))
  clock.advance(quarter)
  await turn()
  assert.equal(watch.hasOpen('CP3'), true)
  send('CP3', 'StopTransaction', { transactionId: 7 })
  assert.deepEqual(idle, ['CP1', 'CP3'])
})

test('[CWE-770] MeterValues are read only of those that may charge since before, and these are bounded', () => {
  const { useCase, connects, send, watch } = setUp(2)
  const table = new UseCaseTable([useCase])
  const wants = (identity: string, action: string) =>
    table.wants(0, indexOfAction(action), fakeSession({ identity }))
  connects('CP1')
  assert.deepEqual([wants('CP1', 'MeterValues'), wants('CP2', 'MeterValues')], [true, false])
  assert.deepEqual([wants('CP2', 'StopTransaction'), wants('CP1', 'Heartbeat')], [true, false])
  send('CP1', 'BootNotification', {})
  assert.equal(wants('CP1', 'MeterValues'), false)
  for (const identity of ['A', 'B', 'C']) connects(identity)
  assert.deepEqual(['A', 'B', 'C'].map(watch.hasOpen), [false, true, true])
})

test('of a fleet that never boots, one MeterValues a minute is read at the most', () => {
  const { useCase, clock, connects, send, watch } = setUp()
  const table = new UseCaseTable([useCase])
  const wants = () => table.wants(0, indexOfAction('MeterValues'), fakeSession({ identity: 'CP1' }))
  connects('CP1')
  assert.equal(wants(), true, 'the first one tells at once')
  send('CP1', 'MeterValues', { connectorId: 1 })
  assert.equal(wants(), false)
  clock.advance(2_000)
  assert.equal(wants(), true, 'one that names no transaction tells nothing: soon again')
  send('CP1', 'MeterValues', { connectorId: 1, transactionId: 7 })
  clock.advance(59_999)
  assert.equal(wants(), false)
  clock.advance(1)
  assert.equal(wants(), true)
  assert.equal(watch.hasOpen('CP1'), true)
})

test('hostile payloads change nothing, and memory is bounded', () => {
  const { send, status, started, watch, idle, end } = setUp(3)
  for (const connectorId of [undefined, null, -1, 0, 1.5, '1', {}, Number.MAX_VALUE]) {
    status('CP1', connectorId, 'Charging')
    send('CP1', 'StartTransaction', { connectorId })
  }
  assert.equal(watch.hasOpen('CP1'), false)
  send('CP1', 'StopTransaction', {})
  send('CP1', 'StartTransaction', { connectorId: 1 }, started('seven'))
  for (let connector = 2; connector < 1000; connector += 1) status('CP1', connector, 'Charging')
  for (let connector = 1; connector <= 64; connector += 1) status('CP1', connector, 'Available')
  assert.equal(watch.hasOpen('CP1'), false, 'no more connectors were kept')
  assert.equal(idle.length, 1)
  for (const identity of ['A', 'B', 'C', 'D']) status(identity, 1, 'Charging')
  assert.deepEqual(['A', 'D'].map(watch.hasOpen), [false, true])
  end()
  status('D', 1, 'Available')
  assert.equal(idle.length, 1)
})
