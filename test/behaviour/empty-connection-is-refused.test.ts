import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { RawClient } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('a connection that ends without a byte is noted', async (t) => {
  const proxy = await startProxy(t)
  await assertRefused(proxy, {
    reason: 'empty_connection',
    listener: 'mutual-tls',
    attempt: async () => {
      const client = await RawClient.connect({ port: proxy.port('mutual-tls') })
      client.socket.end()
      return client.over()
    },
    client: { text: '', end: 'closed' },
    detail: /closed without a byte/,
  })
})
