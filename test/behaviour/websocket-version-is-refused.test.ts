import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { type Answer, ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('another version of WebSocket is refused, and the right one named', async (t) => {
  const proxy = await startProxy(t)
  const password = await proxy.register()
  const headers = { upgrade: 'websocket', 'sec-websocket-version': '13' }
  const client: Partial<Answer> = { status: 426, headers, body: 'websocket_version\n' }
  for (const version of ['8', '0', '13, 8', '']) {
    await t.test(`[RFC 6455 4.2.2] ${JSON.stringify(version)}`, async () => {
      await assertRefused(proxy, {
        reason: 'websocket_version',
        listener: 'basic-auth',
        attempt: () => ask({ port: proxy.port('basic-auth') }, upgradeRequest({ version, password })),
        client,
      })
    })
  }
})
