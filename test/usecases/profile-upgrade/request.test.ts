import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AskedProfile, askedProfiles, profileOf } from '../../../src/usecases/profile-upgrade/request.ts'
import { judgeRequest } from '../../../src/usecases/profile-upgrade/rules.ts'

const transfer = (data: unknown, messageId?: string) =>
  askedProfiles({ action: 'DataTransfer', payload: { vendorId: 'com.example', messageId, data } })

test('[A00.FR.005] ChangeConfiguration, whatever the case of the key and the form of the value', () => {
  const cases: [unknown, unknown, readonly AskedProfile[]][] = [
    ['SecurityProfile', '1', [1]],
    ['securityprofile', ' 01 ', [1]],
    ['SECURITYPROFILE', 2, [2]],
    ['SecurityProfile', '2.0', [2]],
    ['SecurityProfile ', '1', [1]],
    ['\u017fecurityProf\u0131le', '1', [1]],
    ['SecurityProfile\0 of nothing', '1', [1]],
    ['SecurityProfile', '+3', [3]],
    ['SecurityProfile', '4', [null]],
    ['SecurityProfile', '-1', [null]],
    ['SecurityProfile', '', [null]],
    ['SecurityProfile', undefined, [null]],
    ['SecurityProfile', { a: 1 }, [null]],
    ['HeartbeatInterval', '1', []],
    [7, '1', []],
  ]
  for (const [key, value, expected] of cases) {
    const asked = askedProfiles({ action: 'ChangeConfiguration', payload: { key, value } })
    assert.deepEqual(asked, expected, JSON.stringify({ key, value }))
  }
  assert.deepEqual(askedProfiles({ action: 'Reset', payload: { key: 'SecurityProfile', value: '1' } }), [])
})

test('[A00.FR.005] DataTransfer: the forms that vendors use', () => {
  const found: [unknown, string | undefined, readonly AskedProfile[]][] = [
    [{ key: 'SecurityProfile', value: '1' }, undefined, [1]],
    ['{"key":"SecurityProfile","value":"1"}', 'ChangeConfiguration', [1]],
    ['[{"key":"a","value":"9"},{"key":"securityProfile","value":1}]', undefined, [1]],
    [{ configurationSlot: 1, connectionData: { securityProfile: 1 } }, 'SetNetworkProfile', [1]],
    ['{"connectionData":{"SecurityProfile":"2"}}', 'SetNetworkProfile', [2]],
    [{ setVariableData: [{ attributeValue: '1', variable: { name: 'SecurityProfile' } }] }, undefined, [1]],
    [JSON.stringify({ data: JSON.stringify({ security_profile: 0 }) }), undefined, [0]],
    ['1', 'SecurityProfile', [1]],
    ['2', 'setSecurityProfile', [2]],
    [3, 'SecurityProfile', [3]],
    ['none', 'SecurityProfile', [null]],
    ['SecurityProfile=1', undefined, [1]],
    ['cmd;securityProfile: 2;x=9', undefined, [2]],
    ['Security-Profile = "x"', undefined, [null]],
    [{ ' securityProfile': 1 }, undefined, [1]],
    [{ variable: { Name: 'SecurityProfile\0' }, 'Value ': '1' }, undefined, [1]],
    ['1', 'setSecurityProfile\0', [1]],
  ]
  for (const [data, messageId, expected] of found) {
    assert.deepEqual(transfer(data, messageId), expected, JSON.stringify({ data, messageId }))
  }
  const spelled = askedProfiles({
    action: 'DataTransfer',
    payload: { MessageId: 'SecurityProfile', 'Data ': '1' },
  })
  assert.deepEqual(spelled, [1])
  const others: [unknown, string | undefined][] = [
    [undefined, undefined],
    [undefined, 'SecurityProfile'],
    [null, 'x'],
    ['{"key":"SecurityProfile"}', 'GetConfiguration'],
    ['the security of this profile', undefined],
    [{ key: 'HeartbeatInterval', value: '1' }, undefined],
    ['{', undefined],
    [17, 'x'],
  ]
  for (const [data, messageId] of others) {
    assert.deepEqual(transfer(data, messageId), [], JSON.stringify({ data, messageId }))
  }
})

test('[CWE-20] any data is read without an exception, however deep it is', () => {
  fc.assert(fc.property(fc.jsonValue(), (data) => void transfer(data)))
  fc.assert(fc.property(fc.string(), (data) => void transfer(data, 'SecurityProfile')))
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 3 }), (noise, profile) => {
      const hidden = { a: [noise, { b: { SecurityProfile: profile } }] }
      assert.ok(transfer(JSON.stringify(hidden)).includes(profileOf(profile)))
    }),
  )
  const deep = `${'['.repeat(100_000)}{"SecurityProfile":1}${']'.repeat(100_000)}`
  assert.deepEqual(transfer(deep), [1])
})

test('[A00.FR.005] only what is higher goes on; edition 4 may allow 3 to 2 and nothing else', () => {
  for (const present of [0, 1, 2, 3] as const) {
    for (const to of [0, 1, 2, 3] as const) {
      for (const mayLower of [false, true]) {
        const { kind } = judgeRequest([to], present, { mayLower })
        const lowers = mayLower && present === 3 && to === 2
        assert.equal(kind, to > present ? 'raise' : lowers ? 'lower' : 'refuse', `${present} to ${to}`)
      }
    }
  }
  assert.equal(judgeRequest([], 2, { mayLower: false }).kind, 'pass')
  assert.equal(judgeRequest([null], 0, { mayLower: true }).kind, 'refuse')
  assert.equal(judgeRequest([3, 1], 2, { mayLower: false }).kind, 'refuse')
  assert.equal(judgeRequest([3, 3], 2, { mayLower: false }).kind, 'raise')
})
