import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('an identity that cannot be one is refused', async (t) => {
  const proxy = await startProxy(t)
  const password = await proxy.register()
  const targets = {
    'no identity': '/ocpp',
    'an empty one': '/ocpp/',
    'a slash at its end': '/ocpp/CP-1/',
    'over 255 bytes': `/ocpp/${'x'.repeat(256)}`,
    'wrong percent-encoding': '/ocpp/CP%2',
    'no UTF-8': '/ocpp/CP%ff',
    'a null byte': '/ocpp/CP-1%00',
    'an encoded slash': '/ocpp/..%2fCP-1',
    'a relative segment': '/ocpp/%2e%2e',
    'a turn of the direction of writing': '/ocpp/CP%E2%80%AE1',
  }
  for (const [what, target] of Object.entries(targets)) {
    await t.test(`[OCPP-J 3.1.1][CWE-20] ${what}`, async () => {
      await assertRefused(proxy, {
        reason: 'identity_invalid',
        listener: 'basic-auth',
        attempt: () => ask({ port: proxy.port('basic-auth') }, upgradeRequest({ target, password })),
        client: { status: 400, body: 'identity_invalid\n' },
        record: { identity: null },
      })
    })
  }
})
