import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { openRawCentral } from '../support/raw-central.ts'
import { RawClient, readAnswer, upgradeRequest } from '../support/raw-client.ts'

test('who waits for the central system when SIGTERM comes is told to come back, and is not waited for', async (t) => {
  const central = await openRawCentral(t)
  const centralSystem = { url: central.url, connectTimeout: '60s' }
  const proxy = await startProxy(t, { central: null, centralSystem, drain: { timeout: '60s' } })
  const password = await proxy.register()
  const dialled = central.next()
  const client = await RawClient.connect({ port: proxy.port('basic-auth') })
  client.write(upgradeRequest({ password }))
  const link = await dialled
  await link.until((heard) => heard.includes('\r\n\r\n'))
  const abandoned = once(link.socket, 'close')

  // Nothing else keeps the process: it is gone before anybody could ask it for its metrics.
  proxy.process.signal('SIGTERM')
  const answer = readAnswer((await client.over()).bytes)
  assert.partialDeepStrictEqual(answer, { status: 503, headers: { 'retry-after': '10' }, body: 'draining\n' })
  await abandoned
  assert.equal(await proxy.process.exit, 0)
  const [refusal, ...others] = await proxy.rejections()
  assert.partialDeepStrictEqual(refusal, { reason: 'draining', identity: 'CP-1', listener: 'basic-auth' })
  assert.deepEqual(others, [])
})

test('a charge point that leaves while the central system is dialled leaves nothing behind there', async (t) => {
  const central = await openRawCentral(t)
  const centralSystem = { url: central.url, connectTimeout: '60s' }
  const proxy = await startProxy(t, { central: null, centralSystem })
  const password = await proxy.register()
  const dialled = central.next()
  const client = await RawClient.connect({ port: proxy.port('basic-auth') })
  client.write(upgradeRequest({ password }))
  const link = await dialled
  const abandoned = once(link.socket, 'close')
  client.socket.resetAndDestroy()
  await abandoned
})
