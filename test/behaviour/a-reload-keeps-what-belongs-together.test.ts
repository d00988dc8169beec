import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { startProxy } from '../support/proxy.ts'
import { ask, RawClient, upgradeRequest } from '../support/raw-client.ts'

test('[A01.FR.09] who was at the gate goes to the central system of its beginning, with what is meant for that', async (t) => {
  const proxy = await startProxy(t, {
    centralSystem: { headers: { 'X-Secret-Of': 'the old one' } },
    limits: { requestTimeout: '60s' },
  })
  const next = createCentralSystem({ path: '/elsewhere' })
  t.after(() => next.close())
  const { url } = await next.listen()
  const password = await proxy.register()
  const port = proxy.port('basic-auth')
  const request = upgradeRequest({ password })
  const waiting = await RawClient.connect({ port })
  waiting.write(request.slice(0, 40))
  // What came later was served whole: so the gate has the first one, too.
  assert.equal((await ask({ port }, upgradeRequest({ identity: 'CP-9', password }))).status, 401)

  assert.equal(
    await proxy.reload({ centralSystem: { url, headers: { 'X-Secret-Of': 'the new one' } } }),
    'reloaded',
  )
  const old = proxy.central.nextConnection()
  waiting.write(request.slice(40))
  const seen = await old
  assert.equal(seen.url, '/ocpp/CP-1')
  assert.equal(seen.headers['x-secret-of'], 'the old one')
  assert.deepEqual(next.connections(), [])

  const later = next.nextConnection()
  const client = await RawClient.connect({ port })
  client.write(request)
  const second = await later
  assert.equal(second.url, '/elsewhere/CP-1')
  assert.equal(second.headers['x-secret-of'], 'the new one')
  client.destroy()
  waiting.destroy()
})

test('[CWE-307] limits of the lock-out are taken over by a reload', async (t) => {
  const proxy = await startProxy(t, { limits: { failuresPerIdentity: 100 } })
  const password = await proxy.register()
  const port = proxy.port('basic-auth')
  const wrong = () => ask({ port }, upgradeRequest({ password: randomBytes(20) }))
  const reasons = async () => {
    await proxy.allNoted()
    return (await proxy.rejections()).map(({ reason }) => reason).reverse()
  }
  await wrong()
  await wrong()
  assert.deepEqual(await reasons(), ['credentials_invalid', 'credentials_invalid'])
  assert.equal(await proxy.reload({ limits: { failuresPerIdentity: 1, lockout: '1h' } }), 'reloaded')
  await wrong()
  assert.equal((await ask({ port }, upgradeRequest({ password }))).status, 401)
  assert.deepEqual((await reasons()).slice(2), ['credentials_invalid', 'credentials_locked'])
})
