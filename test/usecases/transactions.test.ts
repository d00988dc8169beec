import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer, Call } from '../../src/relay/use-case.ts'
import { transactions } from '../../src/usecases/transactions.ts'
import { fakeSession } from '../support/fake-session.ts'

function setUp(maxChargePoints = 10) {
  const { useCase, watch } = transactions({ maxChargePoints })
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
  return { send, status, started, watch, idle, end }
}

test('[A01.FR.01] a transaction is open from its start to its stop', () => {
  const { send, started, watch, idle } = setUp()
  assert.equal(watch.hasOpen('CP1'), false, 'unknown is not busy')
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
