import { test } from 'node:test'
import { helloOfNode } from '../gate/hello/captures.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient, upgraded, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'
import { allEnded } from '../support/sessions.ts'

/** `held` keeps its connection, so the next one is one too many. */
const tooMany = (port: number, localAddress?: string) => async () => {
  const client = await RawClient.connect({ port, ...(localAddress === undefined ? {} : { localAddress }) })
  client.write(await helloOfNode({}))
  return client.over()
}

test('more connections than allowed are refused', async (t) => {
  const proxy = await startProxy(t, { limits: { connections: 1 } })
  const password = await proxy.register()
  const port = proxy.port('basic-auth')

  await t.test('[CWE-770] in total, and served again when one has gone', async () => {
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
    await allEnded(proxy)
    const next = await upgraded({ port }, upgradeRequest({ password }))
    next.destroy()
    await allEnded(proxy)
  })

  await t.test('[CWE-770] of one address', async () => {
    await proxy.reload({ limits: { connections: 100, connectionsPerAddress: 1 } })
    const second = await proxy.register('CP-2')
    const held = await upgraded({ port }, upgradeRequest({ password }))
    await assertRefused(proxy, {
      reason: 'capacity',
      listener: 'basic-auth-tls',
      attempt: tooMany(proxy.port('basic-auth-tls')),
      client: { text: '' },
      detail: /1 connections of this address/,
    })
    const other = upgradeRequest({ identity: 'CP-2', password: second })
    const elsewhere = await upgraded({ port, localAddress: '127.0.0.2' }, other)
    elsewhere.destroy()
    held.destroy()
  })

  await t.test('[CWE-770] in their TLS handshake', async () => {
    await proxy.reload({ limits: { connections: 100, handshakes: 1 } })
    const securePort = proxy.port('basic-auth-tls')
    const held = await RawClient.connect({ port: securePort })
    held.write(await helloOfNode({}))
    await held.until((heard) => heard.length > 0)
    await assertRefused(proxy, {
      reason: 'capacity',
      listener: 'basic-auth-tls',
      attempt: tooMany(securePort),
      client: { text: '' },
      detail: /limits.handshakes/,
    })
    held.destroy()
  })
})
