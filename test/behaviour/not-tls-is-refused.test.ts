import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertRefused, refusalOf } from '../support/refused.ts'

test('plain text on a TLS listener is refused', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  for (const [listener, ids] of [
    ['basic-auth-tls', '[A00.FR.311]'],
    ['mutual-tls', '[A00.FR.415]'],
  ] as const) {
    await t.test(`${ids} ws:// to ${listener}`, async () => {
      const url = proxy.url(listener).replace('wss:', 'ws:')
      await assertRefused(proxy, {
        reason: 'not_tls',
        listener,
        attempt: () => refusalOf(proxy.chargePoint(listener, { url, securityProfile: 1 })),
        client: { stage: 'tcp', detail: 'closed before HTTP', httpStatus: null },
        record: { identity: null, event: 'InvalidTLSVersion' },
      })
    })
  }
})
