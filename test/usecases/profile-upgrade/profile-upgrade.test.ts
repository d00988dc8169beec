import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callError, listenersOf, type Setting, setUp, status } from '../operation/setting.ts'

/** A00.FR.005 and A05 as the central system starts it, seen passing. */

const rejected = { kind: 'answer', answer: { kind: 'result', payload: { status: 'Rejected' } } }
const ask = (setting: Setting, value: unknown) =>
  setting.pass('ChangeConfiguration', { key: 'SecurityProfile', value })
const kept = async (setting: Setting) => {
  const { securityProfile, upgradeTo } = await setting.record()
  return [securityProfile, upgradeTo]
}

test('[A00.FR.005] what would lower the profile never reaches the charge point, and is an event', async (t) => {
  const setting = await setUp(t)
  await setting.login(setting.password)
  for (const value of ['0', '1', '2', 'x', 4]) assert.deepEqual((await ask(setting, value)).fate, rejected)
  const data = '{"key":"SecurityProfile","value":"1"}'
  assert.deepEqual((await setting.pass('DataTransfer', { vendorId: 'v', data })).fate, rejected)
  assert.deepEqual(await kept(setting), [2, null])
  assert.equal(setting.events.length, 5, 'x and 4 are the same fault: one event a minute (CWE-770)')
  for (const event of setting.events)
    assert.deepEqual([event.type, event.identity], ['MessageRefused', 'CP1'])
  assert.deepEqual((await setting.pass('DataTransfer', { vendorId: 'v', data: '1' })).fate, {
    kind: 'forward',
  })
})

test('[A00.FR.005] the profile of the session counts where it is higher than the kept one', async (t) => {
  const setting = await setUp(t)
  await setting.store.registry.update('CP1', { securityProfile: null })
  setting.connect(2)
  assert.deepEqual((await ask(setting, '2')).fate, rejected)
})

test('[A05.FR.05] a higher one is admitted before it goes on, and stays so until it came', async (t) => {
  const setting = await setUp(t)
  await setting.login(setting.password)
  const { fate, answer } = await ask(setting, '3')
  assert.equal(fate.kind, 'forward')
  assert.deepEqual(await kept(setting), [2, 3])
  await answer(status('Accepted'))
  assert.deepEqual(await kept(setting), [2, 3])
})

for (const answer of [status('Rejected'), status('NotSupported'), callError]) {
  test(`[A05.FR.01] refused with ${JSON.stringify(answer)}: as it was`, async (t) => {
    const setting = await setUp(t)
    await setting.login(setting.password)
    await (await ask(setting, '3')).answer(answer)
    assert.deepEqual(await kept(setting), [2, null])
    await setting.store.registry.update('CP1', { upgradeTo: 3 })
    await (await ask(setting, '3')).answer(answer)
    assert.deepEqual(await kept(setting), [2, 3], 'what an operator has opened stays open')
  })
}

test('[A05.FR.08] back on the old profile: the door is shut again; without an answer, too', async (t) => {
  for (const answer of [status('Accepted'), null]) {
    const setting = await setUp(t)
    await setting.login(setting.password)
    await (await ask(setting, '3')).answer(answer)
    await setting.login(setting.password)
    await assertKept(setting, [2, null])
  }
})

for (const [name, answer] of [
  ['it answered RebootRequired', status('RebootRequired')],
  ['its answer died with the proxy', 'killed'],
] as const) {
  test(`[A05.FR.08] ${name}: back on the old profile says nothing for a day, and then the door is shut`, async (t) => {
    const setting = await setUp(t)
    await setting.login(setting.password)
    const asked = await ask(setting, '3')
    if (answer === 'killed') setting.restart()
    else await asked.answer(answer)
    setting.clock.advance(day - 1)
    await setting.login(setting.password)
    await settled()
    assert.deepEqual(await kept(setting), [2, 3])
    setting.clock.advance(1)
    await setting.login(setting.password)
    await assertKept(setting, [2, null])
  })
}

test('[A00.FR.005] what an operator has opened, no session shuts', async (t) => {
  const setting = await setUp(t)
  await setting.store.registry.update('CP1', { upgradeTo: 3 })
  setting.clock.advance(2 * day)
  await setting.login(setting.password)
  await settled()
  assert.deepEqual(await kept(setting), [2, 3])
})

const day = 86_400_000

/** Time enough for what is stored behind the start of a session. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** The end of an upgrade is stored behind the start of a session. */
async function assertKept(setting: Setting, expected: readonly unknown[]): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    if (JSON.stringify(await kept(setting)) === JSON.stringify(expected)) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(await kept(setting), expected)
}

test('[A05.FR.09] reached: the ratchet has moved, and an event says so', async (t) => {
  const setting = await setUp(t)
  await setting.store.registry.update('CP1', { securityProfile: 1 })
  await setting.login(setting.password, 1)
  await (await ask(setting, '2')).answer(status('Accepted'))
  await setting.login(setting.password, 2)
  assert.deepEqual(await kept(setting), [2, null])
  assert.ok(setting.events.some(({ techInfo }) => techInfo.includes('reached 2')))
  assert.deepEqual((await ask(setting, '1')).fate, rejected)
})

test('[A05.FR.02] where nothing listens, or no password is stored, the charge point could not go', async (t) => {
  const setting = await setUp(t, { listeners: listenersOf(1, 2) })
  await setting.login(setting.password)
  assert.deepEqual((await ask(setting, '3')).fate, rejected)
  await setting.store.registry.update('CP1', { securityProfile: 0, credential: null })
  setting.connect(0, null)
  assert.deepEqual((await ask(setting, '2')).fate, rejected)
})

test('[A00.FR.005] edition 4 lowers 3 to 2 where it is allowed, and keeps the way back until it came', async (t) => {
  const allowed = { timeout: 1, openFor: 86_400_000, allowSecurityProfileDowngrade: true }
  for (const [edition, expected] of [
    [3, 'answer'],
    [4, 'forward'],
  ] as const) {
    const setting = await setUp(t, { edition, profileUpgrade: allowed })
    await setting.store.registry.update('CP1', { securityProfile: 3 })
    setting.connect(3, null)
    assert.deepEqual((await ask(setting, '1')).fate, rejected)
    const { fate, answer } = await ask(setting, '2')
    assert.equal(fate.kind, expected)
    await answer(status('Accepted'))
    if (expected === 'answer') continue
    assert.deepEqual(await kept(setting), [2, 3])
    await setting.login(setting.password, 2)
    await assertKept(setting, [2, null])
  }
})

test('[A00.FR.005] edition 4: refused by the charge point, nothing is lowered', async (t) => {
  const setting = await setUp(t, {
    edition: 4,
    profileUpgrade: { timeout: 1, openFor: 86_400_000, allowSecurityProfileDowngrade: true },
  })
  await setting.store.registry.update('CP1', { securityProfile: 3 })
  setting.connect(3, null)
  await (await ask(setting, '2')).answer(status('Rejected'))
  assert.deepEqual(await kept(setting), [3, null])
})
