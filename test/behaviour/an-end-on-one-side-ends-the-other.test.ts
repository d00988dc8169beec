import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, opcodes } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { allEnded, closeCodeOf, rawSession } from '../support/sessions.ts'

test('the end of one side is the end of the other', async (t) => {
  const proxy = await startProxy(t)
  const password = await proxy.register()

  await t.test('the central system dies: the charge point gets 1001, queues and comes back', async () => {
    const chargePoint = proxy.chargePoint('basic-auth')
    await chargePoint.connect()
    proxy.central.terminate('CP-1')
    assert.equal((await chargePoint.closed()).code, 1001)
    await chargePoint.connect()
    const closed = proxy.central.nextClose()
    await chargePoint.close()
    await closed
  })
  await t.test('the charge point dies: the central system gets 1001', async () => {
    const client = await rawSession(proxy, { password })
    const closed = proxy.central.nextClose()
    client.destroy()
    assert.equal((await closed).code, 1001)
  })
  await t.test('the charge point ends its connection without a close frame', async () => {
    const client = await rawSession(proxy, { password })
    const closed = proxy.central.nextClose()
    client.socket.end()
    assert.equal((await closed).code, 1001)
    assert.equal((await client.over()).end, 'closed')
  })
  for (const code of [1000, 1001, 1008, 1011, 1012, 3000, 4999]) {
    await t.test(`[RFC 6455 7.4] ${code} of the charge point reaches the central system`, async () => {
      const chargePoint = proxy.chargePoint('basic-auth')
      await chargePoint.connect()
      const closed = proxy.central.nextClose()
      await chargePoint.close(code, `because of ${code}`)
      assert.partialDeepStrictEqual(await closed, { code, reason: `because of ${code}` })
    })
    await t.test(`[RFC 6455 7.4] ${code} of the central system reaches the charge point`, async () => {
      const chargePoint = proxy.chargePoint('basic-auth')
      await chargePoint.connect()
      const closed = proxy.central.nextClose()
      proxy.central.disconnect('CP-1', code, `because of ${code}`)
      assert.deepEqual(await chargePoint.closed(), { code, reason: `because of ${code}` })
      // Otherwise the next one might take this end for its own.
      await closed
    })
  }
  await t.test('[RFC 6455 7.1.5] a close frame without a code stays one', async () => {
    const client = await rawSession(proxy, { password })
    const closed = proxy.central.nextClose()
    client.write(frame('', { opcode: opcodes.close }))
    assert.equal((await closed).code, 1005)
    assert.equal((await closeCodeOf(client)).code, 1005)
  })
  await t.test('and nothing is left open', async () => {
    await allEnded(proxy)
    assert.equal((await proxy.metrics()).sum('ocpp_proxy_connections'), 0)
    assert.deepEqual(proxy.central.identities(), [])
  })
})
