import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { mandatorySuites } from '../../src/policy/tls-suites.ts'
import { opensslProblem } from '../gate/hello/captures.ts'
import { bootAndCharge, both, foreignStation, startCsms201 } from '../support/csms-201.ts'
import { certificateArgs, opensslClient } from '../support/openssl-client.ts'
import { startProxy } from '../support/proxy.ts'
import { ask, readAnswer, upgraded, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused, assertServed } from '../support/refused.ts'

const { version } = createRequire(import.meta.url)('ocpp-rpc/package.json') as { version: string }
const states = [
  'BootNotification',
  'StatusNotification',
  'NotifyEvent',
  'TransactionEvent',
  'TransactionEvent',
]

test(`OCPP 2.0.1 with ocpp-rpc ${version} as charging station and as central system`, async (t) => {
  const csms = await startCsms201(t)
  const proxy = await startProxy(t, {
    serverKeys: ['ecdsa', 'rsa'],
    listeners: { 'mutual-tls': both, 'basic-auth-tls': both },
    centralSystem201: { url: csms.url },
    messages: { schema: 'enforce' },
  })
  const password = await proxy.register()
  const issued = await proxy.pki.cpo.chargePoint()

  await t.test('[TC_A_07_CSMS][A00.FR.409][A00.FR.415] client certificate, boot, states', async (t) => {
    const client = foreignStation(t, proxy, 'mutual-tls', { certificate: issued })
    client.handle('GetVariables', async () => ({
      getVariableResult: [
        {
          attributeStatus: 'Accepted',
          component: { name: 'C' },
          variable: { name: 'V' },
          attributeValue: '1',
        },
      ],
    }))
    const link = csms.next()
    await client.connect()
    assert.equal(client.protocol, 'ocpp2.0.1')
    assert.partialDeepStrictEqual(await bootAndCharge(client), { status: 'Accepted' })
    assert.deepEqual(csms.calls.map(({ action }) => action).slice(0, -1), states)
    assert.equal(csms.calls.at(-1)?.action, 'Heartbeat')
    const station = await link
    assert.equal(station.identity, 'CP-1')
    const asked = { getVariableData: [{ component: { name: 'C' }, variable: { name: 'V' } }] }
    const { getVariableResult } = await station.call('GetVariables', asked)
    assert.partialDeepStrictEqual(getVariableResult, [{ attributeValue: '1' }])
    const seen = await proxy.metrics()
    assert.equal(seen.sum('ocpp_proxy_messages_total', { action: 'NotifyEvent', type: 'call' }), 1)
    assert.equal(seen.sum('ocpp_proxy_messages_total', { action: 'other' }), 0)
    assert.equal(seen.sum('ocpp_proxy_messages_intercepted_total'), 0, 'nothing was changed')
    assert.deepEqual(proxy.centralEvents, [], 'the central system of OCPP 1.6 has seen nothing')
    await client.close()
  })

  const args = certificateArgs(proxy.pki.folder, issued)
  for (const { openssl } of mandatorySuites) {
    await t.test(
      `[TC_A_07_CSMS][A00.FR.410][A00.FR.421] step 3: ${openssl}`,
      { skip: opensslProblem },
      async () => {
        const port = proxy.port('mutual-tls')
        const seen = await opensslClient(port, ['-tls1_2', '-cipher', openssl, ...args])
        assert.equal(seen.cipher, openssl)
      },
    )
  }
  await t.test('[TC_A_06_CSMS][A00.FR.416] TLS below 1.2 is ended, 1.2 works afterwards', async (t) => {
    await assertRefused(proxy, {
      reason: 'tls_version',
      listener: 'mutual-tls',
      attempt: () =>
        opensslClient(proxy.port('mutual-tls'), ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0', ...args]),
      client: { isConnected: false },
    })
    const client = foreignStation(t, proxy, 'mutual-tls', { certificate: issued })
    await client.connect()
    await client.close()
  })
  await t.test(
    '[TC_A_08_CSMS][A00.FR.405] a certificate of another charge point, then its own',
    async (t) => {
      const other = await proxy.pki.cpo.chargePoint({ cn: 'SN-9999' })
      await assertRefused(proxy, {
        reason: 'client_cert_common_name',
        listener: 'mutual-tls',
        attempt: async () => {
          const client = foreignStation(t, proxy, 'mutual-tls', { certificate: other })
          const isRefused = await client.connect().then(
            () => false,
            () => true,
          )
          return { isRefused }
        },
        client: { isRefused: true },
      })
      const client = foreignStation(t, proxy, 'mutual-tls', { certificate: issued })
      await client.connect()
      await client.close()
    },
  )

  await t.test('passwords', async (t) => {
    await proxy.store.registry.update('CP-1', { securityProfile: null })
    const to = { port: proxy.port('basic-auth-tls'), tls: {} }
    for (const [name, reason, request] of [
      [
        '[TC_A_02_CSMS][A00.FR.204] another user name',
        'credentials_username',
        { username: 'CP-1Invalid', password },
      ],
      [
        '[TC_A_03_CSMS] another password',
        'credentials_invalid',
        { password: Buffer.from('not-the-password-at-all') },
      ],
    ] as const) {
      await t.test(name, async () => {
        await assertRefused(proxy, {
          reason,
          listener: 'basic-auth-tls',
          attempt: () => ask(to, upgradeRequest({ protocols: 'ocpp2.0.1', ...request })),
          client: { status: 401 },
        })
      })
    }
    await t.test('[TC_A_01] the right ones', async (t) => {
      const client = foreignStation(t, proxy, 'basic-auth-tls', { password })
      await client.connect()
      await client.close()
      assert.deepEqual(csms.passwords.at(-1), null, 'strip: the central system does not see it')
    })
  })

  await t.test('[A00.FR.006] both versions side by side, in the order of the charge point', async (t) => {
    await proxy.register('CP-16')
    const password201 = await proxy.register('CP-201')
    const old = proxy.chargePoint('basic-auth-tls', { identity: 'CP-16' })
    await assertServed(proxy, old)
    const client = foreignStation(t, proxy, 'basic-auth-tls', { identity: 'CP-201', password: password201 })
    await client.connect()
    assert.partialDeepStrictEqual(await bootAndCharge(client), { status: 'Accepted' })
    const identities = new Set(proxy.centralEvents.map((event) => event.identity))
    assert.deepEqual([...identities], ['CP-16'])
    await client.close()
    for (const [offered, chosen] of [
      ['ocpp2.0.1, ocpp1.6', 'ocpp2.0.1'],
      ['ocpp0.1, ocpp1.6, ocpp2.0.1', 'ocpp1.6'],
    ] as const) {
      const request = upgradeRequest({ identity: 'CP-201', protocols: offered, password: password201 })
      const raw = await upgraded({ port: proxy.port('basic-auth-tls'), tls: {} }, request)
      assert.equal(readAnswer(raw.heard).headers['sec-websocket-protocol'], chosen)
      raw.destroy()
    }
  })

  await t.test('[A00.FR.006] a listener that does not serve it refuses it', async () => {
    await assertRefused(proxy, {
      reason: 'subprotocol',
      listener: 'basic-auth',
      attempt: () =>
        ask({ port: proxy.port('basic-auth') }, upgradeRequest({ protocols: 'ocpp2.0.1', password })),
      client: { status: 400 },
    })
  })
})
