import { test } from 'node:test'
import { helloOfNode } from '../gate/hello/captures.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('a TLS handshake that does not end is ended', async (t) => {
  const proxy = await startProxy(t, { limits: { handshakeTimeout: '2s' } })
  const hello = await helloOfNode({})
  const port = proxy.port('mutual-tls')
  for (const [what, bytes] of [
    ['no byte at all', Buffer.alloc(0)],
    ['half a ClientHello', hello.subarray(0, hello.length / 2)],
    ['a ClientHello, and no more', hello],
  ] as const) {
    await t.test(`[CWE-400] ${what}`, async () => {
      await assertRefused(proxy, {
        reason: 'handshake_timeout',
        listener: 'mutual-tls',
        attempt: async () => {
          const client = await RawClient.connect({ port })
          client.write(bytes)
          const { text, end } = await client.over()
          return { isHttp: text.includes('HTTP'), end }
        },
        client: { isHttp: false, end: 'closed' },
        detail: /nothing whole within 2000 ms/,
      })
    })
  }
})
