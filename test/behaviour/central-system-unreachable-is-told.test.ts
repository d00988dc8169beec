import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
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
  let greet = (socket: Socket): void => void socket.end()
  const server = createServer((socket) => greet(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`
  const proxy = await startProxy(t, { central: null, centralSystem: { url } })
  const password = await proxy.register()
  const isRefused = (detail: RegExp) =>
    assertRefused(proxy, {
      reason: 'central_system_unreachable',
      listener: 'basic-auth',
      attempt: () => ask({ port: proxy.port('basic-auth') }, upgradeRequest({ password })),
      client,
      record: { identity: 'CP-1', event: null },
      detail,
      reachesCentralSystem: true,
    })

  await t.test('[OCPP-J 3.2] it hangs up', async () => {
    await isRefused(/closed the connection|ECONNRESET|EPIPE/)
  })
  await t.test('[OCPP-J 3.2] it does not speak HTTP', async () => {
    greet = (socket) => void socket.write('220 mail.example.com ESMTP\r\n\r\n')
    await isRefused(/./)
  })
  await t.test('[OCPP-J 3.2] nobody listens', async () => {
    server.close()
    await isRefused(/ECONNREFUSED/)
  })
})
