import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('a path that is not that of the listener is refused', async (t) => {
  const proxy = await startProxy(t)
  const password = await proxy.register()
  for (const target of ['/', '/CP-1', '/ocpp2/CP-1', '/OCPP/CP-1', '/ocpp/more/CP-1', '/ocppCP-1']) {
    await t.test(`[OCPP-J 3.1.1] ${target}`, async () => {
      await assertRefused(proxy, {
        reason: 'path_unknown',
        listener: 'basic-auth',
        attempt: () => ask({ port: proxy.port('basic-auth') }, upgradeRequest({ target, password })),
        client: { status: 404, body: 'path_unknown\n' },
        record: { identity: null },
      })
    })
  }
})
