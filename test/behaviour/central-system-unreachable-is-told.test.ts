import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { type Answer, ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

const client: Partial<Answer> = {
  status: 502,
  headers: { 'retry-after': '10' },
  body: 'central_system_unreachable\n',
}

test('a central system that cannot be reached is told as such', async (t) => {
  await t.test('[OCPP-J 3.2] nobody listens', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    taken.close()
    await once(taken, 'close')
    await refuses(t, `ws://127.0.0.1:${port}/ocpp`, /ECONNREFUSED/)
  })
  await t.test('[OCPP-J 3.2] it hangs up', async (t) => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    await refuses(t, `ws://127.0.0.1:${port}/ocpp`, /closed the connection|ECONNRESET|EPIPE/)
  })
  await t.test('[OCPP-J 3.2] it does not speak HTTP', async (t) => {
    const server = createServer((socket) => socket.write('220 mail.example.com ESMTP\r\n\r\n'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    await refuses(t, `ws://127.0.0.1:${port}/ocpp`, /./)
  })
})

async function refuses(t: Parameters<typeof startProxy>[0], url: string, detail: RegExp): Promise<void> {
  const proxy = await startProxy(t, { central: null, centralSystem: { url } })
  const password = await proxy.register()
  await assertRefused(proxy, {
    reason: 'central_system_unreachable',
    listener: 'basic-auth',
    attempt: () => ask({ port: proxy.port('basic-auth') }, upgradeRequest({ password })),
    client,
    record: { identity: 'CP-1', event: null },
    detail,
    reachesCentralSystem: true,
  })
}
