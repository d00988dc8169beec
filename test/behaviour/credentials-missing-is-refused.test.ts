import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { type Answer, ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused, assertServed } from '../support/refused.ts'

test('a request without a password is refused, and asked for one', async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  const headers = { 'www-authenticate': 'Basic realm="ocpp", charset="UTF-8"' }
  const client: Partial<Answer> = { status: 401, headers, body: 'authentication failed\n' }
  const wrong = {
    'no Authorization': [],
    'another scheme': ['Authorization: Bearer Q1AtMTpwYXNzd29yZA=='],
    'no base64': ['Authorization: Basic ***'],
    'no colon': [`Authorization: Basic ${Buffer.from('CP-1').toString('base64')}`],
  }
  for (const [listener, ids, tls] of [
    ['basic-auth', '[A00.FR.202][A00.FR.203]', {}],
    ['basic-auth-tls', '[A00.FR.301][A00.FR.302]', { tls: {} }],
  ] as const) {
    for (const [what, lines] of Object.entries(wrong)) {
      await t.test(`${ids}[TC_085] ${what} on ${listener}`, async () => {
        await assertRefused(proxy, {
          reason: 'credentials_missing',
          listener,
          attempt: () => ask({ port: proxy.port(listener), ...tls }, upgradeRequest({ headers: lines })),
          client,
          record: { identity: 'CP-1', event: 'FailedToAuthenticateAtCentralSystem' },
        })
      })
    }
    await t.test(`${ids}[TC_085] and with its password it is served on ${listener}`, async () => {
      await proxy.store.registry.update('CP-1', { securityProfile: null })
      await assertServed(proxy, proxy.chargePoint(listener))
    })
  }
})
