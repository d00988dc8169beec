import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { RPCClient, RPCServer } from 'ocpp-rpc'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { type ListenerName, listenerNames } from '../support/proxy-config.ts'

const { version } = createRequire(import.meta.url)('ocpp-rpc/package.json') as { version: string }

/** Its types ask for every option and know text passwords only; its code and its manual do not. */
const clientOptions = (options: object) => options as ConstructorParameters<typeof RPCClient>[0]

/** With a colon, bytes that are no UTF-8, a null byte and a line end. */
const binary = Buffer.from('3aff00c3280d0a80c0ffee0123456789abcdef01', 'hex')
const ids = { 'basic-auth': 'TC_085', 'basic-auth-tls': 'TC_086', 'mutual-tls': 'TC_087' } as const

/** An ocpp-rpc charge point for a listener; it ends with the test. */
async function foreignChargePoint(
  t: TestContext,
  proxy: TestProxy,
  listener: ListenerName,
): Promise<RPCClient> {
  const issued = await proxy.pki.cpo.chargePoint()
  const own = listener === 'mutual-tls' ? { cert: issued.chain, key: issued.key } : {}
  const client = new RPCClient(
    clientOptions({
      endpoint: proxy.url(listener),
      identity: 'CP-1',
      ...(listener === 'mutual-tls' ? {} : { password: binary }),
      protocols: ['ocpp1.6'],
      strictMode: true,
      reconnect: false,
      wsOpts: { ca: proxy.pki.serverRoot, ...own },
    }),
  )
  t.after(() => client.close({ force: true }))
  return client
}

/** Every core message of a charging session; strict mode checks them against the schemas of OCPP 1.6. */
async function charge(client: RPCClient): Promise<void> {
  const now = new Date().toISOString()
  const boot = await client.call('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })
  assert.partialDeepStrictEqual(boot, { status: 'Accepted' })
  await client.call('Heartbeat', {})
  await client.call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing' })
  const start = { connectorId: 1, idTag: 'TAG', meterStart: 0, timestamp: now }
  const { transactionId } = (await client.call('StartTransaction', start)) as { transactionId: number }
  const meterValue = [{ timestamp: now, sampledValue: [{ value: '1' }] }]
  await client.call('MeterValues', { connectorId: 1, transactionId, meterValue })
  await client.call('StopTransaction', { transactionId, meterStop: 1, timestamp: now })
}

test(`ocpp-rpc ${version} as a charge point of our central system`, async (t) => {
  const proxy = await startProxy(t)
  await proxy.register('CP-1', { password: binary })
  for (const listener of listenerNames) {
    await t.test(`[${ids[listener]}] on ${listener}`, async (t) => {
      await proxy.store.registry.update('CP-1', { securityProfile: null })
      const client = await foreignChargePoint(t, proxy, listener)
      client.handle('Reset', async () => ({ status: 'Rejected' }))
      await client.connect()
      await charge(client)
      const outcome = await proxy.central.send('CP-1', 'Reset', { type: 'Soft' })
      assert.partialDeepStrictEqual(outcome, { kind: 'result', payload: { status: 'Rejected' } })
    })
  }
})

test(`ocpp-rpc ${version} as the central system, and as the charge point`, async (t) => {
  const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true })
  const passwords: (Buffer | null)[] = []
  server.auth((accept, _reject, { password }) => {
    passwords.push(password === undefined ? null : Buffer.from(password))
    accept()
  })
  server.on('client', (client) => {
    client.handle(async ({ method = '' }: { method?: string }) => {
      const currentTime = new Date().toISOString()
      if (method === 'BootNotification') return { status: 'Accepted', interval: 300, currentTime }
      if (method === 'Heartbeat') return { currentTime }
      if (method === 'StartTransaction') return { transactionId: 7, idTagInfo: { status: 'Accepted' } }
      return {}
    })
  })
  const http = await server.listen(0)
  t.after(() => server.close({ force: true }))
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ocpp`
  const proxy = await startProxy(t, { central: null, centralSystem: { url, authorization: 'forward' } })
  await proxy.register('CP-1', { password: binary })

  for (const listener of listenerNames) {
    await t.test(
      `[${ids[listener]}] on ${listener}, the password forwarded as the bytes that it is`,
      async (t) => {
        await proxy.store.registry.update('CP-1', { securityProfile: null })
        const client = await foreignChargePoint(t, proxy, listener)
        client.handle('UnlockConnector', async () => ({ status: 'Unlocked' }))
        const connected = once(server, 'client')
        await client.connect()
        const [central] = (await connected) as [{ call(action: string, payload: object): Promise<unknown> }]
        assert.deepEqual(passwords.at(-1), listener === 'mutual-tls' ? null : binary)
        await charge(client)
        assert.deepEqual(await central.call('UnlockConnector', { connectorId: 1 }), { status: 'Unlocked' })
      },
    )
  }
})
