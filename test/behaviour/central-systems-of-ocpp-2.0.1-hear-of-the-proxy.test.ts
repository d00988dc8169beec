import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootAndCharge, both, foreignStation, startCsms201 } from '../support/csms-201.ts'
import { until } from '../support/elsewhere.ts'
import { startProxy } from '../support/proxy.ts'

test('[A04.FR.03] what the proxy finds about a charging station goes to its central system of OCPP 2.0.1', async (t) => {
  const csms = await startCsms201(t)
  const proxy = await startProxy(t, {
    listeners: { 'basic-auth-tls': both },
    centralSystem201: { url: csms.url },
    securityEvents: { toCentralSystem201: 'SecurityEventNotification' },
  })
  const password = await proxy.register()
  const wrong = foreignStation(t, proxy, 'basic-auth-tls', {
    password: Buffer.from('not-the-password-at-all'),
  })
  const events = () =>
    csms.calls.filter(({ action }) => action === 'SecurityEventNotification').map(({ payload }) => payload)
  const client = foreignStation(t, proxy, 'basic-auth-tls', { password })
  await client.connect()
  await bootAndCharge(client)
  const own = {
    type: 'InvalidChargingStationCertificate',
    timestamp: new Date().toISOString(),
    techInfo: 'its own',
  }
  await client.call('SecurityEventNotification', own)
  assert.deepEqual(events(), [own], 'its own has passed, and comes once')
  await assert.rejects(wrong.connect())
  await until(async () => events().length === 2)
  assert.partialDeepStrictEqual(events()[1], { type: 'FailedToAuthenticateAtCsms' })
  await client.close()
  assert.equal(proxy.centralEvents.length, 0, 'the central system of OCPP 1.6 hears nothing')
  const labels = { sink: 'central-system-201', result: 'delivered' }
  const delivered = async () =>
    (await proxy.metrics()).sum('ocpp_proxy_security_event_deliveries_total', labels)
  await until(async () => (await delivered()) > 0)
  assert.equal(await delivered(), 1)
})
