import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ProxyError } from '../../../src/policy/error.ts'
import type { CallOutcome } from '../../../src/relay/use-case.ts'
import type { OperationOutcome } from '../../../src/usecases/operation/operation.ts'
import { fakeSession } from '../../support/fake-session.ts'
import { callError, listenersOf, type Setting, type Settings, setUp, status } from '../operation/setting.ts'

const timeoutMs = 60_000
const noAnswer: CallOutcome = { kind: 'no-answer', detail: 'no answer within 10000 ms' }

function upgrade({ changes }: Setting, to: 1 | 2 | 3, reset = false): Promise<OperationOutcome> {
  return changes.operations.upgradeProfile('CP1', to, { origin: 'operator', timeoutMs, reset })
}

/** On profile 1, asked for profile 2. */
async function begin(t: TestContext, settings: Settings = {}, reset = false) {
  const setting = await setUp(t, settings)
  await setting.store.registry.update('CP1', { securityProfile: 1 })
  const session = await setting.login(setting.password, 1)
  assert.ok(session !== null)
  return { setting, session, ended: upgrade(setting, 2, reset) }
}

const word = (outcome: OperationOutcome) => (outcome.ok ? 'ok' : outcome.code)
const kept = async (setting: Setting) => {
  const { securityProfile, upgradeTo } = await setting.record()
  return [securityProfile, upgradeTo]
}

test('[A05.FR.05] [A05.FR.07] [A05.FR.09] accepted, and a connection on the higher profile', async (t) => {
  const { setting, session, ended } = await begin(t)
  const call = await session.outcome(status('Accepted'))
  assert.deepEqual(
    [call.action, call.payload],
    ['ChangeConfiguration', { key: 'SecurityProfile', value: '2' }],
  )
  await setting.clock.waited()
  assert.deepEqual(await kept(setting), [1, 2])
  await setting.login(setting.password, 2)
  assert.deepEqual(await ended, { ok: true, detail: 'it is on profile 2' })
  assert.deepEqual(await kept(setting), [2, null])
})

for (const [name, outcome, code] of [
  ['Rejected', status('Rejected'), 'refused'],
  ['NotSupported', status('NotSupported'), 'not_supported'],
  ['a CALLERROR', callError, 'error_answer'],
  ['not sent', { kind: 'not-sent', detail: 'the session has ended' }, 'not_sent'],
] as const) {
  test(`[A05.FR.01] ${name}: the old profile, and only that`, async (t) => {
    const { setting, session, ended } = await begin(t)
    await session.outcome(outcome)
    assert.equal(word(await ended), code)
    assert.deepEqual(await kept(setting), [1, null])
  })
}

test('[A05.FR.08] back on the old profile: it may try again for a while, then the door is shut', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  await setting.login(setting.password, 1)
  await setting.clock.waited()
  assert.deepEqual(await kept(setting), [1, 2])
  setting.clock.advance(5_000)
  assert.equal(word(await ended), 'fell_back')
  assert.deepEqual(await kept(setting), [1, null])
})

test('[A05.FR.08] fallen back, and up at the second try', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  await setting.login(setting.password, 1)
  await setting.clock.waited()
  setting.clock.advance(4_000)
  await setting.login(setting.password, 2)
  assert.equal(word(await ended), 'ok')
})

test('[A05.FR.07] not back in time, or no answer: the door stays open until it comes back on the old one', async (t) => {
  for (const [outcome, code] of [
    [status('Accepted'), 'not_back'],
    [noAnswer, 'no_answer'],
  ] as const) {
    const { setting, session, ended } = await begin(t)
    await session.outcome(outcome)
    setting.disconnect()
    await setting.clock.waited()
    setting.clock.advance(timeoutMs)
    assert.equal(word(await ended), code)
    assert.deepEqual(await kept(setting), [1, 2])
    await setting.login(setting.password, 1)
    while ((await kept(setting))[1] !== null) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(await kept(setting), [1, null])
  }
})

test('[A05.FR.07] no answer, and it comes on the higher profile: done', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(noAnswer)
  await setting.clock.waited()
  await setting.login(setting.password, 2)
  assert.equal(word(await ended), 'ok')
})

test('RebootRequired: Reset where it is asked for', async (t) => {
  const { setting, session, ended } = await begin(t, {}, true)
  await session.outcome(status('RebootRequired'))
  assert.equal((await session.outcome(status('Accepted'))).action, 'Reset')
  await setting.clock.waited()
  await setting.login(setting.password, 2)
  assert.equal(word(await ended), 'ok')

  const refused = await begin(t, {}, true)
  await refused.session.outcome(status('RebootRequired'))
  await refused.session.outcome(status('Rejected'))
  assert.equal(word(await refused.ended), 'not_back')
  assert.deepEqual(await kept(refused.setting), [1, 2])
})

test('[A05.FR.02] [A05.FR.04] [A00.FR.005] what is missing is said, and nothing is sent', async (t) => {
  const setting = await setUp(t, {
    listeners: listenersOf(0, 2, 3),
  })
  const { registry } = setting.store
  assert.equal(word(await upgrade(setting, 3)), 'not_connected')
  const session = await setting.login(setting.password)
  const detail = async (to: 1 | 2 | 3) => {
    const outcome = await upgrade(setting, to)
    return outcome.ok ? outcome.detail : `${outcome.code}: ${outcome.detail}`
  }
  assert.match(await detail(1), /prerequisite: it is kept on profile 2/)
  assert.match(await detail(2), /already/)
  assert.match(await detail(3), /prerequisite: no certificate/)
  await registry.update('CP1', { serialNumber: null })
  assert.match(await detail(3), /prerequisite: the serial number/)
  await registry.update('CP1', { securityProfile: 0, credential: null })
  setting.connect(0, null)
  assert.match(await detail(1), /prerequisite: no listener of security profile 1/)
  assert.match(await detail(2), /prerequisite: no password/)
  assert.equal(session?.calls.length, 0)
  assert.deepEqual(await kept(setting), [0, null])
})

test('[A00.FR.206] over a profile on which the operator refuses it, nothing is sent', async (t) => {
  const row = { certificates: 'allow', passwords: 'refuse', profile: 'refuse' } as const
  const { setting, session, ended } = await begin(t, {
    messages: { overInsecureProfiles: { profile0: row, profile1: row } },
  })
  assert.equal(word(await ended), 'prerequisite')
  const options = { origin: 'operator', timeoutMs, reset: false } as const
  const rotated = await setting.changes.operations.rotatePassword('CP1', options)
  assert.ok(!rotated.ok && /passwords are refused over security profile 1/.test(rotated.detail))
  assert.equal(session.calls.length, 0)
  assert.deepEqual(await kept(setting), [1, null])
})

test('[A05.FR.04] profile 3 with a certificate that is known', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(status('Rejected'))
  await ended
  const key = { keyFingerprint: 'k', certificateFingerprint: 'c', subject: 'CN=SN-1' }
  const { registry } = setting.store
  await registry.claimKey('CP1', { ...key, notAfter: setting.clock.now() }, 1)
  assert.equal(word(await upgrade(setting, 3)), 'prerequisite', 'it has expired')
  await registry.claimKey('CP1', { ...key, keyFingerprint: 'k2', notAfter: setting.clock.now() + 1 }, 1)
  const second = upgrade(setting, 3)
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  setting.connect(3, null)
  const outcome = await second
  assert.ok(outcome.ok)
  assert.match(outcome.detail, /profile 2 was skipped/)
})

test('[A05.FR.08] two tries without an answer: the door is shut all the same when it comes back on the old one', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(noAnswer)
  await setting.clock.waited()
  setting.clock.advance(timeoutMs)
  assert.equal(word(await ended), 'no_answer')
  const again = upgrade(setting, 2)
  await session.outcome(noAnswer)
  await setting.clock.waited()
  setting.clock.advance(timeoutMs)
  assert.equal(word(await again), 'no_answer')
  assert.deepEqual(await kept(setting), [1, 2])
  await setting.login(setting.password, 1)
  while ((await kept(setting))[1] !== null) await new Promise((resolve) => setImmediate(resolve))
})

/** What is written for a session of this process: another replica has it. */
function loseLease({ store }: Setting): void {
  const lost = () => Promise.reject(new ProxyError('lease_lost', 'proxy', 'another replica has it'))
  Object.assign(store.registry, { update: lost, beginCredentialChange: lost, stepCredentialChange: lost })
}

test('[CWE-613] an operation that finds its charge point taken ends, with nothing stored and nothing sent', async (t) => {
  const setting = await setUp(t)
  await setting.store.registry.update('CP1', { securityProfile: 1 })
  const session = await setting.login(setting.password, 1)
  loseLease(setting)
  assert.equal(word(await upgrade(setting, 2)), 'not_connected')
  const { changes } = setting
  const rotation = changes.operations.rotatePassword('CP1', { origin: 'operator', timeoutMs, reset: false })
  assert.equal(word(await rotation), 'not_connected')
  assert.deepEqual(session?.calls, [])
  assert.deepEqual(await kept(setting), [1, null])
})

test('[A05.FR.08] back on the old profile at another replica: the one that has opened the door shuts it', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(noAnswer)
  await setting.clock.waited()
  setting.disconnect()
  loseLease(setting)
  setting.changes.arrived(fakeSession({ profile: 1, protocol: 'ocpp1.6', credential: 'current' }))
  await setting.clock.waited()
  setting.clock.advance(5_000)
  assert.equal(word(await ended), 'no_answer')
  assert.deepEqual(await kept(setting), [1, null])
})
