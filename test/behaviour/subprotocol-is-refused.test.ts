import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, readAnswer, upgraded, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'

test('a sub-protocol that is not served is refused', async (t) => {
  const letter = { subprotocolMismatch: 'upgrade-and-close' }
  const proxy = await startProxy(t, { listeners: { 'basic-auth': letter } })
  const password = await proxy.register()
  const listener = 'basic-auth-tls'
  const to = { port: proxy.port(listener), tls: {} }

  for (const protocols of ['ocpp0.1', 'ocpp2.0.1', 'OCPP1.6', null]) {
    await t.test(`[TC_088][OCPP-J 3.1.2] ${protocols ?? 'none'}`, async () => {
      await assertRefused(proxy, {
        reason: 'subprotocol',
        listener,
        attempt: () => ask(to, upgradeRequest({ protocols, password })),
        client: { status: 400, body: 'subprotocol\n' },
        record: { identity: 'CP-1' },
      })
    })
  }
  await t.test('[OCPP-J 3.2] by the letter: upgraded without one, and closed', async () => {
    await assertRefused(proxy, {
      reason: 'subprotocol',
      listener: 'basic-auth',
      attempt: () => refusalOf(proxy.chargePoint('basic-auth', { subprotocols: ['ocpp0.1'] })),
      client: { stage: 'websocket', httpStatus: 101, closeCode: 1002 },
    })
  })
  await t.test('[TC_088] of several the one that is served is chosen', async () => {
    const client = await upgraded(to, upgradeRequest({ protocols: 'ocpp0.1, ocpp1.6', password }))
    assert.equal(readAnswer(client.heard).headers['sec-websocket-protocol'], 'ocpp1.6')
    client.destroy()
    const subprotocols = ['ocpp0.1', 'ocpp1.6']
    await assertServed(proxy, proxy.chargePoint(listener, { subprotocols }))
  })
})
