import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createMessageSchemas201 } from '../../../src/ocpp/message-schemas.ts'
import type { Answer, CallOutcome } from '../../../src/relay/use-case.ts'
import type { OperationOutcome } from '../../../src/usecases/operation/operation.ts'
import { callError, setUp, status } from '../operation/setting.ts'
import { result } from '../root-certificates/setting.ts'

const timeoutMs = 60_000
const way = {
  securityProfile: 2,
  url: 'wss://proxy.example.com/ocpp',
  interface: 'Wireless0',
  messageTimeout: 30_000,
  slot: 2,
}
const schemas = createMessageSchemas201()
const which = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'NetworkConfigurationPriority' } }
const order = (attributeValue: string): Answer =>
  result({ getVariableResult: [{ attributeStatus: 'Accepted', attributeValue, ...which }] })
const ofActive = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'ActiveNetworkProfile' } }
const active = (attributeValue: string): Answer =>
  result({ getVariableResult: [{ attributeStatus: 'Accepted', attributeValue, ...ofActive }] })
const taken = (attributeStatus = 'Accepted'): Answer =>
  result({ setVariableResult: [{ attributeStatus, ...which }] })
const noAnswer: CallOutcome = { kind: 'no-answer', detail: 'no answer within 10000 ms' }
const word = (outcome: OperationOutcome) => (outcome.ok ? 'ok' : outcome.code)

/** On profile 1 over OCPP 2.0.1, asked for profile 2. */
async function begin(t: TestContext, networkProfiles: readonly object[] = [way], more: object = {}) {
  const profileUpgrade = {
    timeout: 300_000,
    openFor: 86_400_000,
    allowSecurityProfileDowngrade: false,
    networkProfiles,
  }
  const setting = await setUp(t, { profileUpgrade }, 'ocpp2.0.1')
  await setting.store.registry.update('CP1', { securityProfile: 1 })
  const session = await setting.login(setting.password, 1)
  assert.ok(session !== null)
  const options = { origin: 'operator', timeoutMs, reset: true, ...more } as const
  const ended = setting.changes.operations.upgradeProfile('CP1', 2, options)
  const kept = async () => {
    const { securityProfile, upgradeTo } = await setting.record()
    return [securityProfile, upgradeTo]
  }
  return { setting, session, ended, kept }
}

test('[A05.FR.05] [A05.FR.07] [A05.FR.09] OCPP 2.0.1: a slot, the order, a reset, and a connection on the profile', async (t) => {
  const { setting, session, ended, kept } = await begin(t)
  await session.outcome(order('1, 3'))
  const set = await session.outcome(status('Accepted'))
  assert.deepEqual(set.payload, {
    configurationSlot: 2,
    connectionData: {
      ocppVersion: 'OCPP20',
      ocppTransport: 'JSON',
      ocppCsmsUrl: 'wss://proxy.example.com/ocpp',
      messageTimeout: 30,
      securityProfile: 2,
      ocppInterface: 'Wireless0',
    },
  })
  const first = await session.outcome(taken())
  assert.deepEqual(first.payload, { setVariableData: [{ attributeValue: '2,1,3', ...which }] })
  assert.deepEqual(await session.outcome(status('Scheduled')), {
    ...{ to: 'charge-point', action: 'Reset' },
    payload: { type: 'OnIdle' },
  })
  for (const { action, payload } of session.calls)
    assert.equal(schemas.check(action as 'Reset', 'call', payload), null, action)
  await setting.clock.waited()
  assert.deepEqual(await kept(), [1, 2])
  await setting.login(setting.password, 2)
  assert.deepEqual(await ended, { ok: true, detail: 'it is on profile 2' })
  assert.deepEqual(await kept(), [2, null])
})

test('[A05.FR.05] OCPP 2.0.1: the slot that the operator has named, wherever it stands', async (t) => {
  const { session } = await begin(t, [{ ...way, slot: 3 }])
  await session.outcome(order('1,3'))
  const asked = await session.outcome(active('1'))
  const { component, variable } = ofActive
  assert.deepEqual(asked.payload, { getVariableData: [{ component, variable }] })
  assert.equal(schemas.check('GetVariables', 'call', asked.payload), null)
  assert.partialDeepStrictEqual((await session.outcome(status('Accepted'))).payload, { configurationSlot: 3 })
  const first = await session.outcome(taken('Rejected'))
  assert.partialDeepStrictEqual(first.payload, { setVariableData: [{ attributeValue: '3,1' }] })
})

for (const [name, slots, told] of [
  ['as it tells', '1,3', [active('3')]],
  ['as there is no other', '3', [result({ getVariableResult: [] })]],
] as const)
  test(`[A05.FR.08] OCPP 2.0.1: the slot that it is connected by is not overwritten, ${name}`, async (t) => {
    const { session, ended, kept } = await begin(t, [{ ...way, slot: 3 }])
    for (const answer of [order(slots), ...told]) await session.outcome(answer)
    const outcome = await ended
    assert.equal(word(outcome), 'refused')
    assert.match(outcome.detail, /way back/)
    assert.deepEqual(await kept(), [1, null])
    assert.equal(session.calls.length, 2)
  })

test('[A05.FR.08] OCPP 2.0.1: back on the old profile, and the door is shut', async (t) => {
  const { setting, session, ended, kept } = await begin(t)
  for (const answer of [order('1'), status('Accepted'), taken('RebootRequired'), status('Accepted')])
    await session.outcome(answer)
  await setting.clock.waited()
  await setting.login(setting.password, 1)
  await setting.clock.waited()
  setting.clock.advance(10_000)
  assert.equal(word(await ended), 'fell_back')
  assert.deepEqual(await kept(), [1, null])
})

for (const [name, code, answers] of [
  ['it does not tell its order', 'not_supported', [result({ getVariableResult: [] })]],
  ['its order is none', 'not_supported', [order('one,two')]],
  ['it does not know GetVariables', 'error_answer', [callError]],
  ['SetNetworkProfile is Rejected', 'refused', [order('1'), status('Rejected')]],
  ['SetNetworkProfile is Failed', 'refused', [order('1'), status('Failed')]],
  ['SetNetworkProfile is not answered', 'error_answer', [order('1'), noAnswer]],
  ['the order is Rejected', 'refused', [order('1'), status('Accepted'), taken('Rejected')]],
  ['the order is not known', 'not_supported', [order('1'), status('Accepted'), taken('UnknownVariable')]],
] as const) {
  test(`[A05.FR.01] OCPP 2.0.1: ${name}: the old profile, and only that`, async (t) => {
    const { session, ended, kept } = await begin(t)
    for (const answer of answers) await session.outcome(answer)
    assert.equal(word(await ended), code)
    assert.deepEqual(await kept(), [1, null])
  })
}

test('[A05.FR.09] OCPP 2.0.1: no answer to the order: it may come, so that the door stays open', async (t) => {
  const { setting, session, ended, kept } = await begin(t)
  for (const answer of [order('1'), status('Accepted'), noAnswer]) await session.outcome(answer)
  await setting.clock.waited()
  setting.clock.advance(timeoutMs)
  assert.equal(word(await ended), 'no_answer')
  assert.deepEqual(await kept(), [1, 2])
})

test('[A05.FR.05] OCPP 2.0.1: without a way to the profile nothing is sent', async (t) => {
  for (const networkProfiles of [[], [{ ...way, securityProfile: 3 }]]) {
    const { session, ended } = await begin(t, networkProfiles)
    assert.partialDeepStrictEqual(await ended, {
      ok: false,
      code: 'prerequisite',
      detail: 'profileUpgrade.networkProfiles does not say how it reaches profile 2',
    })
    assert.deepEqual(session.calls, [])
  }
})

test('[A01.FR.03] [A05.FR.02] [A05.FR.07] OCPP 2.0.1: a new password, proven by a login, and then the profile', async (t) => {
  const { setting, session, ended, kept } = await begin(t, [way], { newPassword: true })
  const password = { component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' } }
  const set = await session.outcome(
    result({ setVariableResult: [{ attributeStatus: 'Accepted', ...password }] }),
  )
  const key = setting.keys.at(-1)
  assert.ok(key !== undefined)
  const attributeValue = key.toString('hex').toUpperCase()
  assert.deepEqual(set.payload, { setVariableData: [{ attributeValue, ...password }] })
  await setting.clock.waited()
  const again = await setting.login(key, 1)
  assert.ok(again !== null)
  for (const answer of [order('1'), status('Accepted'), taken(), status('Accepted')])
    await again.outcome(answer)
  assert.deepEqual(
    again.calls.map(({ action }) => action),
    ['GetVariables', 'SetNetworkProfile', 'SetVariables', 'Reset'],
  )
  await setting.clock.waited()
  await setting.login(key, 2)
  assert.equal(word(await ended), 'ok')
  assert.deepEqual(await kept(), [2, null])
})
