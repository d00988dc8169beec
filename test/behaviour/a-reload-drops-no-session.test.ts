import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { frame } from '../support/frames.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { behindHead, type RawClient, upgraded, upgradeRequest } from '../support/raw-client.ts'

const sessions = 500

/** Opens 500 sessions, a few at a time: most on profile 1, every tenth over TLS. */
async function openSessions(proxy: TestProxy): Promise<readonly RawClient[]> {
  const password = Buffer.alloc(20, 0xf7)
  const identities = Array.from({ length: sessions }, (_, index) => `CP-${index}`)
  for (const identity of identities) await proxy.register(identity, { password, serialNumber: null })
  const clients: RawClient[] = []
  const open = async (index: number) => {
    const identity = `CP-${index}`
    const secure = index % 10 === 0
    const port = proxy.port(secure ? 'basic-auth-tls' : 'basic-auth')
    clients.push(
      await upgraded({ port, ...(secure ? { tls: {} } : {}) }, upgradeRequest({ identity, password })),
    )
  }
  for (let index = 0; index < sessions; index += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, offset) => open(index + offset)))
  }
  return clients
}

/** Every session sends a CALL and gets its answer. */
async function allAnswer(clients: readonly RawClient[], id: string): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      client.write(frame(`[2,"${id}","Heartbeat",{}]`))
      await client.until((heard) => behindHead(heard).includes(`[3,"${id}",`))
    }),
  )
}

async function servedSerialNumber(proxy: TestProxy): Promise<string> {
  const socket = connect({ port: proxy.port('basic-auth-tls'), ca: proxy.pki.serverRoot })
  await once(socket, 'secureConnect')
  const serialNumber = socket.getPeerX509Certificate()?.serialNumber ?? ''
  socket.destroy()
  return serialNumber
}

test('a reload in the middle of 500 sessions drops none', async (t) => {
  const proxy = await startProxy(t, { central: { historyLimit: 0 } })
  const clients = await openSessions(proxy)
  assert.equal(clients.length, sessions)
  await allAnswer(clients, 'before')

  await t.test('[A00.FR.701] SIGHUP: the new certificate is served afterwards', async () => {
    const old = await servedSerialNumber(proxy)
    const renewed = await proxy.pki.renewServer()
    const meanwhile = allAnswer(clients, 'sighup')
    assert.equal(await proxy.reload({ limits: { messageBytes: 4096 } }), 'reloaded')
    await meanwhile
    assert.notEqual(renewed.x509.serialNumber, old)
    assert.equal(await servedSerialNumber(proxy), renewed.x509.serialNumber)
  })

  await t.test('[A00.FR.701] a certificate file that changes is enough', async () => {
    const from = proxy.log.all.length
    const renewed = await proxy.pki.renewServer()
    const meanwhile = allAnswer(clients, 'file')
    let next = from
    while ((await servedSerialNumber(proxy)) !== renewed.x509.serialNumber) {
      ;({ next } = await proxy.reloadEnded(next))
    }
    await meanwhile
  })

  await t.test('a broken configuration keeps the old one, and says so everywhere', async () => {
    const before = await proxy.metrics()
    appendFileSync(proxy.configPath, '\nunknownKey: 1\n')
    assert.equal(await proxy.hangUp(), 'refused')
    const after = await proxy.metrics()
    const failed = (page: typeof after) => page.sum('ocpp_proxy_config_reloads_total', { result: 'failure' })
    assert.ok(failed(after) > failed(before))
    assert.equal(after.sum('ocpp_proxy_config_last_reload_successful'), 0)
    const { status, body } = await proxy.readiness()
    assert.equal(status, 200, 'the old one works')
    assert.match(body.notes.join(), /the last reload failed: .*unknownKey/)
    await servedSerialNumber(proxy)
    await allAnswer(clients, 'broken')
  })

  await t.test('a certificate that cannot be used keeps the old one as well', async () => {
    const served = await servedSerialNumber(proxy)
    const result = await proxy.reload({
      tls: { certificates: [{ certificate: 'server-ecdsa.pem', key: 'cpo-root.pem' }] },
    })
    assert.equal(result, 'refused')
    assert.equal(await servedSerialNumber(proxy), served)
    await allAnswer(clients, 'mismatch')
  })

  await t.test('and the next good one is taken', async () => {
    assert.equal(await proxy.reload({}), 'reloaded')
    assert.equal((await proxy.metrics()).sum('ocpp_proxy_config_last_reload_successful'), 1)
    assert.deepEqual((await proxy.readiness()).body.notes, [])
    await allAnswer(clients, 'after')
    assert.equal((await proxy.metrics()).sum('ocpp_proxy_connections'), sessions)
    for (const client of clients) client.destroy()
  })
})
