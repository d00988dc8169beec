import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { upgraded, upgradeRequest } from '../support/raw-client.ts'

const forged = {
  'X-Forwarded-For': '203.0.113.9',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'evil.example.com',
  'X-Forwarded-Client-Cert': 'Subject="CN=SN-0001"',
  'X-Client-Cert': 'forged',
  'X-Real-IP': '203.0.113.9',
  Forwarded: 'for=203.0.113.9',
  'SSL-Client-Cert': 'forged',
  'X-Charge-Point': 'forged',
  Cookie: 'session=1',
  'Sec-WebSocket-Extensions': 'permessage-deflate',
}

test('a central system hears from the proxy who connects, and from nobody else', async (t) => {
  const proxy = await startProxy(t, {
    centralSystem: { preset: 'steve', headers: { 'X-Charge-Point': '{identity} {serialNumber} {profile}' } },
  })
  const password = await proxy.register('CP 1', { serialNumber: 'SN-0001' })
  const headers = Object.entries(forged).map(([name, value]) => `${name}: ${value}`)

  await t.test('[CWE-444] on profile 1 no forged header and no password gets through', async () => {
    const seen = proxy.central.nextConnection()
    const request = upgradeRequest({ target: '/ocpp/CP%201', identity: 'CP 1', password, headers })
    const client = await upgraded({ port: proxy.port('basic-auth') }, request)
    const { headerLines, url } = await seen
    assert.equal(url, '/ocpp/CP%201', 'the identity as it came')
    assert.deepEqual(namesOf(headerLines), [
      'connection',
      'forwarded',
      'host',
      'sec-websocket-key',
      'sec-websocket-protocol',
      'sec-websocket-version',
      'upgrade',
      'x-charge-point',
      'x-forwarded-for',
      'x-forwarded-proto',
    ])
    const text = JSON.stringify(headerLines)
    for (const value of ['203.0.113.9', 'evil', 'forged', 'https', 'deflate'])
      assert.ok(!text.includes(value), value)
    assert.partialDeepStrictEqual(Object.fromEntries(headerLines), {
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Proto': 'http',
      Forwarded: 'for=127.0.0.1;proto=http',
      'X-Charge-Point': 'CP 1 SN-0001 1',
    })
    client.destroy()
  })

  await t.test('[CWE-444] on profile 3 the certificate is the one of the handshake', async () => {
    await proxy.store.registry.update('CP 1', { securityProfile: null })
    const issued = await proxy.pki.cpo.chargePoint()
    const seen = proxy.central.nextConnection()
    await proxy.withCertificate(issued, { identity: 'CP 1', headers: forged }).connect()
    const { headers: heard } = await seen
    assert.equal(decodeURIComponent(String(heard['x-client-cert'])), issued.certificate)
    assert.equal(heard['x-forwarded-proto'], 'https')
    assert.equal(heard['x-charge-point'], 'CP 1 SN-0001 3')
    assert.equal(heard.authorization, undefined)
  })
})

function namesOf(lines: readonly (readonly [string, string])[]): string[] {
  return lines.map(([name]) => name.toLowerCase()).toSorted()
}
