import { test } from 'node:test'
import { helloOfNode } from '../gate/hello/captures.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient, upgraded, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

/** `held` keeps its connection, so the next one is one too many. */
const tooMany = (port: number, localAddress?: string) => async () => {
  const client = await RawClient.connect({ port, ...(localAddress === undefined ? {} : { localAddress }) })
  client.write(await helloOfNode({}))
  return client.over()
}

test('more connections than allowed are refused', async (t) => {
  await t.test('[CWE-770] in total, and served again when one has gone', async (t) => {
    const proxy = await startProxy(t, { limits: { connections: 1 } })
    const password = await proxy.register()
    const port = proxy.port('basic-auth')
    const held = await upgraded({ port }, upgradeRequest({ password }))
    await assertRefused(proxy, {
      reason: 'capacity',
      listener: 'basic-auth',
      attempt: tooMany(port, '127.0.0.2'),
      client: { text: '' },
      record: { address: '127.0.0.2' },
      detail: /limits.connections/,
    })
    held.destroy()
    await proxy.log.wait('the end', ({ msg }) => msg === 'charge point disconnected')
    const next = await upgraded({ port }, upgradeRequest({ password }))
    next.destroy()
  })

  await t.test('[CWE-770] of one address', async (t) => {
    const proxy = await startProxy(t, { limits: { connectionsPerAddress: 1 } })
    const password = await proxy.register()
    const port = proxy.port('basic-auth')
    const held = await upgraded({ port }, upgradeRequest({ password }))
    await assertRefused(proxy, {
      reason: 'capacity',
      listener: 'basic-auth-tls',
      attempt: tooMany(proxy.port('basic-auth-tls')),
      client: { text: '' },
      detail: /1 connections of this address/,
    })
    const elsewhere = await RawClient.connect({ port, localAddress: '127.0.0.2' })
    elsewhere.destroy()
    held.destroy()
  })

  await t.test('[CWE-770] in their TLS handshake', async (t) => {
    const proxy = await startProxy(t, { limits: { handshakes: 1 } })
    const port = proxy.port('basic-auth-tls')
    const held = await RawClient.connect({ port })
    held.write(await helloOfNode({}))
    await held.until((heard) => heard.length > 0)
    await assertRefused(proxy, {
      reason: 'capacity',
      listener: 'basic-auth-tls',
      attempt: tooMany(port),
      client: { text: '' },
      detail: /limits.handshakes/,
    })
    held.destroy()
  })
})
