import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { RawClient, upgraded, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('an address that connects too often is refused', async (t) => {
  // Two a minute: the next token comes in half a minute.
  const proxy = await startProxy(t, { limits: { perAddressPerMinute: 2 } })
  const password = await proxy.register()
  const port = proxy.port('basic-auth')
  const request = upgradeRequest({ password })
  for (let count = 0; count < 2; count += 1) (await upgraded({ port }, request)).destroy()

  for (const listener of ['basic-auth', 'basic-auth-tls', 'mutual-tls'] as const) {
    await t.test(`[CWE-307] over all listeners: ${listener}`, async () => {
      await assertRefused(proxy, {
        reason: 'rate_limited',
        listener,
        attempt: async () => (await RawClient.connect({ port: proxy.port(listener) })).over(),
        client: { text: '' },
        record: { address: '127.0.0.1', identity: null },
        detail: /over 2 connections a minute/,
      })
    })
  }
  await t.test('[CWE-307] and another address is not affected', async () => {
    const client = await upgraded({ port, localAddress: '127.0.0.2' }, request)
    client.destroy()
  })
})
