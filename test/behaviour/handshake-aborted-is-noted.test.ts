import { test } from 'node:test'
import { helloOfNode, opensslProblem } from '../gate/hello/captures.ts'
import { opensslClient } from '../support/openssl-client.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('a TLS handshake that the charge point breaks off is noted', async (t) => {
  const proxy = await startProxy(t)
  const listener = 'basic-auth-tls'
  const port = proxy.port(listener)
  const refused = { reason: 'handshake_aborted', listener } as const

  for (const version of ['-tls1_2', '-tls1_3']) {
    const name = `it does not trust the server certificate (openssl ${version})`
    await t.test(name, { skip: opensslProblem }, async () => {
      await assertRefused(proxy, {
        ...refused,
        attempt: () => opensslClient(port, [version, '-verify_return_error', '-verify', '4']),
        client: { isConnected: false },
        detail: /ALERT_UNKNOWN_CA/,
      })
    })
  }
  await t.test('it closes within its ClientHello', async () => {
    const hello = await helloOfNode({})
    await assertRefused(proxy, {
      ...refused,
      attempt: async () => {
        const client = await RawClient.connect({ port })
        client.socket.end(hello.subarray(0, 100))
        return client.over()
      },
      client: { text: '', end: 'closed' },
      detail: /ended within the ClientHello/,
    })
  })
})
