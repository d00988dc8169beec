import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { buildHeader } from '../gate/proxy-header.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient, readAnswer, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

const header = (last: number) => buildHeader({ source: Uint8Array.of(192, 0, 2, last), checksum: 'right' })

test('behind a load balancer the address of the PROXY header is the one that counts', async (t) => {
  const proxied = { proxyProtocol: { from: ['127.0.0.1/32'] } }
  const proxy = await startProxy(t, {
    listeners: { 'basic-auth': proxied, 'basic-auth-tls': proxied },
    limits: { failuresPerIdentity: 1, perAddressPerMinute: 4 },
  })
  const password = await proxy.register()
  const port = proxy.port('basic-auth')
  const send = async (last: number, secret: Uint8Array) => {
    const client = await RawClient.connect({ port })
    client.write(Buffer.concat([header(last), Buffer.from(upgradeRequest({ password: secret }))]))
    return client
  }

  await t.test('to X-Forwarded-For and to the log of a session', async () => {
    const seen = proxy.central.nextConnection()
    const client = await send(7, password)
    const { headers } = await seen
    assert.equal(headers['x-forwarded-for'], '192.0.2.7')
    assert.equal(headers.forwarded, 'for=192.0.2.7;proto=http')
    const line = await proxy.log.wait('connected', ({ msg }) => msg === 'charge point connected')
    assert.equal(line.address, '192.0.2.7')
    client.destroy()
  })
  await t.test('to record and log of a refusal', async () => {
    await assertRefused(proxy, {
      reason: 'credentials_invalid',
      listener: 'basic-auth',
      attempt: async () => readAnswer((await (await send(66, randomBytes(20))).over()).bytes),
      client: { status: 401 },
      record: { address: '192.0.2.66', port: 40_000 },
    })
  })
  await t.test('[CWE-307] to the lock-out, which hits that address alone', async () => {
    await assertRefused(proxy, {
      reason: 'credentials_locked',
      listener: 'basic-auth',
      attempt: async () => readAnswer((await (await send(66, password)).over()).bytes),
      client: { status: 401 },
      record: { address: '192.0.2.66' },
    })
    const client = await send(8, password)
    await client.until((heard) => heard.includes('101 Switching'))
    client.destroy()
  })
  await t.test('[CWE-307] to the rate of connections', async () => {
    const attempts = [1, 2, 3, 4].map(
      async () => (await (await send(99, randomBytes(20))).over()).bytes.length,
    )
    await Promise.all(attempts)
    await assertRefused(proxy, {
      reason: 'rate_limited',
      listener: 'basic-auth',
      attempt: async () => ({ text: (await (await send(99, password)).over()).text }),
      client: { text: '' },
      record: { address: '192.0.2.99' },
    })
  })
  await t.test('in front of TLS', async () => {
    const wire = await RawClient.connect({ port: proxy.port('basic-auth-tls') })
    wire.write(header(10))
    wire.socket.removeAllListeners('data')
    const socket = connectTls({ socket: wire.socket, ca: proxy.pki.serverRoot, servername: 'localhost' })
    await once(socket, 'secureConnect')
    await proxy.store.registry.update('CP-1', { securityProfile: null })
    const seen = proxy.central.nextConnection()
    const answer = once(socket, 'data')
    socket.write(upgradeRequest({ password }))
    assert.equal((await seen).headers['x-forwarded-for'], '192.0.2.10')
    // The registry is written before the answer; the next test changes it.
    await answer
    socket.destroy()
  })
  await t.test('who is no load balancer comes without the header', async () => {
    const client = await RawClient.connect({ port, localAddress: '127.0.0.2' })
    await proxy.store.registry.update('CP-1', { securityProfile: null })
    const seen = proxy.central.nextConnection()
    client.write(upgradeRequest({ password }))
    assert.equal((await seen).headers['x-forwarded-for'], '127.0.0.2')
    client.destroy()
  })
})
