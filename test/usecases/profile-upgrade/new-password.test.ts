import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { matches } from '../../../src/gate/credentials/hash.ts'
import type { CallOutcome } from '../../../src/relay/use-case.ts'
import type { OperationOutcome } from '../../../src/usecases/operation/operation.ts'
import type { FakeSession } from '../../support/fake-session.ts'
import { listenersOf, type Setting, type Settings, setUp, status } from '../operation/setting.ts'

const timeoutMs = 60_000
const noAnswer: CallOutcome = { kind: 'no-answer', detail: 'no answer within 10000 ms' }
const hungUp: CallOutcome = { kind: 'no-answer', detail: 'the session ended' }

const listeners = listenersOf(0, 1, 2)

function upgrade({ changes }: Setting, to: 1 | 2 | 3 = 2, reset = false): Promise<OperationOutcome> {
  const options = { origin: 'campaign', timeoutMs, reset, newPassword: true } as const
  return changes.operations.upgradeProfile('CP1', to, options)
}

/** On profile 0, where it never showed a password, or on 1 with its old one. */
async function begin(t: TestContext, profile: 0 | 1, settings: Settings = {}, reset = false) {
  const setting = await setUp(t, { listeners, ...settings })
  const without = profile === 0 ? { credential: null } : {}
  await setting.store.registry.update('CP1', { securityProfile: profile, ...without })
  const session = profile === 0 ? setting.connect(0, null) : await setting.login(setting.password, 1)
  assert.ok(session !== null)
  return { setting, session, ended: upgrade(setting, 2, reset) }
}

const word = (outcome: OperationOutcome) => (outcome.ok ? 'ok' : outcome.code)

function newKey({ keys }: Setting): Buffer {
  const key = keys.at(-1)
  assert.ok(key !== undefined)
  return key
}

async function kept(setting: Setting) {
  const { securityProfile, upgradeTo } = await setting.record()
  return [securityProfile, upgradeTo]
}

/** Would this password be admitted now? */
async function isValid(setting: Setting, key: Buffer): Promise<boolean> {
  const { credential, credentialChange } = await setting.record()
  for (const one of [credential, credentialChange?.next ?? null]) {
    if (one !== null && (await matches(one, key))) return true
  }
  return false
}

/** Fulfilled when the charge point is asked for something; says what for, and leaves it open. */
async function asked(session: FakeSession, count: number): Promise<unknown> {
  while (session.calls.length < count) await setImmediate()
  return session.calls.at(count - 1)?.payload['key']
}

const profileAsked = { key: 'SecurityProfile', value: '2' }

test('[A01.FR.02] [A01.FR.03] [A05.FR.07] profile 0: the password, the profile, and the login that proves both', async (t) => {
  const { setting, session, ended } = await begin(t, 0)
  assert.equal((await session.outcome(status('Accepted'))).payload['key'], 'AuthorizationKey')
  assert.deepEqual((await session.outcome(status('Accepted'))).payload, profileAsked)
  await setting.clock.waited()
  assert.deepEqual(await kept(setting), [0, 2])
  assert.ok(await setting.login(newKey(setting), 2))
  assert.deepEqual(await ended, { ok: true, detail: 'it is on profile 2, with a new password' })
  assert.deepEqual(await kept(setting), [2, null])
})

test('[A01.FR.03] [A05.FR.02] profile 1: it logs in with the new password before it is asked for the profile', async (t) => {
  const { setting, session, ended } = await begin(t, 1)
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  assert.equal(session.calls.length, 1)
  assert.deepEqual(await kept(setting), [1, null], 'the higher profile is not open yet')
  const back = await setting.login(newKey(setting), 1)
  assert.deepEqual((await back?.outcome(status('Accepted')))?.payload, profileAsked)
  await setting.clock.waited()
  assert.equal(await isValid(setting, setting.password), false)
  await setting.login(newKey(setting), 2)
  assert.equal(word(await ended), 'ok')
})

for (const profile of [0, 1] as const) {
  for (const [name, outcome, code] of [
    ['Rejected', status('Rejected'), 'refused'],
    ['NotSupported', status('NotSupported'), 'not_supported'],
    ['no answer', noAnswer, 'no_answer'],
  ] as const) {
    test(`[A01.FR.04] profile ${profile}: ${name} to the password: it is not asked for the profile`, async (t) => {
      const { setting, session, ended } = await begin(t, profile)
      await session.outcome(outcome)
      if (profile === 1 && code === 'no_answer') {
        await setting.clock.waited()
        setting.clock.advance(timeoutMs)
      }
      const result = await ended
      assert.equal(word(result), code)
      assert.match(result.detail, /^new password: .*not asked for the profile$/)
      assert.equal(session.calls.length, 1)
      assert.deepEqual(await kept(setting), [profile, null])
      assert.equal(await isValid(setting, setting.password), profile === 1, 'the old one stays')
      assert.equal(await isValid(setting, newKey(setting)), code === 'no_answer', 'it may have the new one')
    })
  }

  test(`[A05.FR.08] profile ${profile}: the profile is refused: it goes on with its new password`, async (t) => {
    const { setting, session, ended } = await begin(t, profile)
    await session.outcome(status('Accepted'))
    let last = session
    if (profile === 1) {
      await setting.clock.waited()
      last = (await setting.login(newKey(setting), 1)) ?? session
    }
    await last.outcome(status('Rejected'))
    const result = await ended
    assert.deepEqual(
      [word(result), result.detail],
      [
        'refused',
        'it took the new password; profile: it answered Rejected; whether it holds a CentralSystemRootCertificate is not known (A05.FR.03)',
      ],
    )
    assert.deepEqual(await kept(setting), [profile, null])
    assert.ok(await isValid(setting, newKey(setting)))
  })
}

test('[A05.FR.07] profile 0: it comes back once it has taken the password, and is asked there', async (t) => {
  const { setting, session, ended } = await begin(t, 0)
  setting.disconnect()
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  const back = setting.connect(0, null)
  assert.deepEqual((await back.outcome(status('Accepted'))).payload, profileAsked)
  await setting.clock.waited()
  await setting.login(newKey(setting), 2)
  assert.equal(word(await ended), 'ok')
  assert.equal(session.calls.length, 1)
})

test('[A05.FR.07] profile 0: it hangs up while it is asked for the profile, and is asked again', async (t) => {
  for (const outcome of [hungUp, { kind: 'not-sent', detail: 'the session ended' }] as const) {
    const { setting, session, ended } = await begin(t, 0)
    await session.outcome(status('Accepted'))
    assert.equal(await asked(session, 2), 'SecurityProfile')
    setting.disconnect()
    await session.outcome(outcome)
    await setting.clock.waited()
    const back = setting.connect(0, null)
    await back.outcome(status('Accepted'))
    await setting.clock.waited()
    assert.deepEqual(await kept(setting), [0, 2])
    await setting.login(newKey(setting), 2)
    assert.equal(word(await ended), 'ok')
    assert.equal(setting.keys.length, 1, 'one new password is enough')
  }
})

test('[A05.FR.08] one that hangs up each time is asked three times', async (t) => {
  const { setting, session, ended } = await begin(t, 0)
  await session.outcome(status('Accepted'))
  let last: FakeSession = session
  for (let times = 1; times <= 3; times += 1) {
    assert.equal(await asked(last, times === 1 ? 2 : 1), 'SecurityProfile')
    setting.disconnect()
    await last.outcome(hungUp)
    await setting.clock.waited()
    last = setting.connect(0, null)
  }
  assert.equal(word(await ended), 'no_answer')
  assert.deepEqual([last.calls.length, await kept(setting)], [0, [0, null]])
})

test('[A05.FR.07] it hangs up while it is asked for the profile, and comes on it: done', async (t) => {
  const { setting, session, ended } = await begin(t, 0)
  await session.outcome(status('Accepted'))
  await asked(session, 2)
  setting.disconnect()
  await session.outcome(hungUp)
  await setting.clock.waited()
  await setting.login(newKey(setting), 2)
  assert.equal(word(await ended), 'ok')
})

test('[A01.FR.03] it took the password and does not come back: told, and the higher profile is not open', async (t) => {
  const { setting, session, ended } = await begin(t, 0)
  setting.disconnect()
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  setting.clock.advance(timeoutMs)
  assert.deepEqual(await ended, {
    ok: false,
    code: 'not_back',
    detail: 'it took the new password and did not come back in time',
  })
  assert.deepEqual(await kept(setting), [0, null])
})

test('[A05.FR.08] back on profile 0 after it had accepted: its new password stays, the door is shut', async (t) => {
  const { setting, session, ended } = await begin(t, 0)
  await session.outcome(status('Accepted'))
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  setting.connect(0, null)
  await setting.clock.waited()
  setting.clock.advance(5_000)
  assert.equal(word(await ended), 'fell_back')
  assert.deepEqual(await kept(setting), [0, null])
  assert.ok(await isValid(setting, newKey(setting)))
})

test('RebootRequired on profile 0: restarted, both are valid until the login on the new profile', async (t) => {
  const { setting, session, ended } = await begin(t, 0, {}, true)
  await session.outcome(status('RebootRequired'))
  assert.equal((await session.outcome(status('Accepted'))).action, 'Reset')
  await setting.clock.waited()
  const back = setting.connect(0, null)
  await back.outcome(status('Accepted'))
  await setting.clock.waited()
  assert.equal((await setting.record()).credentialChange?.phase, 'reboot-required')
  await setting.login(newKey(setting), 2)
  assert.equal(word(await ended), 'ok')
  assert.equal((await setting.record()).credentialChange, null)
})

test('[A01.FR.03] a grace, and it logs in on profile 2 with its old password: that is no success', async (t) => {
  const setting = await setUp(t, {
    listeners,
    passwords: { acceptedGrace: 60_000, unansweredGrace: 86_400_000 },
  })
  await setting.store.registry.update('CP1', { securityProfile: 0 })
  const session = setting.connect(0, null)
  const ended = upgrade(setting)
  await session.outcome(status('Accepted'))
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  await setting.login(setting.password, 2)
  assert.deepEqual(await ended, {
    ok: false,
    code: 'not_back',
    detail: 'it is on profile 2, and has logged in there with its old password',
  })
})

test('[A05.FR.02] what is missing is said before a password is changed', async (t) => {
  const setting = await setUp(t, { listeners: listenersOf(1, 3) })
  await setting.store.registry.update('CP1', { securityProfile: 1 })
  const session = await setting.login(setting.password, 1)
  for (const [to, code] of [
    [1, 'ok'],
    [2, 'prerequisite'],
    [3, 'prerequisite'],
  ] as const) {
    assert.equal(word(await upgrade(setting, to)), code)
  }
  const forwarded = await begin(t, 1, { centralSystem: { authorization: 'forward' } })
  assert.equal(word(await forwarded.ended), 'prerequisite')
  assert.deepEqual([session?.calls.length, setting.keys.length, forwarded.setting.keys.length], [0, 0, 0])
})

test('[A01.FR.03] [A05.FR.09] killed at every step and begun again: it gets there, and is never locked out', async (t) => {
  for (let step = 1; step <= 4; step += 1) {
    const { setting, session } = await begin(t, 0)
    // What the charge point has, whatever the proxy knows of it.
    let has: Buffer | null = null
    await asked(session, 1)
    if (step >= 2) {
      has = newKey(setting)
      await session.outcome(status('Accepted'))
      await asked(session, 2)
    }
    const hasProfile = step >= 4
    if (step === 3) await session.outcome(status('Accepted'))
    setting.restart()
    if (hasProfile && has !== null) {
      assert.ok(await setting.login(has, 2), 'it took the profile, and nobody heard of it')
    }
    const back = hasProfile ? null : setting.connect(0, null)
    const again = upgrade(setting)
    if (back !== null) {
      await back.outcome(status('Accepted'))
      await back.outcome(status('Accepted'))
      await setting.clock.waited()
      assert.ok(await setting.login(newKey(setting), 2))
    }
    assert.equal(word(await again), 'ok', `step ${step}`)
    assert.deepEqual(await kept(setting), [2, null])
  }
})
