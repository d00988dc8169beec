import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Payload } from '../../src/ocpp/message.ts'
import type { CallOutcome } from '../../src/simulator/endpoint.ts'
import { createSecurityEvents } from '../../src/simulator/security-events.ts'
import { simulators } from './simulators.ts'

const confirmed: CallOutcome = { kind: 'result', payload: {} }

function queue(answer: (payload: Payload, count: number) => CallOutcome | Promise<CallOutcome>) {
  const sent: unknown[] = []
  let count = 0
  const events = createSecurityEvents({
    identity: 'CP-1',
    now: () => new Date(0),
    onEvent: () => {},
    call: async (_action, payload) => {
      sent.push(payload.type)
      count += 1
      return answer(payload, count)
    },
  })
  return { events, sent }
}

test('[A04.FR.02] what is not confirmed stays, in order, and is sent again', async () => {
  const failures: readonly CallOutcome[] = [
    { kind: 'closed' },
    { kind: 'timeout' },
    { kind: 'error', code: 'InternalError', description: '', details: {} },
  ]
  for (const failure of failures) {
    const { events, sent } = queue((_payload, count) => (count === 2 ? failure : confirmed))
    for (const type of ['A', 'B', 'C']) events.raise(type)
    await events.flush()
    assert.deepEqual(
      events.pending.map(({ type }) => type),
      ['B', 'C'],
    )
    await events.flush()
    assert.deepEqual(sent, ['A', 'B', 'B', 'C'])
    assert.deepEqual([events.confirmed, events.pending.length, events.lost], [3, 0, 0])
  }
})

test('[A04.FR.02] one at a time: an event that is raised meanwhile does not overtake, a second flush sends nothing twice', async () => {
  const first = Promise.withResolvers<CallOutcome>()
  const { events, sent } = queue((_payload, count) => (count === 1 ? first.promise : confirmed))
  events.raise('A')
  const flushed = events.flush()
  events.raise('B')
  void events.flush()
  first.resolve(confirmed)
  await flushed
  assert.deepEqual(sent, ['A', 'B'])
  assert.equal(events.confirmed, 2)
})

test('a central system that does not know the message is not asked for ever', async () => {
  const { events } = queue(() => ({ kind: 'error', code: 'NotSupported', description: '', details: {} }))
  events.raise('A')
  await events.flush()
  assert.deepEqual([events.pending.length, events.confirmed, events.refused], [0, 0, 1])
})

test('[CWE-770] the queue is bounded; the oldest go, and are counted', async () => {
  const { events } = queue(() => confirmed)
  for (let count = 0; count < 300; count += 1) events.raise(`E${count}`)
  assert.deepEqual([events.pending.length, events.lost, events.pending[0]?.type], [256, 44, 'E44'])
  await events.flush()
  assert.equal(events.confirmed, 256)
})

test('[A04.FR.02] events outlive the connection: what was not answered comes again after it', async (t) => {
  const seen: unknown[] = []
  const { central, chargePoint } = await simulators(
    t,
    {},
    {
      answer: (identity, call) => {
        if (call.action !== 'SecurityEventNotification') return null
        seen.push(call.payload.type)
        if (seen.length === 1) {
          central.terminate(identity)
          return { kind: 'none' }
        }
        return { kind: 'result', payload: {} }
      },
    },
  )
  chargePoint.raise('TamperDetectionActivated', 'door')
  chargePoint.raise('MemoryExhaustion')
  await chargePoint.connect()
  assert.deepEqual(seen, [], 'nothing before BootNotification')
  await chargePoint.boot()
  await chargePoint.closed()
  await chargePoint.connect()
  await chargePoint.events.flush()
  assert.deepEqual(seen, ['TamperDetectionActivated', 'TamperDetectionActivated', 'MemoryExhaustion'])
  assert.equal(chargePoint.events.confirmed, 2)
  assert.equal(chargePoint.events.pending.length, 0)
})

test('[A01.FR.11] [A01.FR.12] it tells of its own acts, and of no value', async (t) => {
  const told: string[] = []
  const { central, chargePoint } = await simulators(
    t,
    { ownEvents: true, securityProfile: 1, password: { bytes: Buffer.alloc(16, 1), form: 'raw' } },
    {
      answer: (_identity, call) => {
        if (call.action !== 'SecurityEventNotification') return null
        told.push(`${call.payload.type} ${call.payload.techInfo ?? ''}`.trimEnd())
        return { kind: 'result', payload: {} }
      },
    },
  )
  await chargePoint.connect()
  await chargePoint.boot()
  await chargePoint.events.flush()
  const again = central.nextConnection()
  assert.equal(await central.changeConfiguration('CP-1', 'AuthorizationKey', '8f'.repeat(20)), 'Accepted')
  await again
  const booted = central.nextMessage({ action: 'BootNotification' })
  await central.send('CP-1', 'Reset', { type: 'Hard' })
  await booted
  await central.nextMessage({ action: 'SecurityEventNotification' })
  await chargePoint.events.flush()
  // At least once: the one of the new password may have been under way when the line was closed.
  assert.deepEqual(
    [...new Set(told)],
    ['StartupOfTheDevice', 'ReconfigurationOfSecurityParameters AuthorizationKey', 'ResetOrReboot HardReset'],
  )
})

test('[A02.FR.01] messages on demand, and ExtendedTriggerMessage', async (t) => {
  const { central, chargePoint } = await simulators(t, {}, { unknownActions: 'NotSupported' })
  await chargePoint.connect()
  await chargePoint.boot()
  const outcomes = [
    await chargePoint.notifySecurityEvent('StartupOfTheDevice'),
    await chargePoint.signCertificate('-----BEGIN CERTIFICATE REQUEST-----'),
    await chargePoint.logStatus('Uploaded', 7),
    await chargePoint.signedFirmwareStatus('Idle'),
  ]
  assert.deepEqual(
    outcomes.map((outcome) => outcome.kind === 'error' && outcome.code),
    ['NotSupported', 'NotSupported', 'NotSupported', 'NotSupported'],
  )
  assert.deepEqual(
    central.foreign('CP-1').map(({ kind, detail }) => `${kind} ${detail}`),
    [
      'SecurityEventNotification',
      'SignCertificate',
      'LogStatusNotification',
      'SignedFirmwareStatusNotification',
    ].map((action) => `unknown-action ${action}`),
  )
  const trigger = async (requestedMessage: string) => {
    const outcome = await central.send('CP-1', 'ExtendedTriggerMessage', { requestedMessage })
    return outcome.kind === 'result' && outcome.payload.status
  }
  for (const action of ['Heartbeat', 'MeterValues', 'StatusNotification', 'LogStatusNotification']) {
    const coming = central.nextMessage({ action })
    assert.equal(await trigger(action), 'Accepted', action)
    await coming
  }
  const firmware = central.nextMessage({ action: 'SignedFirmwareStatusNotification' })
  assert.equal(await trigger('FirmwareStatusNotification'), 'Accepted')
  await firmware
  assert.equal(await trigger('BootNotification'), 'Rejected')
  assert.equal(await trigger('Nonsense'), 'NotImplemented')
})
