import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import { createChargePoint } from '../../src/simulator/charge-point.ts'
import { describeEvent, type SimulatorEvent } from '../../src/simulator/event.ts'
import { identityOf, judgeUpgrade, type UpgradeRules } from '../../src/simulator/upgrade.ts'
import { simulators } from './simulators.ts'

const rules: UpgradeRules = {
  path: '/ocpp',
  credentials: null,
  acceptIdentities: () => 101,
  subprotocols: ['ocpp1.6', 'ocpp2.0.1'],
  subprotocolMismatch: 'refuse',
}

test('[OCPP-J 3.1.1] the identity is the last segment, decoded once', () => {
  assert.equal(identityOf('/ocpp/CP%2520?x=1#y', '/ocpp'), 'CP%20')
  assert.equal(identityOf('/CP', ''), 'CP')
  assert.equal(identityOf('/other/CP', '/ocpp'), null)
  assert.equal(identityOf('/ocpp/a/b', '/ocpp'), null)
  assert.equal(identityOf('/ocpp', '/ocpp'), null)
  assert.equal(identityOf('/ocpp/%', '/ocpp'), '')
})

test('[RFC 6455 4.2.2] the first known sub-protocol in the order of the client is chosen', () => {
  const judge = (header: string) => judgeUpgrade('/ocpp/CP', { 'sec-websocket-protocol': header }, rules)
  assert.deepEqual(judge('x, ocpp2.0.1,ocpp1.6'), { ok: true, identity: 'CP', subprotocol: 'ocpp2.0.1' })
  const none = judge('x')
  assert.equal(!none.ok && none.status, 400)
})

test('requests are recorded as received, and Authorization is never an event', async (t) => {
  const events: SimulatorEvent[] = []
  const password = { bytes: Buffer.from('0123456789abcdef'), form: 'raw' } as const
  const options = { securityProfile: 1, password, headers: { 'X-Extra': 'Yes' } } as const
  const { central, chargePoint } = await simulators(t, options, { onEvent: (event) => events.push(event) })
  const [connection] = await Promise.all([
    central.nextConnection({ identity: 'CP-1' }),
    chargePoint.connect(),
  ])
  assert.ok(connection.headerLines.some(([name, value]) => name === 'X-Extra' && value === 'Yes'))
  const authorization = connection.headers.authorization ?? ''
  assert.ok(authorization.length > 10)
  assert.deepEqual(central.connections('CP-1'), [connection])
  assert.deepEqual(central.identities(), ['CP-1'])
  const log = events.map(describeEvent).join('\n') + JSON.stringify(events)
  assert.ok(log.includes('CP-1: connected'))
  assert.ok(!log.includes(authorization.slice(6)))
})

test('a second connection replaces the first, or is refused', async (t) => {
  const replacing = await simulators(t)
  const again = createChargePoint({
    url: `ws://127.0.0.1:${replacing.port}/ocpp`,
    identity: 'CP-1',
    securityProfile: 0,
  })
  t.after(() => again.close())
  await replacing.chargePoint.connect()
  await again.connect()
  assert.deepEqual(await replacing.chargePoint.closed(), {
    code: 1000,
    reason: 'replaced by a newer connection',
  })
  assert.equal((await again.boot()).kind, 'result')

  const refusing = await simulators(t, {}, { duplicateIdentity: 'refuse' })
  const late = createChargePoint({
    url: `ws://127.0.0.1:${refusing.port}/ocpp`,
    identity: 'CP-1',
    securityProfile: 0,
  })
  await refusing.chargePoint.connect()
  await assert.rejects(late.connect(), { httpStatus: 409 })
  assert.equal((await refusing.chargePoint.boot()).kind, 'result')
})

test('an upgrade can be held back, and a CALL can be sent before anything else happens', async (t) => {
  const held = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<string>()
  const central = createCentralSystem({
    beforeUpgrade: async (identity) => {
      arrived.resolve(identity)
      await held.promise
    },
    onConnection: ({ identity }) => void central.send(identity, 'ClearCache', {}),
  })
  const { url } = await central.listen()
  const chargePoint = createChargePoint({ url, identity: 'CP-1', securityProfile: 0 })
  t.after(async () => {
    await chargePoint.close()
    await central.close()
  })
  const connecting = chargePoint.connect()
  assert.equal(await arrived.promise, 'CP-1')
  assert.deepEqual(central.identities(), [])
  const answer = central.nextMessage()
  held.resolve()
  await connecting
  const { message } = await answer
  assert.deepEqual(message?.kind === 'result' && message.payload, { status: 'Accepted' })
})

test('answers can be replaced, text written as it is, and history is bounded', async (t) => {
  const { central, chargePoint } = await simulators(
    t,
    {},
    {
      historyLimit: 2,
      answer: (_identity, call) =>
        call.action === 'Heartbeat'
          ? { kind: 'error', code: 'InternalError', description: 'on purpose' }
          : null,
    },
  )
  await chargePoint.connect()
  const outcome = await chargePoint.heartbeat()
  assert.equal(outcome.kind === 'error' && outcome.description, 'on purpose')
  for (let i = 0; i < 3; i += 1) await chargePoint.status(i, 'Available')
  assert.equal(central.messages('CP-1').length, 2)
  const answer = central.nextMessage()
  assert.ok(central.sendText('CP-1', '[2,"x","Nonsense",{}]'))
  assert.equal((await answer).text.slice(0, 24), '[4,"x","NotImplemented",')
  assert.equal(central.sendText('nobody', ''), false)
  assert.equal(central.disconnect('nobody'), false)
  const closing = central.nextClose()
  assert.ok(central.disconnect('CP-1', 1008, 'policy'))
  assert.deepEqual(await chargePoint.closed(), { code: 1008, reason: 'policy' })
  assert.equal((await closing).code, 1008)
})

test('waiting ends: with a time-out, and when the central system closes', async (t) => {
  const { central } = await simulators(t)
  await assert.rejects(central.nextMessage({ timeoutMs: 1 }), { code: 'wait_timeout' })
  const waiting = assert.rejects(central.nextConnection(), { code: 'wait_closed' })
  await central.close()
  await waiting
  await assert.rejects(central.nextClose(), { code: 'wait_closed' })
})

test('a port that is taken is named as such; plain HTTP is told to upgrade', async (t) => {
  const { port } = await simulators(t)
  await assert.rejects(createCentralSystem({ port }).listen(), { code: 'listen_failed', side: 'operator' })
  const response = await fetch(`http://127.0.0.1:${port}/ocpp/CP-1`)
  assert.equal(response.status, 426)
  await response.arrayBuffer()
})
