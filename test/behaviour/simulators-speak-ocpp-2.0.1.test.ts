import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isActionName201 } from '../../src/ocpp/actions-201.ts'
import { createMessageSchemas201 } from '../../src/ocpp/message-schemas.ts'
import { createCentralSystem } from '../../src/simulator/central-system.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { both } from '../support/csms-201.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { keep } from '../support/transcript.ts'

const protocol = 'ocpp2.0.1'

test('[A00.FR.006][TC_A_07] our simulators in OCPP 2.0.1, through the proxy, to the letter of its schemas', async (t) => {
  const schemas = createMessageSchemas201()
  const central = createCentralSystem({ subprotocols: [protocol] })
  const { url } = await central.listen()
  t.after(() => central.close())
  const admin = operator(t)
  const proxy = await startProxy(t, {
    admin: admin.section,
    listeners: { 'basic-auth-tls': both },
    centralSystem201: { url },
  })
  await proxy.register()
  const events: SimulatorEvent[] = []
  const station = proxy.chargePoint('basic-auth-tls', {
    subprotocols: [protocol],
    onEvent: (event) => events.push(event),
  })
  await station.connect()
  const acts = [
    () => station.boot(),
    () => station.heartbeat(),
    () => station.authorize(),
    () => station.status(1, 'Available'),
    () => station.startTransaction(),
    () => station.meterValues(),
    () => station.stopTransaction(),
    () => station.meterValues(),
  ]
  for (const act of acts) assert.equal((await act()).kind, 'result')
  assert.equal(central.foreignCount, 0)

  const component = { name: 'C' }
  const asked = { setVariableData: [{ attributeValue: '1', component, variable: { name: 'V' } }] }
  assert.partialDeepStrictEqual(await central.send('CP-1', 'SetVariables', asked), {
    payload: { setVariableResult: [{ attributeStatus: 'UnknownVariable' }] },
  })
  const rotated = await admin.ask(proxy, 'POST', '/charge-points/CP-1/password', {})
  assert.partialDeepStrictEqual(rotated.body, { ok: true })

  const told = JSON.stringify(events)
  assert.match(told, /"attributeValue":"\(hidden\)"/)
  assert.doesNotMatch(told, /[0-9A-F]{40}/, 'the password is in no event')
  let checked = 0
  for (const event of events) {
    keep('simulator', JSON.stringify(event))
    if (event.kind !== 'sent' || event.message.kind === 'error') continue
    const { kind, action, payload } = event.message
    assert.ok(isActionName201(action), action)
    assert.equal(schemas.check(action, kind === 'call' ? 'call' : 'result', payload), null, action)
    checked += 1
  }
  assert.ok(checked > acts.length, 'messages of every kind')
})
