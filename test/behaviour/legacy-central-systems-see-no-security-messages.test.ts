import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actions } from '../../src/ocpp/actions.ts'
import type { Payload } from '../../src/ocpp/message.ts'
import { unknownActionAnswers } from '../../src/simulator/legacy-answers.ts'
import { startProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'

const timestamp = '2026-01-02T03:04:05Z'

/** What a charge point of the white paper sends, what it gets for it, and a payload that is malformed. */
const messages: readonly [string, Payload, Payload, Payload, string][] = [
  [
    'SecurityEventNotification',
    { type: 'SettingSystemTime', timestamp },
    {},
    { type: 7, timestamp },
    'TypeConstraintViolation',
  ],
  ['SignCertificate', { csr: 'PEM' }, { status: 'Rejected' }, {}, 'OccurenceConstraintViolation'],
  [
    'LogStatusNotification',
    { status: 'Uploaded', requestId: 1 },
    {},
    { status: 'Half' },
    'PropertyConstraintViolation',
  ],
  [
    'SignedFirmwareStatusNotification',
    { status: 'Installed', requestId: 1 },
    {},
    { status: 'Installed', more: 1 },
    'FormationViolation',
  ],
]

for (const unknownActions of unknownActionAnswers) {
  test(`in front of a central system that answers ${unknownActions} to what it does not know`, async (t) => {
    const proxy = await startProxy(t, { central: { unknownActions } })
    await proxy.register()
    const chargePoint = proxy.chargePoint('basic-auth-tls')
    await assertServed(proxy, chargePoint)

    for (const [action, payload, answer, malformed, code] of messages) {
      await t.test(`[A04.FR.03][A02.FR.12][N01.FR.01][L01.FR.01] ${action} gets its answer`, async () => {
        const outcome = await chargePoint.call(action, payload)
        assert.partialDeepStrictEqual(outcome, { kind: 'result', payload: answer })
      })
      await t.test(`[OCPP-J 4.2.3] a malformed ${action} gets ${code}`, async () => {
        assert.partialDeepStrictEqual(await chargePoint.call(action, malformed), { kind: 'error', code })
      })
    }

    await t.test('an action that OCPP 1.6 does not have is left to the central system', async () => {
      const outcome = await chargePoint.call('X-Telemetry', { any: 'thing' })
      assert.partialDeepStrictEqual(outcome, { kind: 'error', code: unknownActions })
    })

    await t.test('the charge point goes on, and the central system has seen core messages only', async () => {
      assert.equal((await chargePoint.heartbeat()).kind, 'result')
      const seen = proxy.central
        .messages('CP-1')
        .flatMap(({ message }) => (message?.kind === 'call' ? [message.action] : []))
      assert.ok(
        seen.includes('BootNotification') && seen.includes('Heartbeat') && seen.includes('X-Telemetry'),
      )
      const foreign = Object.entries(actions).filter(([, { profile }]) => profile === 'Security')
      for (const [action] of foreign) assert.ok(!seen.includes(action), action)
    })
  })
}

test('[design 6] a central system that knows the messages gets them: securityMessages: forward', async (t) => {
  const proxy = await startProxy(t, { centralSystem: { securityMessages: 'forward' } })
  await proxy.register()
  const chargePoint = proxy.chargePoint('basic-auth-tls')
  await assertServed(proxy, chargePoint)
  for (const [action, payload] of messages) {
    const seen = proxy.central.nextMessage({ action })
    await chargePoint.call(action, payload)
    await seen
  }
})
