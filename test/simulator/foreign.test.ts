import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { RPCClient, RPCServer } from 'ocpp-rpc'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { createChargePoint } from '../../src/simulator/charge-point.ts'

const { version } = createRequire(import.meta.url)('ocpp-rpc/package.json') as { version: string }

/** Its types ask for every option and know text passwords only; its code and its manual do not. */
const clientOptions = (options: object) => options as ConstructorParameters<typeof RPCClient>[0]

test(`ocpp-rpc ${version} as a charge point of our central system`, async (t) => {
  const password = Buffer.from('00ff3a80c0ffee0d0a0123456789abcdef', 'hex')
  const central = createCentralSystem({ credentials: { username: 'RPC 1', password } })
  const { url } = await central.listen()
  const client = new RPCClient(
    clientOptions({
      endpoint: url,
      identity: 'RPC 1',
      password: password,
      protocols: ['ocpp1.6'],
      strictMode: true,
      reconnect: false,
    }),
  )
  t.after(async () => {
    await client.close({ force: true })
    await central.close()
  })
  client.handle('Reset', async () => ({ status: 'Rejected' }))
  await client.connect()
  const boot = await client.call('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })
  assert.deepEqual(Object.keys(boot as object).sort(), ['currentTime', 'interval', 'status'])
  await client.call('Heartbeat', {})
  await client.call('StatusNotification', { connectorId: 0, errorCode: 'NoError', status: 'Available' })
  const now = new Date().toISOString()
  const started = await client.call('StartTransaction', {
    connectorId: 1,
    idTag: 'TAG',
    meterStart: 0,
    timestamp: now,
  })
  const { transactionId } = started as { transactionId: number }
  await client.call('MeterValues', {
    connectorId: 1,
    transactionId,
    meterValue: [{ timestamp: now, sampledValue: [{ value: '1' }] }],
  })
  await client.call('StopTransaction', { transactionId, meterStop: 1, timestamp: now })
  await assert.rejects(client.call('SecurityEventNotification', { type: 'X', timestamp: now }))
  const outcome = await central.send('RPC 1', 'Reset', { type: 'Soft' })
  assert.deepEqual(outcome.kind === 'result' && outcome.payload, { status: 'Rejected' })
})

test(`ocpp-rpc ${version} as the central system of our charge point, with a binary password`, async (t) => {
  const password = Buffer.from('00ff3a80c0ffee0d0a0123456789abcdef', 'hex')
  const calls: string[] = []
  const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true })
  server.auth((accept, reject, handshake) => {
    if (handshake.identity === 'CP 1' && password.equals(Buffer.from(handshake.password ?? ''))) accept()
    else reject(401, 'wrong')
  })
  const clientSeen = once(server, 'client')
  server.on('client', (client) => {
    client.handle(async ({ method = '' }: { method?: string }) => {
      calls.push(method)
      if (method === 'BootNotification') {
        return { status: 'Accepted', interval: 300, currentTime: new Date().toISOString() }
      }
      if (method === 'Heartbeat') return { currentTime: new Date().toISOString() }
      if (method === 'StartTransaction') return { transactionId: 7, idTagInfo: { status: 'Accepted' } }
      return {}
    })
  })
  const http = await server.listen(0)
  const { port } = http.address() as AddressInfo
  const options = { url: `ws://127.0.0.1:${port}/ocpp`, identity: 'CP 1', securityProfile: 1 } as const
  const chargePoint = createChargePoint({ ...options, password: { bytes: password, form: 'raw' } })
  t.after(async () => {
    await chargePoint.close()
    await server.close({ force: true })
  })
  await assert.rejects(
    createChargePoint({ ...options, password: { bytes: password, form: 'hex-lower' } }).connect(),
    { stage: 'http', httpStatus: 401 },
  )
  await chargePoint.connect()
  for (const outcome of [
    await chargePoint.boot(),
    await chargePoint.heartbeat(),
    await chargePoint.status(1, 'Preparing'),
    await chargePoint.startTransaction(),
    await chargePoint.meterValues(),
    await chargePoint.stopTransaction(),
  ]) {
    assert.equal(outcome.kind, 'result', JSON.stringify(outcome))
  }
  assert.equal(calls.length, 6)
  const [client] = (await clientSeen) as [{ call(action: string, payload: object): Promise<unknown> }]
  for (const [action, payload] of [
    ['GetConfiguration', {}],
    ['UnlockConnector', { connectorId: 1 }],
    ['ChangeAvailability', { connectorId: 0, type: 'Operative' }],
    ['TriggerMessage', { requestedMessage: 'Heartbeat' }],
  ] as const) {
    // Strict mode checks our answers against the schemas of OCPP 1.6.
    await client.call(action, payload)
  }
})
