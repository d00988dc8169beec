import assert from 'node:assert/strict'
import { test } from 'node:test'
import { transactions } from '../../../src/usecases/transactions/transactions.ts'
import { fakeSession } from '../../support/fake-session.ts'
import { manualClock } from '../operation/setting.ts'

test('[A01.FR.01] OCPP 2.0.1: a transaction is open from Started, or Updated, to Ended', () => {
  const { useCase201, watch } = transactions({ maxChargePoints: 10, clock: manualClock() })
  const idle: string[] = []
  watch.onIdle((identity) => idle.push(identity))
  const session = fakeSession({ protocol: 'ocpp2.0.1' })
  const send = (action: string, payload = {}) =>
    assert.deepEqual(
      useCase201.onCall?.({ direction: 'to-central-system', id: '1', action, payload }, session),
      {
        kind: 'forward',
      },
    )
  const event = (eventType: unknown, transactionId: unknown) =>
    send('TransactionEvent', { eventType, transactionInfo: { transactionId } })
  useCase201.started?.(session)
  assert.equal(watch.hasOpen('CP1'), true, 'nobody knows yet')
  send('BootNotification')
  assert.equal(watch.hasOpen('CP1'), false)
  event('Started', 'x'.repeat(256))
  assert.equal(watch.hasOpen('CP1'), false, 'nobody is made to keep a name without an end (CWE-770)')
  event('Started', 'A')
  event('Updated', 'B')
  event('Ended', 'A')
  assert.equal(watch.hasOpen('CP1'), true, 'B goes on')
  for (const odd of [undefined, 7, null]) event('Ended', odd)
  event('Ended', 'B')
  assert.equal(watch.hasOpen('CP1'), false)
  event('Ended', 'B')
  send('TransactionEvent', { eventType: 'Started' })
  assert.equal(watch.hasOpen('CP1'), false)
  assert.deepEqual(idle, ['CP1', 'CP1'])
})
