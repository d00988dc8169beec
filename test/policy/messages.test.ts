import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { actionNames } from '../../src/ocpp/actions.ts'
import type { SecurityProfile } from '../../src/policy/facts.ts'
import {
  type CentralSystemRules,
  checkFromCentralSystem,
  checkKind,
  checkOverProfile,
  type KindPermissions,
  type MessageFacts,
  type SensitiveKind,
  sensitiveKind,
} from '../../src/policy/messages.ts'

const toChargePoint = (action: string, payload = {}): MessageFacts => ({
  direction: 'to-charge-point',
  action,
  payload,
})
const change = (key: unknown) => toChargePoint('ChangeConfiguration', { key, value: 'x' })
const open: KindPermissions = { certificates: 'allow', passwords: 'allow', profile: 'allow' }
const kinds = ['certificates', 'passwords', 'profile'] as const

const about: readonly [MessageFacts, SensitiveKind | null][] = [
  [{ direction: 'to-central-system', action: 'SignCertificate', payload: {} }, 'certificates'],
  [toChargePoint('CertificateSigned'), 'certificates'],
  [toChargePoint('InstallCertificate'), 'certificates'],
  [toChargePoint('DeleteCertificate'), 'certificates'],
  [toChargePoint('GetInstalledCertificateIds'), 'certificates'],
  [
    toChargePoint('ExtendedTriggerMessage', { requestedMessage: 'SignChargePointCertificate' }),
    'certificates',
  ],
  [toChargePoint('ExtendedTriggerMessage', { requestedMessage: 'Heartbeat' }), null],
  [toChargePoint('ExtendedTriggerMessage'), null],
  [toChargePoint('DataTransfer', { vendorId: 'org.openchargealliance.iso15118pnc' }), null],
  [toChargePoint('DataTransfer', { vendorId: 'x', messageId: 'InstallCertificate' }), 'certificates'],
  [toChargePoint('DataTransfer', { MessageId: ' certificatesigned' }), 'certificates'],
  [toChargePoint('DataTransfer', { messageId: ['SignCertificate'] }), null],
  [
    { direction: 'to-central-system', action: 'DataTransfer', payload: { messageId: 'SignCertificate' } },
    'certificates',
  ],
  [change('AuthorizationKey'), 'passwords'],
  [change('authorizationKEY'), 'passwords'],
  [change(' AuthorizationKey '), 'passwords'],
  [change('SecurityProfile'), 'profile'],
  [change('SECURITYPROFILE'), 'profile'],
  [change('HeartbeatInterval'), null],
  [change(7), null],
  [toChargePoint('GetConfiguration', { key: ['AuthorizationKey'] }), null],
]

for (const [message, kind] of about) {
  test(`[A00.FR.206] ${message.action} ${JSON.stringify(message.payload)} is about ${kind}`, () => {
    assert.equal(sensitiveKind(message), kind)
  })
}

for (const profile of [0, 1, 2, 3] as const satisfies readonly SecurityProfile[]) {
  for (const kind of kinds) {
    for (const permission of ['allow', 'refuse'] as const) {
      const refuses = profile < 2 && permission === 'refuse'
      test(`[A00.FR.206] ${kind} over profile ${profile}, ${permission}: ${refuses ? 'refused' : 'passes'}`, () => {
        // Everything else is the other way around, so that nothing but this cell can decide.
        const other = permission === 'allow' ? 'refuse' : 'allow'
        const row: KindPermissions = {
          certificates: other,
          passwords: other,
          profile: other,
          [kind]: permission,
        }
        const rest: KindPermissions = { certificates: other, passwords: other, profile: other }
        const policy = profile === 0 ? { profile0: row, profile1: rest } : { profile0: rest, profile1: row }
        const verdict = checkKind(kind, profile, policy)
        assert.equal(verdict.allowed, !refuses)
        if (verdict.allowed) return
        assert.equal(verdict.cause, 'insecure-profile')
        assert.ok(verdict.requirements.includes('A00.FR.206'))
        assert.match(verdict.detail, new RegExp(`over security profile ${profile}$`))
      })
    }
  }
}

test('[A01.FR.09] a refusal names what it is about, and no value', () => {
  const refuseAll: KindPermissions = { certificates: 'refuse', passwords: 'refuse', profile: 'refuse' }
  const policy = { profile0: refuseAll, profile1: refuseAll }
  const message = toChargePoint('ChangeConfiguration', { key: 'AuthorizationKey', value: 'c0ffee' })
  const verdict = checkOverProfile(message, 1, policy)
  assert.equal(verdict.allowed, false)
  assert.doesNotMatch(JSON.stringify(verdict), /c0ffee/)
  assert.equal(checkOverProfile(change('HeartbeatInterval'), 0, policy).allowed, true)
})

const rules = (more: Partial<CentralSystemRules>): CentralSystemRules => ({
  deny: [],
  denyConfigurationKeys: [],
  ...more,
})
const lists: readonly [string, CentralSystemRules, MessageFacts, string][] = [
  ['no lists', rules({}), toChargePoint('Reset'), 'passes'],
  ['allowed', rules({ allow: ['Reset'] }), toChargePoint('Reset'), 'passes'],
  ['not allowed', rules({ allow: ['Reset'] }), toChargePoint('UpdateFirmware'), 'action'],
  ['nothing allowed', rules({ allow: [] }), toChargePoint('Reset'), 'action'],
  ['denied', rules({ deny: ['Reset'] }), toChargePoint('Reset'), 'action'],
  ['denied and allowed', rules({ allow: ['Reset'], deny: ['Reset'] }), toChargePoint('Reset'), 'action'],
  ['of a manufacturer, denied', rules({ deny: ['X-Reboot'] }), toChargePoint('X-Reboot'), 'action'],
  ['in other letters: another action', rules({ deny: ['reset'] }), toChargePoint('Reset'), 'passes'],
  ['a key', rules({ denyConfigurationKeys: ['CpoName'] }), change('CpoName'), 'configuration-key'],
  [
    'a key in other letters',
    rules({ denyConfigurationKeys: ['cponame'] }),
    change('CPONAME '),
    'configuration-key',
  ],
  ['another key', rules({ denyConfigurationKeys: ['CpoName'] }), change('HeartbeatInterval'), 'passes'],
  [
    'a key that is none',
    rules({ denyConfigurationKeys: ['CpoName'] }),
    change(['CpoName']),
    'unreadable-key',
  ],
  ['an allowed key', rules({ allowConfigurationKeys: ['cponame'] }), change('CpoName'), 'passes'],
  [
    'a key that is not allowed',
    rules({ allowConfigurationKeys: ['CpoName'] }),
    change('X'),
    'configuration-key',
  ],
  [
    'a key that is allowed and denied',
    rules({ allowConfigurationKeys: ['CpoName'], denyConfigurationKeys: ['CPONAME'] }),
    change('CpoName'),
    'configuration-key',
  ],
  ['no keys are allowed', rules({ allowConfigurationKeys: [] }), change('CpoName'), 'configuration-key'],
  [
    'a key that is none, with an allow list',
    rules({ allowConfigurationKeys: ['a'] }),
    change(7),
    'unreadable-key',
  ],
  ['no key at all', rules({ denyConfigurationKeys: ['CpoName'] }), change(undefined), 'unreadable-key'],
  ['a key that is none, without a list', rules({}), change(['CpoName']), 'passes'],
  [
    'reading a key',
    rules({ denyConfigurationKeys: ['CpoName'] }),
    toChargePoint('GetConfiguration', { key: ['CpoName'] }),
    'passes',
  ],
  [
    'from the charge point',
    rules({ allow: [], deny: ['DataTransfer'] }),
    { direction: 'to-central-system', action: 'DataTransfer', payload: {} },
    'passes',
  ],
]

for (const [name, given, message, expected] of lists) {
  test(`[design 10] lists of the central system: ${name}: ${expected}`, () => {
    const verdict = checkFromCentralSystem(message, given)
    assert.equal(verdict.allowed ? 'passes' : verdict.cause, expected)
  })
}

test('whatever a payload is, a verdict comes back, and on profiles 2 and 3 it is "passes"', () => {
  const payloads = fc.dictionary(fc.constantFrom('key', 'value', 'requestedMessage', 'x'), fc.anything())
  const refuseAll: KindPermissions = { certificates: 'refuse', passwords: 'refuse', profile: 'refuse' }
  fc.assert(
    fc.property(
      fc.constantFrom(...actionNames),
      payloads,
      fc.constantFrom(2, 3),
      (action, payload, profile) => {
        const message = toChargePoint(action, payload)
        checkFromCentralSystem(message, rules({ deny: ['Reset'], denyConfigurationKeys: ['k'] }))
        const policy = { profile0: refuseAll, profile1: refuseAll }
        assert.equal(checkOverProfile(message, profile as SecurityProfile, policy).allowed, true)
        assert.equal(
          checkOverProfile(message, 1, { profile0: refuseAll, profile1: open }).allowed,
          true,
          'and where everything is allowed',
        )
      },
    ),
  )
})
