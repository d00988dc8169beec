import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { certificateServer } from '../support/certificate-server.ts'
import { ask } from '../support/plug-and-charge.ts'
import { startProxy } from '../support/proxy.ts'
import { secret } from '../support/secrets.ts'

const iso15118SchemaVersion = 'urn:iso:15118:2:2013:MsgDef'
const exiRequest = Buffer.from('what the vehicle sent').toString('base64')
const exiResponse = Buffer.from('what the pool answered').toString('base64')

test('Get15118EVCertificate goes to the pool over mutual TLS', async (t) => {
  const [servers, clients] = await Promise.all([
    makeAuthority({ name: 'Pool' }),
    makeAuthority({ name: 'CPOs' }),
  ])
  const [server, client] = [await servers.server(), await clients.chargePoint({ cn: 'proxy' })]
  let behave: (response: ServerResponse) => void = (response) =>
    void response.end(JSON.stringify({ status: 'Accepted', exiResponse }))
  await using pool = await certificateServer(
    {
      cert: server.chain,
      key: server.key,
      ca: clients.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (_request, response) => behave(response),
  )
  const token = secret('pool token', 'token-of-the-contract-pool')
  const pooled = {
    url: `${pool.origin}/contracts`,
    ca: 'pool-root.pem',
    certificate: 'pool-client.pem',
    key: 'pool-client.key',
    tokenFile: 'pool-token',
  }
  const proxy = await startProxy(t, {
    plugAndCharge: { evCertificate: { mode: 'serve', pool: pooled } },
    files: {
      'pool-root.pem': servers.certificate,
      'pool-client.pem': client.chain,
      'pool-client.key': client.key,
      'pool-token': `${token}\n`,
    },
  })
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth-tls')
  await chargePoint.connect()
  const get = (action: string, form: 'text' | 'object' = 'text') =>
    ask(chargePoint, 'Get15118EVCertificate', { iso15118SchemaVersion, action, exiRequest }, form)
  const failed = { status: 'Failed', exiResponse: '' }

  for (const [id, action, form] of [
    ['M01.FR.01', 'Install', 'text'],
    ['M02.FR.01', 'Update', 'object'],
  ] as const)
    await t.test(`[${id}] ${action} in DataTransfer, with data as ${form}`, async () => {
      assert.deepEqual(await get(action, form), { status: 'Accepted', exiResponse })
      const seen = pool.seen.at(-1)
      assert.ok(seen?.authorized)
      assert.equal(seen.headers.authorization, `Bearer ${token}`)
      assert.deepEqual(JSON.parse(seen.body), { iso15118SchemaVersion, action, exiRequest })
    })
  await t.test('[M01.FR.01] a request that is none never reaches the pool', async () => {
    const before = pool.seen.length
    assert.deepEqual(await get('Remove'), failed)
    const long = { iso15118SchemaVersion, action: 'Install', exiRequest: 'A'.repeat(5604) }
    assert.deepEqual(await ask(chargePoint, 'Get15118EVCertificate', long), failed)
    assert.equal(pool.seen.length, before)
  })
  await t.test('[M01.FR.01] [M02.FR.01] errors of the pool are said to the vehicle', async () => {
    for (const [what, behaviour] of [
      ['500', (response) => void response.writeHead(500).end()],
      ['no JSON', (response) => void response.end('<html>')],
      ['a broken line', (response) => void response.socket?.destroy()],
      ['a refusal', (response) => void response.end('{"status":"Failed"}')],
    ] as const satisfies readonly (readonly [string, (response: ServerResponse) => void])[]) {
      behave = behaviour
      assert.deepEqual(await get('Install'), failed, what)
    }
  })
  await t.test('[M01.FR.01] a slow pool is not waited for longer than the vehicle waits', async () => {
    behave = () => {}
    const plugAndCharge = { evCertificate: { mode: 'serve', pool: { ...pooled, timeout: '300ms' } } }
    assert.equal(await proxy.reload({ plugAndCharge }), 'reloaded')
    assert.deepEqual(await get('Update'), failed)
    await proxy.log.wait('the reason', ({ detail }) => detail === 'no answer within 300 ms')
  })
  await t.test('a pool of another authority is not believed', async () => {
    behave = (response) => void response.end(JSON.stringify({ status: 'Accepted', exiResponse }))
    const before = pool.seen.length
    const plugAndCharge = { evCertificate: { mode: 'serve', pool: { ...pooled, ca: 'cpo-root.pem' } } }
    assert.equal(await proxy.reload({ plugAndCharge }), 'reloaded')
    assert.deepEqual(await get('Install'), failed)
    assert.equal(pool.seen.length, before)
  })
  await t.test('a file that cannot be read refuses the reload, and the old pool stays', async () => {
    const plugAndCharge = { evCertificate: { mode: 'serve', pool: { ...pooled, ca: 'missing.pem' } } }
    assert.equal(await proxy.reload({ plugAndCharge }), 'refused')
    assert.deepEqual(await get('Install'), failed)
  })
  await t.test('the central system saw none of it; passed messages go as they came', async () => {
    assert.ok(!proxy.centralEvents.some((event) => JSON.stringify(event).includes('15118')))
    assert.equal(await proxy.reload({ plugAndCharge: { evCertificate: { mode: 'pass' } } }), 'reloaded')
    const text = `[2,"as it came","DataTransfer", {"vendorId":"org.openchargealliance.iso15118pnc","messageId" :"Get15118EVCertificate","data":"{\\u0022action\\": 1}"} ]`
    const answered = proxy.central.messages('CP-1').length
    chargePoint.sendText(text)
    await chargePoint.heartbeat()
    const passed = proxy.central.messages('CP-1').slice(answered)
    assert.ok(
      passed.some((message) => 'text' in message && message.text === text),
      JSON.stringify(passed),
    )
  })
})
