import { test } from 'node:test'
import { buildHeader } from '../gate/proxy-header.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('a connection without its PROXY protocol header is refused', async (t) => {
  const proxied = { proxyProtocol: true }
  const proxy = await startProxy(t, { listeners: { 'basic-auth': proxied } })
  const password = await proxy.register()
  const listener = 'basic-auth'
  for (const [what, bytes] of [
    ['a request right away', upgradeRequest({ password })],
    ['version 1', `PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n${upgradeRequest({ password })}`],
    ['a wrong checksum', buildHeader({ checksum: 1 })],
  ] as const) {
    await t.test(what, async () => {
      await assertRefused(proxy, {
        reason: 'proxy_protocol',
        listener,
        attempt: async () => {
          const client = await RawClient.connect({ port: proxy.port(listener) })
          client.write(bytes)
          return { text: (await client.over()).text }
        },
        client: { text: '' },
        record: { address: '127.0.0.1', identity: null },
      })
    })
  }
})
