import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { ProxyEvent } from '../../../src/events/proxy-event.ts'
import type { Logger } from '../../../src/observe/log.ts'
import { expectedOnboarding, type OnboardingVia } from '../../../src/policy/onboarding.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { createOnboarding } from '../../../src/usecases/onboarding/onboarding.ts'
import type { OperationOutcome } from '../../../src/usecases/operation/operation.ts'
import { storePath } from '../../store/sqlite/folder.ts'
import { type FakeSession, fakeSession } from '../../support/fake-session.ts'
import { manualClock } from '../operation/setting.ts'

const quiet = { info() {}, warn() {}, error() {} } as unknown as Logger
const minute = 60_000
const refusal: OperationOutcome = { ok: false, code: 'refused', detail: 'it answered Rejected' }

/** CP1 in onboarding on profile 2 by password; `outcomes` are those of rotatePassword, in order. */
async function setUp(t: TestContext, via: OnboardingVia = 'password', outcomes = [refusal]) {
  const clock = manualClock()
  const store = openSqliteStore(storePath(t), { now: clock.now })
  await store.registry.add('CP1', { onboarding: expectedOnboarding(via, null, clock.now()) })
  const events: ProxyEvent[] = []
  const tries: string[] = []
  let live: FakeSession | null = null
  const turn = (what: string) => {
    tries.push(what)
    return Promise.resolve(outcomes[tries.length - 1] ?? refusal)
  }
  const onboarding = createOnboarding({
    registry: store.registry,
    sessions: { get: () => live, all: () => (live === null ? [] : [live]) },
    operations: {
      rotatePassword: () => turn('password'),
      upgradeProfile: () => turn('profile'),
      renewCertificate: () => turn('certificate'),
    },
    transactions: { hasOpen: () => false, onIdle: () => () => {} },
    clock,
    settings: () => ({
      bootInterval: 30_000,
      timeout: 5 * minute,
      sessionTimeout: 10 * minute,
      retry: { initial: minute, max: 3 * minute },
      sessions: 1,
      unknownChargePoints: 'refuse',
      expiredCertificates: 'admit',
    }),
    cpoName: () => 'Example CPO',
    served: () => new Set([2, 3] as const),
    callTimeoutMs: () => 10_000,
    note: (event) => events.push(event),
    log: quiet,
    sessionsGauge: { set() {} },
    counted() {},
    bootPatienceMs: 10_000,
  })
  t.after(async () => {
    onboarding.stop()
    await settled()
    await store.close()
  })
  const { useCase } = onboarding
  const connect = (facts: Partial<FakeSession['facts']> = { stage: 'onboarding' }) => {
    if (live !== null) {
      live.isOpen = false
      useCase.ended?.(live)
    }
    live = fakeSession({ credential: 'current', ...facts })
    useCase.started?.(live)
    return live
  }
  const boot = async (session: FakeSession) => {
    const call = { direction: 'to-central-system', id: '1', action: 'BootNotification', payload: {} } as const
    const fate = await useCase.onCall?.(call, session)
    await settled()
    return fate?.kind === 'answer' && fate.answer.kind === 'result' ? fate.answer.payload : null
  }
  const state = async () => (await store.registry.get('CP1'))?.onboarding
  return { store, clock, events, tries, onboarding, connect, boot, state }
}

/** Everything that waits for nothing but the store is done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
}

test('[A00.FR.806] a boot begins it, and a failure waits for a boot after its time', async (t) => {
  const { clock, events, tries, connect, boot, state } = await setUp(t)
  const session = connect()
  assert.partialDeepStrictEqual(await boot(session), { status: 'Pending', interval: 30 })
  assert.deepEqual(tries, ['password'])
  assert.partialDeepStrictEqual(await state(), {
    state: 'failed',
    failures: 1,
    detail: 'gets a new password (A01): it answered Rejected',
    notBefore: clock.now() + minute,
  })
  assert.deepEqual(
    events.map(({ type }) => type),
    ['OnboardingFailed'],
  )
  clock.advance(30_000)
  assert.partialDeepStrictEqual(await boot(session), { status: 'Pending', interval: 30 })
  assert.equal(tries.length, 1, 'too early')
  clock.advance(30_000)
  await boot(session)
  assert.equal(tries.length, 2)
  assert.partialDeepStrictEqual(await state(), { failures: 2, notBefore: clock.now() + 2 * minute })
  // Longer than the interval of the configuration: it need not come before.
  assert.partialDeepStrictEqual(await boot(session), { interval: 120 })
  assert.equal(session.isOpen, true)
})

test('[OCPP 1.6 4.2] one that reconnects without a boot is begun with after a while', async (t) => {
  const { clock, tries, connect } = await setUp(t)
  connect()
  await settled()
  clock.advance(9_000)
  await settled()
  assert.deepEqual(tries, [])
  clock.advance(1_000)
  await settled()
  assert.deepEqual(tries, ['password'])
})

test('[CWE-770] sessions have an end, and a number', async (t) => {
  const { clock, onboarding, connect } = await setUp(t)
  assert.equal(onboarding.hasRoom(), true)
  const session = connect()
  assert.equal(onboarding.hasRoom(), false)
  await settled()
  clock.advance(10_000)
  await settled()
  clock.advance(10 * minute)
  await settled()
  assert.deepEqual(
    session.ends.map(({ code }) => code),
    [1001],
  )
  onboarding.useCase.ended?.(session)
  assert.equal(onboarding.hasRoom(), true)
})

test('[A00.FR.431] who is in service does not wait connected', async (t) => {
  const { connect, boot } = await setUp(t, 'expired-certificate')
  const session = connect({ stage: 'onboarding', profile: 3, certificate: 'aa', credential: null })
  const booted = boot(session)
  // CpoName, which goes out before the request is asked for.
  await session.outcome({ kind: 'result', payload: { status: 'Accepted' } })
  await booted
  await settled()
  assert.deepEqual(
    session.ends.map(({ code }) => code),
    [1001],
  )
})

test('an onboarding that an operator ends meanwhile has not failed', async (t) => {
  const { store, events, connect, boot, state } = await setUp(t, 'certificate')
  const session = connect({ stage: 'onboarding', profile: 3, certificate: 'aa', credential: null })
  const booted = boot(session)
  await settled()
  await store.registry.update('CP1', { onboarding: null })
  await session.outcome({ kind: 'result', payload: { status: 'Accepted' } })
  await booted
  await settled()
  assert.equal(await state(), null)
  assert.deepEqual(events, [])
})

test('what is not in onboarding is none of its business', async (t) => {
  const { onboarding, connect } = await setUp(t)
  const session = connect({})
  const call = { direction: 'to-central-system', id: '1', action: 'Heartbeat', payload: {} } as const
  assert.deepEqual(await onboarding.useCase.onCall?.(call, session), { kind: 'forward' })
  assert.equal(onboarding.hasRoom(), true)
})

test('[A00.FR.805] the end is told with the connection that is it, whoever has made it', async (t) => {
  const { events, connect, onboarding } = await setUp(t)
  connect({ isOnboarded: true, profile: 3 })
  assert.deepEqual(
    events.map(({ type, techInfo }) => [type, techInfo]),
    [['OnboardingDone', 'onboarding: it is on profile 3 with credentials of the operator [A00.FR.805]']],
  )
  assert.equal(onboarding.hasRoom(), true, 'it is held no longer')
})
