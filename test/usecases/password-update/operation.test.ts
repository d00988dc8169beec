import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { CallOutcome } from '../../../src/relay/use-case.ts'
import type { OperationOutcome } from '../../../src/usecases/operation/operation.ts'
import type { FakeSession } from '../../support/fake-session.ts'
import { callError, type Setting, type Settings, setUp, status } from '../operation/setting.ts'

const timeoutMs = 60_000
const noAnswer: CallOutcome = { kind: 'no-answer', detail: 'no answer within 10000 ms' }

function rotate({ changes }: Setting, reset = false, signal?: AbortSignal): Promise<OperationOutcome> {
  const options = { origin: 'operator', timeoutMs, reset, ...(signal ? { signal } : {}) } as const
  return changes.operations.rotatePassword('CP1', options)
}

/** A charge point that is connected, and whose password an operator changes. */
async function begin(t: TestContext, settings: Settings = {}, reset = false) {
  const setting = await setUp(t, settings)
  const session = await setting.login(setting.password)
  assert.ok(session !== null)
  return { setting, session, ended: rotate(setting, reset) }
}

const word = (outcome: OperationOutcome) => (outcome.ok ? 'ok' : outcome.code)

function newKey({ keys }: Setting): Buffer {
  const key = keys.at(-1)
  assert.ok(key !== undefined)
  return key
}

/** Which of the two passwords is admitted now. */
async function valid(setting: Setting): Promise<string> {
  const { credential, credentialChange } = await setting.record()
  const { matches } = await import('../../../src/gate/credentials/hash.ts')
  const stored = [credential, credentialChange?.next ?? null]
  const names: string[] = []
  for (const [name, key] of [['old', setting.password] as const, ['new', newKey(setting)] as const]) {
    for (const one of stored) if (one !== null && (await matches(one, key))) names.push(name)
  }
  return names.join(' and ')
}

/** Time runs out while the operation waits. */
async function runOut({ clock }: Setting, ms = timeoutMs): Promise<void> {
  await clock.waited()
  clock.advance(ms)
}

test('[A01.FR.02] [A01.FR.03] accepted: the new one is the only one at once, and a login proves it', async (t) => {
  const { setting, session, ended } = await begin(t)
  const call = await session.outcome(status('Accepted'))
  assert.deepEqual(
    [call.action, call.payload['key'], call.payload['value']],
    ['ChangeConfiguration', 'AuthorizationKey', newKey(setting).toString('hex').toUpperCase()],
  )
  await setting.clock.waited()
  assert.equal(await valid(setting), 'new')
  assert.equal(await setting.login(setting.password), null, 'A01.FR.03: the old one is refused')
  assert.ok(await setting.login(newKey(setting)))
  assert.deepEqual(await ended, { ok: true, detail: 'it has logged in with the new password' })
})

test('[A01.FR.06] [A01.FR.07] passwords are 20 bytes, and other ones each time', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(status('Rejected'))
  await ended
  const again = rotate(setting)
  await session.outcome(status('Rejected'))
  await again
  assert.deepEqual(
    setting.keys.map((key) => key.length),
    [20, 20],
  )
  assert.ok(setting.keys[0]?.equals(newKey(setting)) === false)
})

test('[A01.FR.03] it is on disk before the charge point can know of it', async (t) => {
  const { setting, session, ended } = await begin(t)
  const call = await session.outcome(noAnswer)
  assert.ok(call)
  assert.equal((await setting.record()).credentialChange?.phase, 'offered')
  assert.equal(await valid(setting), 'old and new')
  await runOut(setting)
  assert.equal(word(await ended), 'no_answer')
})

const refusals: [string, CallOutcome, string][] = [
  ['Rejected', status('Rejected'), 'refused'],
  ['NotSupported', status('NotSupported'), 'not_supported'],
  ['a CALLERROR', callError, 'error_answer'],
  ['not sent', { kind: 'not-sent', detail: 'the session has ended' }, 'not_sent'],
]
for (const [name, outcome, code] of refusals) {
  test(`[A01.FR.04] ${name}: the old one stays, and is the only one`, async (t) => {
    const { setting, session, ended } = await begin(t)
    await session.outcome(outcome)
    const result = await ended
    assert.equal(word(result), code)
    assert.ok(!JSON.stringify(result).includes('secret?'), 'what a peer wrote is not repeated')
    assert.equal(await valid(setting), 'old')
  })
}

test('[A01.FR.03] with a grace, both are valid until the new one is seen', async (t) => {
  const { setting, session, ended } = await begin(t, {
    passwords: { acceptedGrace: 60_000, unansweredGrace: 1e6 },
  })
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  assert.equal(await valid(setting), 'old and new')
  assert.ok(await setting.login(setting.password), 'within the grace')
  await setting.clock.waited()
  assert.ok(await setting.login(newKey(setting)))
  assert.equal(word(await ended), 'ok')
  assert.equal(await valid(setting), 'new')
})

test('[A01.FR.03] no answer, and it comes back with the new one: done', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(noAnswer)
  await setting.clock.waited()
  assert.ok(await setting.login(newKey(setting)))
  assert.equal(word(await ended), 'ok')
  assert.equal(await valid(setting), 'new')
})

test('[A01.FR.04] no answer, and it comes back with the old one: nothing is dropped within the grace', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(noAnswer)
  await setting.clock.waited()
  assert.ok(await setting.login(setting.password))
  assert.equal(word(await ended), 'no_answer')
  await setting.changes.settle()
  assert.equal(await valid(setting), 'old and new')
  setting.clock.advance(86_400_000)
  await setting.changes.settle()
  assert.equal(await valid(setting), 'old')
})

test('an answer that says nothing counts as none', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(status('Perhaps'))
  await runOut(setting)
  assert.equal(word(await ended), 'no_answer')
  assert.equal(await valid(setting), 'old and new')
})

test('[A01.FR.03] accepted and not back in time: the change stays as the answer left it', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(status('Accepted'))
  setting.disconnect()
  await runOut(setting)
  assert.deepEqual(await ended, { ok: false, code: 'not_back', detail: 'it did not come back in time' })
  assert.equal(await valid(setting), 'new')
})

test('RebootRequired: both are valid until it has restarted; Reset waits for the end of a transaction', async (t) => {
  const { setting, session, ended } = await begin(t, {}, true)
  setting.busy.add('CP1')
  await session.outcome(status('RebootRequired'))
  await setting.clock.waited()
  assert.equal((await setting.record()).credentialChange?.phase, 'reboot-required')
  assert.equal(session.calls.length, 1, 'no Reset while somebody charges')
  setting.becameIdle()
  const reset = await session.outcome(status('Accepted'))
  assert.deepEqual([reset.action, reset.payload], ['Reset', { type: 'Soft' }])
  await setting.clock.waited()
  assert.equal(await valid(setting), 'old and new')
  assert.ok(await setting.login(newKey(setting)))
  assert.equal(word(await ended), 'ok')
  assert.equal(await valid(setting), 'new')
})

test('RebootRequired without Reset, or with one that is refused: told, and both are valid', async (t) => {
  const without = await begin(t)
  await without.session.outcome(status('RebootRequired'))
  assert.equal(word(await without.ended), 'not_back')
  assert.equal(await valid(without.setting), 'old and new')

  const refused = await begin(t, {}, true)
  await refused.session.outcome(status('RebootRequired'))
  await refused.session.outcome(status('Rejected'))
  assert.equal(word(await refused.ended), 'not_back')
  assert.equal(await valid(refused.setting), 'old and new')
})

test('[A01.FR.02] not registered, not connected, busy, stopped: nothing is sent', async (t) => {
  const setting = await setUp(t)
  const { operations } = setting.changes
  const options = { origin: 'campaign', timeoutMs, reset: false } as const
  assert.equal(word(await operations.rotatePassword('CP9', options)), 'charge_point_unknown')
  assert.equal(word(await rotate(setting)), 'not_connected')
  const session = setting.connect()
  const first = rotate(setting)
  assert.equal(word(await rotate(setting)), 'busy')
  assert.equal(word(await operations.upgradeProfile('CP1', 3, options)), 'busy')
  await session.outcome(status('Rejected'))
  assert.equal(word(await first), 'refused')
  setting.changes.stop()
  assert.equal(word(await rotate(setting)), 'draining')
  assert.equal(session.calls.length, 1)
})

test('the wait can be ended from outside; what is stored stays', async (t) => {
  const setting = await setUp(t)
  const session = await setting.login(setting.password)
  const abort = new AbortController()
  const ended = rotate(setting, false, abort.signal)
  await session?.outcome(status('Accepted'))
  await setting.clock.waited()
  abort.abort()
  assert.equal(word(await ended), 'draining')
  assert.equal(await valid(setting), 'new')
})

test('authorization forward: the central system would not know the new password', async (t) => {
  const { setting, session, ended } = await begin(t, { centralSystem: { authorization: 'forward' } })
  assert.equal(word(await ended), 'prerequisite')
  assert.deepEqual([session.calls.length, setting.keys.length], [0, 0])
})

test('perChargePoint: what an operator changes is not what the central system expects', async (t) => {
  const { setting, session, ended } = await begin(t, { centralSystem: { authorization: 'perChargePoint' } })
  await setting.store.registry.update('CP1', { upstreamSecret: 'sealed' })
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  await setting.login(newKey(setting))
  assert.equal(word(await ended), 'ok')
  assert.equal((await setting.record()).upstreamSecret, 'sealed')
})

test('profiles 0 and 3 log in without a password: taken, and told that nothing proves it', async (t) => {
  for (const profile of [0, 3] as const) {
    const setting = await setUp(t)
    await setting.store.registry.update('CP1', { credential: null })
    const session = setting.connect(profile, null)
    const ended = rotate(setting)
    await session.outcome(status('Accepted'))
    const outcome = await ended
    assert.ok(outcome.ok && outcome.detail.includes('not proven'))
    assert.equal(await valid(setting), 'new')
  }
})

/** A first change had no answer: the charge point may have that password. */
async function undecided(t: TestContext): Promise<{ setting: Setting; session: FakeSession; first: Buffer }> {
  const { setting, session, ended } = await begin(t)
  await session.outcome(noAnswer)
  await runOut(setting)
  assert.equal(word(await ended), 'no_answer')
  return { setting, session, first: newKey(setting) }
}

test('[A01.FR.03] after a change without an answer it has to log in before the next one is offered', async (t) => {
  for (const had of ['old', 'new'] as const) {
    const { setting, session, first } = await undecided(t)
    const ended = rotate(setting)
    await setting.clock.waited()
    assert.deepEqual([session.calls.length, session.ends.length], [1, 1])
    const back = await setting.login(had === 'old' ? setting.password : first)
    await back?.outcome(status('Accepted'))
    await setting.clock.waited()
    assert.ok(await setting.login(newKey(setting)))
    assert.equal(word(await ended), 'ok')
    assert.equal(await setting.login(first), null)
  }
})

test('[A01.FR.04] after a change without an answer a refused one keeps what the login has shown', async (t) => {
  const { setting, first } = await undecided(t)
  const ended = rotate(setting)
  await setting.clock.waited()
  const back = await setting.login(first)
  await back?.outcome(status('Rejected'))
  assert.equal(word(await ended), 'refused')
  assert.ok(await setting.login(first), 'that is the password it has')
})

test('it does not come back to decide: nothing is offered, nothing is lost', async (t) => {
  const { setting, first } = await undecided(t)
  const ended = rotate(setting)
  await runOut(setting)
  assert.equal(word(await ended), 'not_connected')
  assert.equal(newKey(setting), first)
  assert.equal(await valid(setting), 'old and new')
})

test('[A01.FR.09] [A01.FR.11] every step is an event, and no password is in any of them', async (t) => {
  const { setting, session, ended } = await begin(t)
  await session.outcome(status('Accepted'))
  await setting.clock.waited()
  await setting.login(newKey(setting))
  const outcome = await ended
  const texts = setting.events.map(({ type, techInfo }) => `${type}: ${techInfo}`)
  assert.equal(texts.length, 2)
  for (const text of texts) assert.match(text, /^ReconfigurationOfSecurityParameters: password: /)
  const told = JSON.stringify([texts, outcome])
  for (const form of ['hex', 'base64', 'latin1'] as const) {
    assert.ok(!told.toLowerCase().includes(newKey(setting).toString(form).toLowerCase()))
  }
})
