import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessagesConfig } from '../../src/config/schema.ts'
import type { ProxyEvent } from '../../src/events/proxy-event.ts'
import type { Call, Direction } from '../../src/relay/use-case.ts'
import { createGuard } from '../../src/usecases/guard.ts'
import { fakeSession } from '../support/fake-session.ts'

type Settings = Pick<MessagesConfig, 'fromCentralSystem' | 'overInsecureProfiles'>
const kinds = { certificates: 'refuse', passwords: 'allow', profile: 'allow' } as const
const defaults: Settings = {
  fromCentralSystem: { deny: [], denyConfigurationKeys: [] },
  overInsecureProfiles: { profile0: kinds, profile1: kinds },
}
const from = (more: Partial<Settings['fromCentralSystem']>): Settings => ({
  ...defaults,
  fromCentralSystem: { ...defaults.fromCentralSystem, ...more },
})

function aGuard(settings: Settings = defaults) {
  const events: ProxyEvent[] = []
  const clock = { now: 0 }
  const live = { settings }
  const guard = createGuard({
    settings: () => live.settings,
    note: (event) => events.push(event),
    now: () => clock.now,
  })
  const send = (
    action: string,
    payload = {},
    { profile = 2, direction = 'to-charge-point' }: { profile?: 0 | 1 | 2 | 3; direction?: Direction } = {},
  ) => {
    const call: Call = { direction, id: '1', action, payload }
    return guard.onCall?.(call, fakeSession({ profile }))
  }
  return { guard, events, clock, live, send }
}

const refusal = (description: RegExp, fate: unknown) => {
  assert.partialDeepStrictEqual(fate, { kind: 'answer', answer: { kind: 'error', code: 'SecurityError' } })
  const { answer } = fate as { answer: { description: string } }
  assert.match(answer.description, description)
}
const forwarded = { kind: 'forward' }
const password = { key: 'AuthorizationKey', value: 'c0ffee' }

test('[design 10] an action that is denied is answered with SecurityError and becomes an event', () => {
  const { send, events } = aGuard(from({ deny: ['UpdateFirmware'] }))
  refusal(/may not send this action/, send('UpdateFirmware', { location: 'ftp://x' }))
  assert.deepEqual(send('Reset'), forwarded)
  assert.equal(events.length, 1)
  assert.partialDeepStrictEqual(events[0], {
    type: 'MessageRefused',
    identity: 'CP1',
    listener: 'test',
    address: '127.0.0.1',
  })
  assert.match(events[0]?.techInfo ?? '', /^UpdateFirmware from the central system refused: .*CWE-284/)
})

test('[design 10][A01.FR.09] a configuration key that is denied, and its value stays out of the event', () => {
  const { send, events } = aGuard(from({ denyConfigurationKeys: ['authorizationkey'] }))
  refusal(/may not set authorizationkey/, send('ChangeConfiguration', password))
  assert.deepEqual(send('ChangeConfiguration', { key: 'HeartbeatInterval', value: '1' }), forwarded)
  assert.equal(events.length, 1)
  assert.doesNotMatch(JSON.stringify(events), /c0ffee/)
})

test('[A00.FR.206] certificates over profile 1 are refused both ways, over profile 2 they pass', () => {
  const { send, events } = aGuard()
  refusal(/certificates are refused over security profile 1/, send('InstallCertificate', {}, { profile: 1 }))
  const up = { direction: 'to-central-system' } as const
  refusal(/security profile 0/, send('SignCertificate', { csr: 'x' }, { profile: 0, ...up }))
  assert.match(events[1]?.techInfo ?? '', /^SignCertificate from the charge point refused/)
  assert.deepEqual(send('SignCertificate', { csr: 'x' }, up), forwarded)
  assert.deepEqual(send('InstallCertificate'), forwarded)
  assert.equal(events.length, 2)
})

test('[A00.FR.005][CWE-436] a ChangeConfiguration that a charge point could read otherwise is answered FormationViolation', () => {
  const { send, events } = aGuard()
  const unclear: Record<string, unknown>[] = [
    {},
    { key: null, value: '1' },
    { key: ['SecurityProfile'], value: '1' },
    { Key: 'SecurityProfile', value: '1' },
    { key: 'HeartbeatInterval', KEY: 'SecurityProfile', value: '1' },
    { key: 'SecurityProfile', Value: '1' },
    { key: 'HeartbeatInterval', value: '1', 'value ': '2' },
    { key: 'SecurityProfile ', value: 1 },
    { key: 'securityprofile', value: null },
    { key: 'AuthorizationKey' },
    { key: ' AuthorizationKey', value: ['a'] },
  ]
  for (const payload of unclear) {
    assert.partialDeepStrictEqual(
      send('ChangeConfiguration', payload),
      { kind: 'answer', answer: { kind: 'error', code: 'FormationViolation' } },
      JSON.stringify(payload),
    )
  }
  assert.match(events[0]?.techInfo ?? '', /A00\.FR\.005/)
  assert.deepEqual(send('ChangeConfiguration', { key: 'HeartbeatInterval', value: 1, extra: 1 }), forwarded)
  assert.deepEqual(send('ChangeConfiguration', { key: 'SecurityProfile ', value: '3' }), forwarded)
})

test('[A00.FR.206] certificates inside a DataTransfer are judged as outside of it', () => {
  const { guard, send } = aGuard()
  const wrapped = {
    vendorId: 'org.openchargealliance.iso15118pnc',
    messageId: 'InstallCertificate',
    data: '{}',
  }
  refusal(/certificates are refused over security profile 1/, send('DataTransfer', wrapped, { profile: 1 }))
  assert.deepEqual(send('DataTransfer', wrapped), forwarded)
  assert.deepEqual(send('DataTransfer', { vendorId: 'x' }, { profile: 1 }), forwarded)
  const own = guard.watches.filter(({ action }) => action === 'DataTransfer')
  assert.deepEqual(
    own.map(({ direction, only }) => [direction, only?.(fakeSession({ profile: 2 }))]),
    [
      ['to-central-system', false],
      ['to-charge-point', false],
    ],
    'over TLS none is parsed for it',
  )
})

test('[A05.FR.05][A01.FR.02] the way of a fleet from profile 0 or 1 to 2 is open unless it is shut', () => {
  const { send, live } = aGuard()
  const profile = { key: 'SecurityProfile', value: '2' }
  for (const on of [0, 1] as const) {
    assert.deepEqual(send('ChangeConfiguration', password, { profile: on }), forwarded)
    assert.deepEqual(send('ChangeConfiguration', profile, { profile: on }), forwarded)
  }
  const shut = { certificates: 'refuse', passwords: 'refuse', profile: 'refuse' } as const
  live.settings = { ...defaults, overInsecureProfiles: { profile0: kinds, profile1: shut } }
  refusal(/passwords/, send('ChangeConfiguration', password, { profile: 1 }))
  refusal(/the security profile/, send('ChangeConfiguration', profile, { profile: 1 }))
  assert.deepEqual(send('ChangeConfiguration', password, { profile: 0 }), forwarded)
})

test('[CWE-770] what is refused again and again makes one event a minute, each time answered', () => {
  const { send, events, clock } = aGuard(from({ deny: ['Reset', 'UpdateFirmware'] }))
  for (let count = 0; count < 5; count += 1) refusal(/may not/, send('Reset'))
  send('UpdateFirmware')
  assert.equal(events.length, 2, 'one for each action')
  clock.now = 60_000
  send('Reset')
  assert.match(events[2]?.techInfo ?? '', /and 4 times since/)
})

test('[CWE-117] a name that the sender chose is not repeated', () => {
  const { send, events } = aGuard(from({ allow: ['Reset'] }))
  refusal(/may not/, send('Evil\n"Action'))
  assert.doesNotMatch(events[0]?.techInfo ?? '', /Evil/)
})

test('[design 9] it watches no more than its lists ask for', () => {
  const watched = (settings: Settings) =>
    aGuard(settings).guard.watches.map(({ direction, action }) => `${direction} ${action}`)
  const usual = watched(defaults)
  assert.ok(usual.includes('to-charge-point ChangeConfiguration'))
  assert.ok(usual.includes('to-central-system SignCertificate'))
  assert.ok(!usual.some((one) => one.endsWith('*')))
  assert.equal(new Set(usual).size, usual.length)
  assert.ok(watched(from({ deny: ['Reset'] })).includes('to-charge-point Reset'))
  assert.ok(!watched(from({ deny: ['Reset'] })).includes('to-charge-point *'))
  const all = ['to-central-system SignCertificate', 'to-central-system DataTransfer', 'to-charge-point *']
  assert.deepEqual(watched(from({ allow: ['Reset'] })), all)
  assert.deepEqual(watched(from({ deny: ['X-Reboot'] })), all)
})
