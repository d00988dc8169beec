import { test } from 'node:test'
import { helloOfNode } from '../gate/hello/captures.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('a handshake that cannot be read is refused', async (t) => {
  const proxy = await startProxy(t)
  const listener = 'basic-auth-tls'
  const hello = await helloOfNode({})
  const attempt = (bytes: Buffer) => async () => {
    const client = await RawClient.connect({ port: proxy.port(listener) })
    client.write(bytes)
    const heard = await client.over()
    return { alert: heard.bytes.subarray(-7).toString('hex') }
  }
  const decodeError = '15030100020232'

  await t.test('[RFC 8446 4.1.2][CWE-20] a ClientHello whose inner lengths lie', async () => {
    const lying = Buffer.from(hello)
    lying[43] = 0xff
    await assertRefused(proxy, {
      reason: 'handshake_malformed',
      listener,
      attempt: attempt(lying),
      client: { alert: decodeError },
    })
  })
  await t.test('[CWE-20] another handshake message in its place', async () => {
    const other = Buffer.from(hello)
    other[5] = 0x0b
    await assertRefused(proxy, {
      reason: 'handshake_malformed',
      listener,
      attempt: attempt(other),
      client: { alert: decodeError },
    })
  })
})
