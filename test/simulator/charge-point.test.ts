import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Payload } from '../../src/ocpp/message.ts'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { createChargePoint } from '../../src/simulator/charge-point.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { until } from '../support/elsewhere.ts'
import { simulators } from './simulators.ts'

test('a charge point boots, charges and ends on a plain central system', async (t) => {
  const { central, chargePoint } = await simulators(t)
  const [connection] = await Promise.all([central.nextConnection(), chargePoint.connect()])
  assert.equal(connection.identity, 'CP-1')
  assert.equal(connection.subprotocol, 'ocpp1.6')
  assert.equal(connection.headers.authorization, undefined)

  const boot = await chargePoint.boot()
  assert.equal(boot.kind === 'result' && boot.payload.status, 'Accepted')
  assert.equal(chargePoint.heartbeatIntervalSeconds, 300)
  assert.equal((await chargePoint.heartbeat()).kind, 'result')
  assert.equal((await chargePoint.authorize()).kind, 'result')
  assert.equal((await chargePoint.status(1, 'Preparing')).kind, 'result')
  await chargePoint.startTransaction()
  assert.equal(chargePoint.transaction?.id, 1)
  assert.equal((await chargePoint.meterValues()).kind, 'result')
  await chargePoint.stopTransaction()
  assert.equal(chargePoint.transaction, null)
  assert.deepEqual(
    central.messages('CP-1').map(({ message }) => message?.kind === 'call' && message.action),
    [
      'BootNotification',
      'Heartbeat',
      'Authorize',
      'StatusNotification',
      'StartTransaction',
      'MeterValues',
      'StopTransaction',
    ],
  )
  const [close] = await Promise.all([central.nextClose(), chargePoint.close(1000, 'done')])
  assert.deepEqual(close, { identity: 'CP-1', code: 1000, reason: 'done' })
  assert.deepEqual((await chargePoint.heartbeat()).kind, 'closed')
})

test('[OCPP-J 3.1.1] the identity is percent-encoded in the URL and decoded by the central system', async (t) => {
  const { central, chargePoint } = await simulators(t, { identity: 'RDAM 1/ä%' })
  const [connection] = await Promise.all([central.nextConnection(), chargePoint.connect()])
  assert.equal(connection.url, '/ocpp/RDAM%201%2F%C3%A4%25')
  assert.equal(connection.identity, 'RDAM 1/ä%')
})

for (const answer of ['NotImplemented', 'NotSupported', 'InternalError'] as const) {
  test(`an old central system answers ${answer} to the messages of the white paper`, async (t) => {
    const { chargePoint } = await simulators(t, {}, { unknownActions: answer })
    await chargePoint.connect()
    const outcome = await chargePoint.call('SecurityEventNotification', { type: 'StartupOfTheDevice' })
    assert.equal(outcome.kind === 'error' && outcome.code, answer)
  })
}

test('the central system commands, the charge point answers and acts', async (t) => {
  const { central, chargePoint } = await simulators(t)
  await chargePoint.connect()
  await chargePoint.boot()
  const command = async (action: string, payload: Payload): Promise<unknown> => {
    const outcome = await central.send('CP-1', action, payload)
    return outcome.kind === 'result' ? outcome.payload : outcome
  }
  const starting = central.nextMessage({ action: 'StartTransaction' })
  const charging = central.nextMessage({ action: 'StatusNotification' })
  assert.deepEqual(await command('RemoteStartTransaction', { idTag: 'TAG' }), { status: 'Accepted' })
  assert.equal((await starting).identity, 'CP-1')
  await charging
  assert.deepEqual(await command('RemoteStartTransaction', { idTag: 'TAG' }), { status: 'Rejected' })
  assert.deepEqual(await command('RemoteStopTransaction', { transactionId: 7 }), { status: 'Rejected' })
  const stopping = central.nextMessage({ action: 'StopTransaction' })
  assert.deepEqual(await command('RemoteStopTransaction', { transactionId: 1 }), { status: 'Accepted' })
  await stopping
  const meter = central.nextMessage({ action: 'MeterValues' })
  assert.deepEqual(await command('TriggerMessage', { requestedMessage: 'MeterValues' }), {
    status: 'Accepted',
  })
  await meter
  assert.deepEqual(await command('TriggerMessage', { requestedMessage: 'BootNotification' }), {
    status: 'Rejected',
  })
  assert.deepEqual(await command('TriggerMessage', { requestedMessage: 'Nonsense' }), {
    status: 'NotImplemented',
  })
  assert.deepEqual(await command('UnlockConnector', { connectorId: 1 }), { status: 'Unlocked' })
  assert.deepEqual(await command('DataTransfer', { vendorId: 'x' }), { status: 'UnknownVendorId' })
  assert.deepEqual(await command('GetDiagnostics', { location: 'ftp://x' }), {})
  const firmware = central.nextMessage({ action: 'FirmwareStatusNotification' })
  assert.deepEqual(await command('UpdateFirmware', { location: 'ftp://x', retrieveDate: 'now' }), {})
  await firmware
  for (const action of ['SetChargingProfile', 'GetVariables', 'toString', '__proto__']) {
    const outcome = await central.send('CP-1', action, {})
    assert.equal(outcome.kind === 'error' && outcome.code, 'NotImplemented', action)
  }
  assert.deepEqual(await central.send('CP-2', 'Reset', {}), { kind: 'closed' })
})

test('[A01.FR.01] [A05.FR.01] configuration keys: types, access, the password is never told', async (t) => {
  const { central, chargePoint } = await simulators(t)
  await chargePoint.connect()
  const change = async (key: string, value: string): Promise<unknown> => {
    const outcome = await central.send('CP-1', 'ChangeConfiguration', { key, value })
    return outcome.kind === 'result' ? outcome.payload.status : outcome
  }
  assert.equal(await change('meterValueSampleInterval', '5'), 'Accepted')
  assert.equal(chargePoint.configuration.get('MeterValueSampleInterval'), '5')
  assert.equal(await change('MeterValueSampleInterval', 'often'), 'Rejected')
  assert.equal(await change('NumberOfConnectors', '2'), 'Rejected')
  assert.equal(await change('NoSuchKey', '2'), 'NotSupported')
  assert.equal(await change('AuthorizationKey', 'not hex'), 'Rejected')
  assert.equal(await change('SecurityProfile', '0'), 'Rejected')
  assert.equal(await change('SecurityProfile', '4'), 'Rejected')
  const outcome = await central.send('CP-1', 'GetConfiguration', { key: ['AuthorizationKey', 'CpoName'] })
  assert.deepEqual(outcome.kind === 'result' && outcome.payload, {
    configurationKey: [{ key: 'CpoName', readonly: false, value: '' }],
    unknownKey: ['AuthorizationKey'],
  })
  const all = await central.send('CP-1', 'GetConfiguration', {})
  assert.ok(all.kind === 'result' && !JSON.stringify(all.payload).includes('AuthorizationKey'))
})

test('Reset: the charge point stops charging, comes back and boots again', async (t) => {
  const { central, chargePoint } = await simulators(t)
  await chargePoint.connect()
  await chargePoint.boot()
  await chargePoint.startTransaction()
  const stopping = central.nextMessage({ action: 'StopTransaction' })
  const closing = central.nextClose()
  const connecting = central.nextConnection()
  const booting = central.nextMessage({ action: 'BootNotification' })
  await central.send('CP-1', 'Reset', { type: 'Soft' })
  const { message } = await stopping
  assert.equal(message?.kind === 'call' && message.payload.reason, 'SoftReset')
  assert.equal((await closing).code, 1000)
  await connecting
  await booting
})

test('[A01.FR.02] [A01.FR.03] [A01.FR.12] a new AuthorizationKey is used on the next connection and never logged', async (t) => {
  const events: SimulatorEvent[] = []
  const oldKey = Buffer.alloc(16, 0xe1)
  const newKey = Buffer.alloc(20, 0x8f)
  const { central, chargePoint } = await simulators(
    t,
    { securityProfile: 1, password: { bytes: oldKey, form: 'raw' }, onEvent: (event) => events.push(event) },
    { onEvent: (event) => events.push(event) },
  )
  const basic = (key: Buffer): string =>
    `Basic ${Buffer.concat([Buffer.from('CP-1:'), key]).toString('base64')}`
  const [first] = await Promise.all([central.nextConnection(), chargePoint.connect()])
  assert.equal(first.headers.authorization, basic(oldKey))
  const next = central.nextConnection()
  const value = newKey.toString('hex')
  const outcome = await central.send('CP-1', 'ChangeConfiguration', { key: 'AuthorizationKey', value })
  assert.deepEqual(outcome.kind === 'result' && outcome.payload, { status: 'Accepted' })
  assert.equal((await next).headers.authorization, basic(newKey))
  const log = JSON.stringify(events)
  assert.ok(log.includes('ChangeConfiguration'))
  for (const secret of [value, newKey.toString('base64'), basic(oldKey), basic(newKey)]) {
    assert.ok(!log.includes(secret))
  }
})

test('[A00.FR.202] [A00.FR.203] the Basic header carries the key byte-wise in the chosen form', async (t) => {
  const bytes = Buffer.from('00ff3a0d0a80c0ffeeABCDEF01234567'.toLowerCase(), 'hex')
  const forms = {
    raw: bytes,
    text: bytes,
    'hex-lower': Buffer.from(bytes.toString('hex')),
    'hex-upper': Buffer.from(bytes.toString('hex').toUpperCase()),
  } as const
  for (const form of ['raw', 'text', 'hex-lower', 'hex-upper'] as const) {
    const { central, chargePoint } = await simulators(t, { securityProfile: 1, password: { bytes, form } })
    const [connection] = await Promise.all([central.nextConnection(), chargePoint.connect()])
    const sent = Buffer.from((connection.headers.authorization ?? '').replace('Basic ', ''), 'base64')
    assert.deepEqual(sent, Buffer.concat([Buffer.from('CP-1:'), forms[form]]), form)
  }
})

test('[A05.FR.02] [A05.FR.05] [A05.FR.06] [A05.FR.07] SecurityProfile is changed over a new connection', async (t) => {
  const password = { bytes: Buffer.alloc(16, 1), form: 'raw' } as const
  const { central, chargePoint } = await simulators(t, { password })
  const [first] = await Promise.all([central.nextConnection(), chargePoint.connect()])
  assert.equal(first.headers.authorization, undefined)
  const closing = central.nextClose()
  const next = central.nextConnection()
  const outcome = await central.send('CP-1', 'ChangeConfiguration', { key: 'SecurityProfile', value: '1' })
  assert.deepEqual(outcome.kind === 'result' && outcome.payload, { status: 'Accepted' })
  assert.equal((await closing).code, 1000)
  assert.ok((await next).headers.authorization?.startsWith('Basic '))
  assert.equal(chargePoint.configuration.get('SecurityProfile'), '1')
})

test('[A05.FR.08] a charge point that is refused on the new profile goes back to the old one', async (t) => {
  const password = { bytes: Buffer.alloc(16, 1), form: 'raw' } as const
  const strict = createCentralSystem({ acceptIdentities: () => 404 })
  t.after(() => strict.close())
  const { url } = await strict.listen()
  const { central, chargePoint } = await simulators(t, { password, profileUrls: { 1: url } })
  await chargePoint.connect()
  const next = central.nextConnection()
  await central.send('CP-1', 'ChangeConfiguration', { key: 'SecurityProfile', value: '1' })
  assert.equal((await next).headers.authorization, undefined)
  assert.equal(chargePoint.securityProfile, 0)
  assert.equal(chargePoint.configuration.get('SecurityProfile'), '0')
})

test('run: meter values flow, and the charge point comes back by itself with its transaction', async (t) => {
  const { central, chargePoint } = await simulators(t)
  const metered = central.nextMessage({ action: 'MeterValues' })
  const working = chargePoint.run({ meterIntervalMs: 5, heartbeatIntervalMs: 5 })
  await metered
  await central.nextMessage({ action: 'Heartbeat' })
  assert.equal(chargePoint.transaction?.id, 1)
  const again = central.nextConnection()
  assert.ok(central.terminate('CP-1'))
  assert.equal((await again).identity, 'CP-1')
  const { message } = await central.nextMessage({ action: 'MeterValues' })
  assert.equal(message?.kind === 'call' && message.payload.transactionId, 1)
  await assert.rejects(chargePoint.run(), { code: 'already_connected' })
  await chargePoint.close()
  await working
  assert.equal(chargePoint.isOpen, false)
})

test('run: goes on trying while nobody listens, and boots until it is accepted', async (t) => {
  const refusals: SimulatorEvent[] = []
  const once = createCentralSystem({ bootStatus: 'Pending', heartbeatIntervalSeconds: 0 })
  const { port, url } = await once.listen()
  await once.close()
  const tried = Promise.withResolvers<void>()
  const chargePoint = createChargePoint({
    url,
    identity: 'CP-1',
    securityProfile: 0,
    backoff: { initialMs: 1, maxMs: 5 },
    onEvent: (event) => {
      if (event.kind !== 'refused') return
      refusals.push(event)
      if (refusals.length === 3) tried.resolve()
    },
  })
  t.after(() => chargePoint.close())
  const working = chargePoint.run()
  await tried.promise
  const late = createCentralSystem({ port, bootStatus: 'Pending' })
  t.after(() => late.close())
  await late.listen()
  await late.nextMessage({ action: 'BootNotification' })
  assert.equal(chargePoint.booted, false)
  await chargePoint.close()
  await working
})

test('pings that nobody answers end the connection', async (t) => {
  const { central, chargePoint } = await simulators(t, { pingIntervalMs: 5 }, {})
  await Promise.all([central.nextConnection(), chargePoint.connect()])
  central.mute('CP-1')
  assert.equal((await chargePoint.closed()).code, 1006)
})

test('close leaves no timer, no socket and no listener on the process behind', async (t) => {
  const resources = (): string[] =>
    process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|TLS/.test(name))
  const before = resources()
  const { central, chargePoint } = await simulators(t, { pingIntervalMs: 1000 })
  const working = chargePoint.run({ meterIntervalMs: 1000 })
  await central.nextMessage({ action: 'StartTransaction' })
  const pending = central.send('CP-1', 'NoAnswer', {})
  await pending
  await chargePoint.close()
  await working
  await central.close()
  const left = () => {
    const known = [...before]
    return resources().filter(
      (name) => !known.includes(name) || known.splice(known.indexOf(name), 1) === null,
    )
  }
  await until(async () => left().length === 0)
})
