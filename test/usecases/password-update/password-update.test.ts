import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Answer } from '../../../src/relay/use-case.ts'
import { unseal } from '../../../src/store/seal.ts'
import { callError, type Setting, sealingKey, setUp, status } from '../operation/setting.ts'

/** A01 as the central system starts it, seen passing. */

const first = randomBytes(20)
const second = randomBytes(20)
const set = (setting: Setting, value: unknown, key = 'AuthorizationKey') =>
  setting.pass('ChangeConfiguration', { key, value })
const rejected = { kind: 'answer', answer: { kind: 'result', payload: { status: 'Rejected' } } }

test('[A01.FR.02] [A01.FR.03] stored before it goes on, and the only one once it was accepted', async (t) => {
  const setting = await setUp(t)
  await setting.login(setting.password)
  const { fate, answer } = await set(setting, first.toString('hex'))
  assert.equal(fate.kind, 'forward')
  assert.equal((await setting.record()).credentialChange?.phase, 'offered')
  await answer(status('Accepted'))
  assert.equal((await setting.record()).credentialChange, null)
  assert.equal(await setting.login(setting.password), null)
  assert.ok(await setting.login(first))
})

for (const answer of [status('Rejected'), status('NotSupported'), callError]) {
  test(`[A01.FR.04] ${JSON.stringify(answer)}: the old one stays`, async (t) => {
    const setting = await setUp(t)
    await setting.login(setting.password)
    const passed = await set(setting, first.toString('hex'))
    await passed.answer(answer)
    assert.equal(await setting.login(first), null)
    assert.ok(await setting.login(setting.password))
  })
}

test('[A01.FR.03] no answer, one without a status, RebootRequired: both are valid until one is seen', async (t) => {
  for (const answer of [null, status('?'), status('RebootRequired')]) {
    for (const had of ['old', 'new'] as const) {
      const setting = await setUp(t)
      await setting.login(setting.password)
      await (await set(setting, first.toString('hex'))).answer(answer)
      assert.ok(await setting.login(had === 'old' ? setting.password : first))
      assert.equal((await setting.login(setting.password)) === null, had === 'new')
    }
  }
})

test('[A00.FR.205] the value: hexadecimal of either case, or text; the key in any case', async (t) => {
  const values: [string, Buffer][] = [
    [first.toString('hex').toUpperCase(), first],
    ['sixteen letters!', Buffer.from('sixteen letters!')],
    ['short', Buffer.from('short')],
  ]
  for (const [value, password] of values) {
    const setting = await setUp(t)
    await setting.login(setting.password)
    const passed = await set(setting, value, 'authorizationKEY')
    await passed.answer(status('Accepted'))
    assert.ok(await setting.login(password), value)
  }
})

test('[CWE-20] what cannot be a password is refused here, because whoever took it could not log in again', async (t) => {
  const setting = await setUp(t)
  await setting.login(setting.password)
  for (const value of ['', 'x'.repeat(256), undefined, null, 12, {}, ['a']]) {
    assert.deepEqual((await set(setting, value)).fate, rejected)
  }
  assert.equal((await setting.record()).credentialChange, null)
  assert.ok(setting.events.every(({ type }) => type === 'MessageRefused'))
  assert.equal(setting.events.length, 1, 'CWE-770: once a minute')
  setting.clock.advance(60_000)
  await set(setting, '')
  assert.match(setting.events[1]?.techInfo ?? '', /and 6 times since/)
  for (const key of ['HeartbeatInterval', undefined, 7]) {
    assert.deepEqual((await setting.pass('ChangeConfiguration', { key, value: '' })).fate, {
      kind: 'forward',
    })
  }
})

test('a second password is refused while the first has no answer, and while nobody knows which one it has', async (t) => {
  const setting = await setUp(t)
  await setting.login(setting.password)
  const open = await set(setting, first.toString('hex'))
  assert.deepEqual((await set(setting, second.toString('hex'))).fate, rejected)
  const rotated = await setting.changes.operations.rotatePassword('CP1', {
    origin: 'operator',
    timeoutMs: 1000,
    reset: false,
  })
  assert.ok(!rotated.ok && rotated.code === 'busy')
  await open.answer(null)
  assert.deepEqual((await set(setting, second.toString('hex'))).fate, rejected)
  await setting.login(setting.password)
  const next = await set(setting, second.toString('hex'))
  assert.equal(next.fate.kind, 'forward', 'its login has decided')
  await next.answer(status('Accepted'))
  assert.ok(await setting.login(second))
})

test('a central system that repeats what was not answered is not refused, and a refusal of the repeat decides nothing', async (t) => {
  for (const [answers, valid] of [
    [[null, status('Accepted')], 'new'],
    [[null, status('Rejected')], 'both'],
    [[status('Accepted'), status('Rejected')], 'new'],
    [[status('Rejected'), status('Accepted')], 'new'],
  ] as const) {
    const setting = await setUp(t)
    await setting.login(setting.password)
    const one = await set(setting, first.toString('hex'))
    const two = await set(setting, first.toString('hex'))
    assert.deepEqual([one.fate.kind, two.fate.kind], ['forward', 'forward'])
    await one.answer(answers[0])
    await two.answer(answers[1])
    const change = (await setting.record()).credentialChange
    assert.equal(change === null ? 'new' : 'both', valid, JSON.stringify(answers))
    assert.ok(await setting.login(first))
  }
})

test('the same again after the first had no answer', async (t) => {
  const setting = await setUp(t)
  await setting.login(setting.password)
  await (await set(setting, first.toString('hex'))).answer(null)
  const again = await set(setting, first.toString('hex'))
  assert.equal(again.fate.kind, 'forward')
  await again.answer(status('Rejected'))
  assert.ok(await setting.login(first), 'the first may have been taken')
})

test('perChargePoint: the central system expects what it has set, from the charge point that has it', async (t) => {
  const setting = await setUp(t, { centralSystem: { authorization: 'perChargePoint' } })
  await setting.store.registry.update('CP1', { upstreamSecret: 'sealed' })
  await setting.login(setting.password)
  const passed = await set(setting, first.toString('hex'))
  assert.equal((await setting.record()).upstreamSecret, 'sealed')
  await passed.answer(status('Accepted'))
  const sealed = (await setting.record()).upstreamSecret ?? ''
  assert.deepEqual(unseal(sealingKey, 'CP1', sealed), first)
})

test('settling: what an answer left open is ended when its grace is over, never against who was away', async (t) => {
  const day = 86_400_000
  const cases: [string, (setting: Setting) => Promise<unknown>, string][] = [
    ['away since the offer', async (setting) => setting.disconnect(), 'both'],
    ['on the session of the offer still', async () => {}, 'both'],
    ['back with the old one', async (setting) => setting.login(setting.password), 'old'],
    ['back with a certificate', async (setting) => setting.connect(3, null), 'both'],
  ]
  for (const [name, meanwhile, expected] of cases) {
    const setting = await setUp(t)
    await setting.login(setting.password)
    setting.clock.advance(5)
    await (await set(setting, first.toString('hex'))).answer(status('?'))
    setting.clock.advance(5)
    await meanwhile(setting)
    setting.clock.advance(day - 10)
    await setting.changes.settle()
    assert.notEqual((await setting.record()).credentialChange, null, `${name}: not yet`)
    setting.clock.advance(20)
    await setting.changes.settle()
    const change = (await setting.record()).credentialChange
    assert.equal(change === null ? 'old' : 'both', expected, name)
    if (expected === 'both') assert.ok(await setting.login(first), name)
    assert.ok(expected === 'both' || (await setting.login(setting.password)) !== null, name)
  }
})

test('[A01.FR.03] settling: a grace after Accepted ends the old one; also after a restart', async (t) => {
  const passwords = { acceptedGrace: 1000, unansweredGrace: 5000 }
  const setting = await setUp(t, { passwords })
  await setting.login(setting.password)
  await (await set(setting, first.toString('hex'))).answer(status('Accepted'))
  setting.restart()
  setting.clock.advance(999)
  await setting.changes.settle()
  assert.notEqual((await setting.record()).credentialChange, null)
  setting.clock.advance(1)
  await setting.changes.settle()
  assert.equal((await setting.record()).credentialChange, null)
  assert.equal(await setting.login(setting.password), null)
  assert.ok(await setting.login(first))
})

test('[A01.FR.03] RebootRequired: whenever it restarts, both are valid until the new one is seen, and one event a day says so', async (t) => {
  const day = 86_400_000
  for (const isAway of [false, true]) {
    const setting = await setUp(t)
    await setting.login(setting.password)
    await (await set(setting, first.toString('hex'))).answer(status('RebootRequired'))
    if (isAway) setting.disconnect()
    setting.clock.advance(day)
    const before = setting.events.length
    for (let minute = 0; minute < 3; minute += 1) await setting.changes.settle()
    assert.equal(setting.events.length - before, isAway ? 0 : 1)
    assert.ok(await setting.login(setting.password), 'not restarted yet')
    setting.clock.advance(day)
    await setting.changes.settle()
    assert.match(setting.events.at(-1)?.techInfo ?? '', /waits for a restart/)
    assert.ok(await setting.login(first), 'restarted')
    assert.equal(await setting.login(setting.password), null)
    assert.equal((await setting.record()).credentialChange, null)
  }
})

test('[A01.FR.03] [A01.FR.04] no answer, and it keeps its connection: made to log in again, and that decides', async (t) => {
  for (const had of ['old', 'new'] as const) {
    const setting = await setUp(t)
    const session = await setting.login(setting.password)
    assert.ok(session !== null)
    await set(setting, first.toString('hex'))
    setting.clock.advance(86_400_000)
    await setting.changes.settle()
    await setting.changes.settle()
    assert.deepEqual(
      session.ends.map(({ code }) => code),
      [1001],
    )
    assert.ok(await setting.login(had === 'old' ? setting.password : first))
    await setting.changes.settle()
    assert.equal((await setting.record()).credentialChange, null)
    assert.ok(await setting.login(had === 'old' ? setting.password : first))
  }
})

const unclear: Answer[] = [
  { kind: 'error', code: 'FormationViolation', description: '', details: {}, origin: 'proxy' },
  { kind: 'error', code: 'InternalError', description: '', details: {} },
  { kind: 'error', code: 'GenericError', description: '', details: {} },
  { kind: 'error', code: 'Timeout', description: '', details: {} },
]
for (const answer of unclear) {
  test(`[A01.FR.03] [A01.FR.04] ${JSON.stringify(answer)}: it may have taken it, both are valid`, async (t) => {
    for (const had of ['old', 'new'] as const) {
      const setting = await setUp(t)
      await setting.login(setting.password)
      await (await set(setting, first.toString('hex'))).answer(answer)
      assert.ok(await setting.login(had === 'old' ? setting.password : first))
    }
  })
}

test('settling: changes that nobody can decide hide no younger ones behind them', async (t) => {
  const setting = await setUp(t, { passwords: { acceptedGrace: 0, unansweredGrace: 60_000 } })
  const { registry } = setting.store
  const credential = (await setting.record()).credential
  assert.ok(credential !== null)
  const identities = Array.from({ length: 510 }, (_, index) => `CP of many ${index}`)
  await registry.addAll(identities.map((identity) => ({ identity, fields: { credential } })))
  const offer = { next: credential, nextUpstreamSecret: null, origin: 'campaign' } as const
  for (const identity of identities)
    await registry.beginCredentialChange(identity, offer, setting.clock.now())
  setting.clock.advance(1)
  const { startedAt } = await registry.beginCredentialChange('CP1', offer, setting.clock.now())
  await registry.stepCredentialChange('CP1', startedAt, 'accepted', setting.clock.now())
  setting.clock.advance(1)
  await setting.changes.settle()
  assert.equal((await setting.record()).credentialChange, null)
})

test('[A01.FR.09] no event of all this holds a password, or what was refused as one', async (t) => {
  const setting = await setUp(t)
  await setting.login(setting.password)
  const long = 'a secret that is too long '.repeat(20)
  await set(setting, long)
  await (await set(setting, 'plain text secret')).answer(status('Accepted'))
  const told = JSON.stringify(setting.events)
  assert.ok(setting.events.length >= 3)
  for (const secret of ['a secret', 'plain text secret']) assert.ok(!told.includes(secret))
})

test('[A01.FR.03] an answer after the grace, and a repeat after it, still count', async (t) => {
  for (const isRepeated of [false, true]) {
    const setting = await setUp(t)
    await setting.login(setting.password)
    const late = await set(setting, first.toString('hex'))
    const startedAt = (await setting.record()).credentialChange?.startedAt ?? 0
    await setting.store.registry.stepCredentialChange('CP1', startedAt, 'revert', setting.clock.now())
    assert.equal((await setting.record()).credentialChange, null, 'given up')
    const repeat = isRepeated ? await set(setting, first.toString('hex')) : null
    assert.equal((await setting.record()).credentialChange !== null, isRepeated, 'on disk before it goes out')
    await (repeat ?? late).answer(status('Accepted'))
    assert.ok(await setting.login(first))
    assert.equal(await setting.login(setting.password), null)
  }
})
