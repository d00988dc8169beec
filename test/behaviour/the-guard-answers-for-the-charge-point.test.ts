import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertServed } from '../support/refused.ts'

const securityError = { kind: 'error', code: 'SecurityError' } as const
const result = { kind: 'result' } as const

test('what the operator denies never reaches the charge point, the rest does', async (t) => {
  const proxy = await startProxy(t, {
    messages: { fromCentralSystem: { deny: ['ClearCache'], denyConfigurationKeys: ['heartbeatinterval'] } },
  })
  await proxy.register('CP-1')
  const received: string[] = []
  const chargePoint = proxy.chargePoint('basic-auth', {
    onEvent: (event) => received.push(JSON.stringify(event)),
  })
  await assertServed(proxy, chargePoint)
  const send = (action: string, payload = {}) => proxy.central.send('CP-1', action, payload)
  const wasSeen = (text: string) => received.some((event) => event.includes(text))
  const noted = (words: RegExp) =>
    proxy.log.wait(
      'an event',
      ({ msg, techInfo }) => msg === 'security event' && words.test(String(techInfo)),
      0,
    )

  await t.test('[design 10] an action', async () => {
    assert.partialDeepStrictEqual(await send('ClearCache'), securityError)
    assert.equal(wasSeen('ClearCache'), false)
    await noted(/^ClearCache from the central system refused/)
  })
  await t.test('[design 10] a configuration key, in other letters', async () => {
    const set = { key: 'HeartbeatInterval', value: '77' }
    assert.partialDeepStrictEqual(await send('ChangeConfiguration', set), securityError)
    assert.equal(wasSeen('ChangeConfiguration'), false)
    await noted(/may not set heartbeatinterval/)
    const other = { key: 'MeterValueSampleInterval', value: '77' }
    assert.partialDeepStrictEqual(await send('ChangeConfiguration', other), result)
  })
  await t.test('[A00.FR.206] certificates over profile 1, from both sides', async () => {
    assert.partialDeepStrictEqual(await send('InstallCertificate', { certificate: 'PEM' }), securityError)
    assert.equal(wasSeen('InstallCertificate'), false)
    assert.partialDeepStrictEqual(await chargePoint.call('SignCertificate', { csr: 'PEM' }), securityError)
    await noted(/^SignCertificate from the charge point refused/)
  })
})

test('[OCPP-J 4.2.3] messages.schema: enforce answers both sides, and counts', async (t) => {
  const proxy = await startProxy(t, { messages: { schema: 'enforce' } })
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth')
  await assertServed(proxy, chargePoint)
  const property = { kind: 'error', code: 'PropertyConstraintViolation' } as const
  assert.partialDeepStrictEqual(await proxy.central.send('CP-1', 'Reset', { type: 'Firm' }), property)
  assert.partialDeepStrictEqual(
    await chargePoint.call('FirmwareStatusNotification', { status: 'Odd' }),
    property,
  )
  const billing = await chargePoint.call('MeterValues', { connectorId: 1, meterValue: [], odd: true })
  assert.equal(billing.kind, 'result', 'billing data is not refused')
  const metrics = await proxy.metrics()
  const count = (labels: Record<string, string>) => metrics.sum('ocpp_proxy_schema_violations_total', labels)
  assert.equal(count({ direction: 'from_central_system', action: 'Reset', mode: 'enforce' }), 1)
  assert.equal(count({ action: 'FirmwareStatusNotification', mode: 'enforce' }), 1)
  assert.equal(count({ action: 'MeterValues', mode: 'report' }), 1)
})
