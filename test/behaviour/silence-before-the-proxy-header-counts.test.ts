import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildHeader } from '../gate/proxy-header.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'
import { allEnded } from '../support/sessions.ts'

const header = buildHeader({ source: Uint8Array.of(192, 0, 2, 7), checksum: 'right' })

test('a connection counts from its first moment, also where a PROXY header has yet to come', async (t) => {
  const proxied = { proxyProtocol: { from: ['127.0.0.1/32'] } }
  const proxy = await startProxy(t, { listeners: { 'basic-auth': proxied }, limits: { connections: 1 } })
  const password = await proxy.register()
  const port = proxy.port('basic-auth')
  const request = Buffer.concat([header, Buffer.from(upgradeRequest({ password }))])
  const silent = await RawClient.connect({ port })
  // Accepted, and half a header read: nobody knows yet where it comes from.
  silent.write(header.subarray(0, 5))

  await t.test('[CWE-770] the next one is one too many, whatever its header would have said', async () => {
    await assertRefused(proxy, {
      reason: 'capacity',
      listener: 'basic-auth',
      attempt: async () => {
        const client = await RawClient.connect({ port })
        client.write(request)
        return { text: (await client.over()).text }
      },
      client: { text: '' },
      record: { address: '127.0.0.1' },
      detail: /limits.connections/,
    })
  })
  await t.test('and when the silent one has gone there is room again', async () => {
    silent.destroy()
    await proxy.log.wait('the end of the silent one', ({ reason }) => reason === 'proxy_protocol')
    const client = await RawClient.connect({ port })
    client.write(request)
    await client.until((heard) => heard.includes('101 Switching'))
    const line = await proxy.log.wait('connected', ({ msg }) => msg === 'charge point connected')
    assert.equal(line.address, '192.0.2.7')
    client.destroy()
    await allEnded(proxy)
  })
})
