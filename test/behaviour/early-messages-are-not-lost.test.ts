import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, readFrames } from '../support/frames.ts'
import { startProxy } from '../support/proxy.ts'
import { openRawCentral } from '../support/raw-central.ts'
import { behindHead, RawClient, readAnswer, upgradeRequest } from '../support/raw-client.ts'

const fromChargePoint = '[2,"early-1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
const fromCentral = '[2,"early-2","GetConfiguration",{}]'

test('nothing that arrives early from either side is lost', async (t) => {
  const central = await openRawCentral(t)
  const proxy = await startProxy(t, { central: null, centralSystem: { url: central.url } })
  const password = await proxy.register()
  for (const listener of ['basic-auth', 'basic-auth-tls'] as const) {
    const to = { port: proxy.port(listener), ...(listener === 'basic-auth' ? {} : { tls: {} }) }
    await proxy.store.registry.update('CP-1', { securityProfile: null })

    await t.test(`[RFC 6455 4.1] a central system that answers late, ${listener}`, async () => {
      const dialled = central.next()
      const client = await RawClient.connect(to)
      const first = frame(fromChargePoint)
      // The request and half of a frame in one segment, the other half while nobody has answered.
      client.write(Buffer.concat([Buffer.from(upgradeRequest({ password })), first.subarray(0, 20)]))
      const link = await dialled
      const acceptance = await link.acceptance()
      client.write(first.subarray(20))
      assert.equal(client.heard.length, 0, 'upstream first: the charge point waits')
      link.socket.write(acceptance)
      await link.until(() => link.frames.length >= first.length)
      assert.deepEqual(link.frames, first, 'byte for byte, mask included')
      await client.until((heard) => heard.includes('\r\n\r\n'))
      client.destroy()
    })

    await t.test(`[RFC 6455 4.1] a central system that calls right with its 101, ${listener}`, async () => {
      const dialled = central.next()
      const client = await RawClient.connect(to)
      client.write(upgradeRequest({ password }))
      const link = await dialled
      const call = frame(fromCentral, { mask: null })
      link.socket.write(Buffer.concat([Buffer.from(await link.acceptance()), call]))
      await client.until((heard) => behindHead(heard).length >= call.length)
      assert.equal(readAnswer(client.heard).status, 101)
      const [seen] = readFrames(behindHead(client.heard))
      assert.equal(seen?.payload.toString(), fromCentral)
      client.destroy()
    })

    await t.test(`[RFC 6455 4.1] its 101 byte by byte, the call behind it, ${listener}`, async () => {
      const dialled = central.next()
      const client = await RawClient.connect(to)
      client.write(upgradeRequest({ password }))
      const link = await dialled
      link.socket.setNoDelay(true)
      const call = frame(fromCentral, { mask: null })
      const bytes = Buffer.concat([Buffer.from(await link.acceptance()), call])
      for (const byte of bytes) await new Promise((sent) => link.socket.write(Buffer.of(byte), sent))
      await client.until((heard) => behindHead(heard).length >= call.length)
      assert.equal(readFrames(behindHead(client.heard))[0]?.payload.toString(), fromCentral)
      client.destroy()
    })
  }
})
