import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventMessage } from '../../../src/usecases/security-events/message.ts'
import { securityEvent } from '../../support/memory-events.ts'

const dataTransfer = { vendorId: 'V', messageId: 'M' }
const record = (more: Parameters<typeof securityEvent>[0] = {}) => ({ id: 3, ...securityEvent(more) })

test('as itself: type, time and techInfo as the charge point wrote them', () => {
  const settings = { form: 'SecurityEventNotification', dataTransfer } as const
  const { action, payload } = eventMessage(record({ techInfo: 'x' }), settings, 'Available', 'CP1')
  assert.equal(action, 'SecurityEventNotification')
  assert.deepEqual(payload, { type: 'SettingSystemTime', timestamp: '2026-01-02T03:04:05Z', techInfo: 'x' })
  assert.equal('techInfo' in eventMessage(record(), settings, 'Available', 'CP1').payload, false)
})

test('a time that is none becomes the time at which it was stored', () => {
  const settings = { form: 'SecurityEventNotification', dataTransfer } as const
  for (const timestamp of ['', 'yesterday', '2026-13-40T00:00:00Z', '2026-01-02']) {
    const { payload } = eventMessage(record({ timestamp }), settings, 'Available', 'CP1')
    assert.equal(payload.timestamp, '2026-01-02T03:04:05.000Z', timestamp)
  }
})

test("over the proxy's own session an event says whose it is", () => {
  const settings = { form: 'SecurityEventNotification', dataTransfer } as const
  const infoOf = (more: Parameters<typeof securityEvent>[0]) =>
    eventMessage(record(more), settings, 'Available', 'SECURITY-PROXY').payload.techInfo
  assert.equal(infoOf({ techInfo: 'x' }), 'CP1: x')
  assert.equal(infoOf({ identity: null, techInfo: 'x' }), '192.0.2.1: x')
  assert.equal(infoOf({ identity: null, address: null }), 'unknown')
})

test('[OCPP 1.6 6.47, 7.x] every form keeps to the lengths of its fields, whatever was stored', () => {
  const texts = fc.record({
    type: fc.string({ unit: 'binary', maxLength: 80 }),
    techInfo: fc.string({ unit: 'binary', maxLength: 300 }),
    identity: fc.string({ maxLength: 60 }),
  })
  fc.assert(
    fc.property(texts, (more) => {
      const of = (form: 'SecurityEventNotification' | 'StatusNotification') =>
        eventMessage(record(more), { form, dataTransfer }, 'Available', 'CP1').payload
      assert.ok(String(of('SecurityEventNotification').techInfo).length <= 255)
      const { info, vendorErrorCode } = of('StatusNotification')
      assert.ok(String(info).length <= 50 && String(vendorErrorCode).length <= 50)
    }),
  )
})
