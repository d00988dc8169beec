import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { certificateServer } from '../support/certificate-server.ts'
import { ask, forms, startBothForms } from '../support/plug-and-charge.ts'
import { secret } from '../support/secrets.ts'

const message = 'Get15118EVCertificate'
const iso15118SchemaVersion = 'urn:iso:15118:2:2013:MsgDef'
const exiRequest = Buffer.from('what the vehicle sent').toString('base64')
const exiResponse = Buffer.from('what the pool answered').toString('base64')
const accepted = { status: 'Accepted', exiResponse }
const failed = { status: 'Failed', exiResponse: '' }
const withJson = (answer: object) => (response: ServerResponse) => void response.end(JSON.stringify(answer))

test('Get15118EVCertificate goes to the pool over mutual TLS', async (t) => {
  const [servers, clients] = await Promise.all([
    makeAuthority({ name: 'Pool' }),
    makeAuthority({ name: 'CPOs' }),
  ])
  const [server, client, newer] = [
    await servers.server('ecdsa', ['localhost']),
    await clients.chargePoint({ cn: 'proxy' }),
    await clients.chargePoint({ cn: 'proxy' }),
  ]
  let behave: (response: ServerResponse) => void = withJson(accepted)
  await using pool = await certificateServer(
    {
      ...{ cert: server.chain, key: server.key, ca: clients.certificate },
      ...{ requestCert: true, rejectUnauthorized: true },
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
  const setting = await startBothForms(t, {
    plugAndCharge: { evCertificate: { mode: 'serve', pool: pooled } },
    files: {
      'pool-root.pem': servers.certificate,
      'pool-client.pem': client.chain,
      'pool-client.key': client.key,
      'pool-token': `${token}\n`,
      'pool-other.key': server.key,
    },
  })
  const { proxy, points, csms } = setting
  const requestOf = (action: string, exi = exiRequest) => ({ iso15118SchemaVersion, action, exiRequest: exi })
  const reload = (change: object) =>
    proxy.reload({ plugAndCharge: { evCertificate: { mode: 'serve', pool: { ...pooled, ...change } } } })

  for (const form of forms)
    for (const [id, action] of [
      ['M01.FR.01', 'Install'],
      ['M02.FR.01', 'Update'],
    ] as const)
      await t.test(`[${id}] ${action}, ${form}`, async () => {
        assert.deepEqual(await setting.ask(form, message, requestOf(action)), accepted)
        const seen = pool.seen.at(-1)
        assert.ok(seen?.authorized)
        assert.equal(seen.headers.authorization, `Bearer ${token}`)
        assert.deepEqual(JSON.parse(seen.body), { iso15118SchemaVersion, action, exiRequest })
      })
  await t.test('[M01.FR.01] data that come as an object are read all the same', async () =>
    assert.deepEqual(await ask(points.DataTransfer, message, requestOf('Install'), 'object'), accepted),
  )
  await t.test(
    '[M01.FR.01] [M02.FR.01] as long as the message allows, there and back, in both forms',
    async () => {
      behave = withJson({ status: 'Accepted', exiResponse: 'B'.repeat(5600) })
      for (const form of forms) {
        const answer = await setting.ask(form, message, requestOf('Update', 'A'.repeat(5600)))
        assert.equal(String(answer.exiResponse).length, 5600)
        assert.equal(JSON.parse(pool.seen.at(-1)?.body ?? '').exiRequest.length, 5600)
      }
    },
  )
  await t.test('[M01.FR.01] a request that is none never reaches the pool, in both forms', async () => {
    const before = pool.seen.length
    for (const [request, code] of [
      [requestOf('Remove'), 'PropertyConstraintViolation'],
      [requestOf('Install', 'A'.repeat(5604)), 'PropertyConstraintViolation'],
      [{ action: 'Install', exiRequest }, 'OccurrenceConstraintViolation'],
      [{ ...requestOf('Install'), exiRequest: 7 }, 'TypeConstraintViolation'],
    ] as const) {
      assert.deepEqual(await setting.ask('DataTransfer', message, request), failed)
      // OCPP 2.0.1 says by a CALLERROR what breaks its schema.
      const outcome = await points.native.call(message, request)
      assert.ok(outcome.kind === 'error' && outcome.code === code, JSON.stringify(outcome))
    }
    // The schema knows nothing of base64.
    for (const form of forms)
      for (const exi of ['AAA', 'A=AA', 'ünï=', ' AAA', ''])
        assert.deepEqual(await setting.ask(form, message, requestOf('Install', exi)), failed, exi)
    assert.equal(pool.seen.length, before)
  })
  await t.test(
    '[M01.FR.01] [M02.FR.01] errors of the pool are said to the vehicle, in both forms',
    async () => {
      for (const [what, behaviour] of [
        ['500', (response) => void response.writeHead(500).end()],
        ['no JSON', (response) => void response.end('<html>')],
        ['a broken line', (response) => void response.socket?.destroy()],
        ['a refusal', withJson({ status: 'Failed' })],
        ['too much', (response) => void response.end(Buffer.alloc(70_000, 0x20))],
        ['a response that is too long', withJson({ status: 'Accepted', exiResponse: 'A'.repeat(5604) })],
        ['a response that is no base64', withJson({ status: 'Accepted', exiResponse: 'A=A' })],
        ['a response that is empty', withJson({ status: 'Accepted', exiResponse: '' })],
        ['another status', withJson({ status: 'Perhaps', exiResponse })],
        ['elsewhere', (response) => void response.writeHead(302, { location: pool.origin }).end()],
        [
          'another protocol',
          ({ socket }) => void socket?.write('HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
        ],
      ] as const satisfies readonly (readonly [string, (response: ServerResponse) => void])[]) {
        behave = behaviour
        for (const form of forms)
          assert.deepEqual(await setting.ask(form, message, requestOf('Install')), failed, `${what} ${form}`)
      }
      behave = withJson(accepted)
    },
  )
  await t.test('a client certificate that is changed on disk is shown from the reload on', async () => {
    const file = (name: string) => join(proxy.pki.folder, name)
    writeFileSync(file('pool-client.pem'), newer.chain)
    writeFileSync(file('pool-client.key'), newer.key)
    assert.equal(await proxy.hangUp(), 'reloaded')
    assert.deepEqual(await setting.ask('native', message, requestOf('Install')), accepted)
    assert.equal(pool.seen.at(-1)?.fingerprint, newer.x509.fingerprint256)
  })
  await t.test(
    '[M01.FR.01] [M02.FR.01] a slow pool is not waited for longer than the vehicle waits, in both forms',
    async () => {
      behave = () => {}
      assert.equal(await reload({ timeout: '300ms' }), 'reloaded')
      for (const form of forms) {
        const from = proxy.log.all.length
        assert.deepEqual(await setting.ask(form, message, requestOf('Update')), failed)
        await proxy.log.wait('the reason', ({ detail }) => detail === 'no answer within 300 ms', from)
      }
      behave = withJson(accepted)
    },
  )
  await t.test('a pool of another authority, or of another name, is not believed', async () => {
    const before = pool.seen.length
    const url = pooled.url.replace('localhost', '127.0.0.1')
    for (const change of [{ ca: 'cpo-root.pem' }, { url }, { certificate: undefined, key: undefined }]) {
      assert.equal(await reload(change), 'reloaded')
      for (const form of forms)
        assert.deepEqual(await setting.ask(form, message, requestOf('Install')), failed)
    }
    assert.equal(pool.seen.length, before)
  })
  await t.test('a file that cannot be read refuses the reload, and the old pool stays', async () => {
    assert.equal(await reload({}), 'reloaded')
    assert.equal(await reload({ ca: 'missing.pem' }), 'refused')
    assert.equal(await reload({ ca: 'pool-token' }), 'refused', 'no certificate')
    assert.equal(await reload({ key: 'pool-other.key' }), 'refused', 'the key of another certificate')
    assert.deepEqual(await setting.ask('DataTransfer', message, requestOf('Install')), accepted)
  })
  await t.test('the central systems saw none of it; passed messages go as they came', async () => {
    setting.assertUnseen()
    assert.equal(await proxy.reload({ plugAndCharge: { evCertificate: { mode: 'pass' } } }), 'reloaded')
    const text = `[2,"as it came","DataTransfer", {"vendorId":"org.openchargealliance.iso15118pnc","messageId" :"Get15118EVCertificate","data":"{\\u0022action\\": 1}"} ]`
    const answered = proxy.central.messages('CP-1').length
    points.DataTransfer.sendText(text)
    await points.DataTransfer.heartbeat()
    const passed = proxy.central.messages('CP-1').slice(answered)
    assert.ok(
      passed.some((one) => 'text' in one && one.text === text),
      JSON.stringify(passed),
    )
    assert.deepEqual(await setting.ask('native', message, requestOf('Install')), failed)
    assert.deepEqual(csms.calls.at(-1), { action: message, payload: requestOf('Install') })
  })
})
