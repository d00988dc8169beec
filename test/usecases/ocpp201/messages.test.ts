import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageFacts } from '../../../src/policy/messages.ts'
import {
  checkForm201,
  checkOverProfile201,
  checkVariables,
  sensitiveKinds201,
} from '../../../src/policy/messages-201.ts'
import { refusedVariables, variablesOf } from '../../../src/policy/variables-201.ts'
import { judgeProfiles, networkProfiles } from '../../../src/usecases/ocpp201/network-profile.ts'
import { basicAuthPassword } from '../../../src/usecases/ocpp201/password.ts'

const down = (action: string, payload: MessageFacts['payload']): MessageFacts => ({
  direction: 'to-charge-point',
  action,
  payload,
})
const data = (component: string, variable: string, attributeValue: unknown = '1') => ({
  attributeValue,
  component: { name: component },
  variable: { name: variable },
})
const set = (...setVariableData: unknown[]) => down('SetVariables', { setVariableData })

test('[A00.FR.206] what is sensitive in OCPP 2.0.1, in letters of either case', () => {
  assert.deepEqual(sensitiveKinds201(set(data('SecurityCtrlr', 'BASICAUTHPASSWORD'))), ['passwords'])
  assert.deepEqual(sensitiveKinds201(set(data('X', 'networkConfigurationPriority'))), ['profile'])
  assert.deepEqual(sensitiveKinds201(set(data('C', 'V'))), [])
  assert.deepEqual(sensitiveKinds201(down('SetNetworkProfile', {})), ['profile'])
  assert.deepEqual(sensitiveKinds201(down('InstallCertificate', {})), ['certificates'])
  const trigger = (requestedMessage: string) => down('TriggerMessage', { requestedMessage })
  assert.deepEqual(sensitiveKinds201(trigger('SignV2GCertificate')), ['certificates'])
  assert.deepEqual(sensitiveKinds201(trigger('Heartbeat')), [])
  const refuse = { certificates: 'refuse', passwords: 'refuse', profile: 'refuse' } as const
  const policy = { profile0: refuse, profile1: { ...refuse, passwords: 'allow' } } as const
  const password = set(data('SecurityCtrlr', 'BasicAuthPassword'))
  assert.equal(checkOverProfile201(password, 0, policy).allowed, false)
  assert.equal(checkOverProfile201(password, 1, policy).allowed, true)
  assert.equal(checkOverProfile201(down('SetNetworkProfile', {}), 2, policy).allowed, true)
})

test('[CWE-284] the lists of the operator hold for variables, by either name', () => {
  const rules = { deny: [], denyConfigurationKeys: ['SecurityCtrlr.Identity', 'WebSocketPingInterval'] }
  assert.equal(checkVariables(set(data('SecurityCtrlr', 'Identity')), rules).allowed, false)
  assert.equal(checkVariables(set(data('Other', 'Identity')), rules).allowed, true)
  assert.equal(
    checkVariables(set(data('A', 'B'), data('OCPPCommCtrlr', 'webSocketPingInterval')), rules).allowed,
    false,
  )
  const only = { deny: [], allowConfigurationKeys: ['A'], denyConfigurationKeys: [] }
  assert.equal(checkVariables(set(data('X', 'A')), only).allowed, true)
  assert.equal(checkVariables(set(data('X', 'A'), data('X', 'B')), only).allowed, false)
})

test('[A00.FR.005][CWE-436] only what is about password or profile must keep its form', () => {
  const wrong = () => 'is wrong'
  const odd = set({ AttributeValue: 'x', component: { name: 'C' }, variable: { Name: 'BasicAuthPassword' } })
  assert.equal(checkForm201(odd, wrong).allowed, false)
  assert.equal(checkForm201(set(data('C', 'V', 1)), wrong).allowed, true)
  assert.equal(checkForm201(down('SetNetworkProfile', {}), wrong).allowed, false)
  assert.equal(checkForm201(set(data('C', 'SecurityProfile')), () => null).allowed, true)
})

test('[CWE-20] whatever is in its place, it is read without an error', () => {
  for (const setVariableData of [
    null,
    'x',
    {},
    [null, 1, [], {}, { variable: 'x' }, { component: { name: 1 } }],
  ]) {
    assert.deepEqual(variablesOf({ setVariableData }), [])
    assert.doesNotThrow(() => refusedVariables({ setVariableData }, 'InvalidValue'))
    assert.equal(basicAuthPassword.read({ setVariableData } as never), null)
  }
  const two = set(
    data('A', 'BasicAuthPassword', 'x'.repeat(16)),
    data('B', 'BasicAuthPassword', 'y'.repeat(16)),
  )
  assert.deepEqual(basicAuthPassword.read(two.payload), { key: null }, 'of two nobody knows which')
})

test('[A01.FR.04] what a charging station makes of a new password', () => {
  const answer = (attributeStatus: unknown) =>
    basicAuthPassword.answered({
      kind: 'result',
      payload: { setVariableResult: [{ attributeStatus, variable: { name: 'BasicAuthPassword' } }] },
    }).kind
  assert.equal(answer('Accepted'), 'accepted')
  assert.equal(answer('RebootRequired'), 'reboot-required')
  for (const status of ['Rejected', 'UnknownComponent', 'UnknownVariable', 'NotSupportedAttributeType'])
    assert.equal(answer(status), 'refused')
  assert.equal(answer(undefined), 'unknown')
  assert.equal(basicAuthPassword.answered({ kind: 'result', payload: {} }).kind, 'unknown')
  assert.equal(basicAuthPassword.answered(null).kind, 'unknown')
})

test('[A00.FR.005][A05] slots and their profiles', () => {
  assert.deepEqual(judgeProfiles([2, 3], 2), { kind: 'raise', to: 3 })
  assert.deepEqual(judgeProfiles([2], 2), { kind: 'pass' })
  assert.equal(judgeProfiles([3, 1], 2).kind, 'refuse')
  assert.equal(judgeProfiles([null], 2).kind, 'refuse')
  const message = networkProfiles()
  const call = (action: string, payload: MessageFacts['payload']) =>
    ({ ...down(action, payload), id: '1' }) as const
  const profile = (configurationSlot: unknown, securityProfile: unknown) =>
    call('SetNetworkProfile', { configurationSlot, connectionData: { securityProfile } })
  assert.deepEqual(message.asked(profile(1, 1), 'A'), [1])
  assert.deepEqual(message.asked(call('SetNetworkProfile', {}), 'A'), [null])
  message.taken?.(profile(1, 1), 'A')
  message.taken?.(profile('2', 2), 'A')
  const order = { ...set(data('OCPPCommCtrlr', 'NetworkConfigurationPriority', ' 2,1')), id: '2' }
  assert.deepEqual(message.asked(order, 'A'), [1])
  assert.deepEqual(message.asked(order, 'B'), [], 'not known of another one')
})
