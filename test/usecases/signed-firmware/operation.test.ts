import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createLogger } from '../../../src/observe/log.ts'
import type { Payload } from '../../../src/ocpp/message.ts'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import type { FirmwareEntry, FirmwareStore, FirmwareUpdate } from '../../../src/store/store.ts'
import type { OperationDeps } from '../../../src/usecases/operation/context.ts'
import type { UpdateFirmwareOptions } from '../../../src/usecases/operation/operation.ts'
import { createOperationTurns } from '../../../src/usecases/operation/turns.ts'
import { afterBootMs } from '../../../src/usecases/signed-firmware/plain-progress.ts'
import { createSignedFirmware } from '../../../src/usecases/signed-firmware/signed-firmware.ts'
import { firmwareEntry } from '../../store/contract/firmware.ts'
import { fakeSession } from '../../support/fake-session.ts'
import { manualClock } from '../operation/setting.ts'

const schemas = createMessageSchemas()
const log = createLogger('silent')

/** The operation over a store in memory, a session without sockets and time that a test lets pass. */
function setUp(_t: TestContext, entry: Partial<FirmwareEntry> = {}) {
  const clock = manualClock(1_795_000_000_000)
  const session = fakeSession({})
  const stopping = new AbortController()
  let update: FirmwareUpdate | null = null
  const known = firmwareEntry('v2', entry)
  const firmware = {
    get: async (name: string) => (name === 'v2' ? known : null),
    list: async () => [known],
    updateOf: async () => update,
    setUpdate: async (next: FirmwareUpdate) => {
      update = next
    },
  } as unknown as FirmwareStore
  const sessions = { get: () => session, all: () => [session] }
  const signed = createSignedFirmware({
    ...{ firmware, sessions, schemas, log },
    verifier: { verify: async () => [] },
    mode: () => 'answer',
    settings: () => ({ withoutEntry: 'pass', withoutSupport: 'plain' }),
    note: () => {},
    now: clock.now,
  })
  const common = {
    ...{ sessions, clock, log },
    registry: { get: async (identity: string) => ({ identity }) },
    arrivals: { watch: () => ({ close() {} }) },
    turns: createOperationTurns(),
    callTimeoutMs: () => 10_000,
    stopping: stopping.signal,
  } as unknown as OperationDeps
  const run = (more: Partial<UpdateFirmwareOptions> = {}) =>
    signed.operation(common)('CP1', { name: 'v2', origin: 'campaign', timeoutMs: 600_000, ...more })
  const says = (action: string, payload: Payload) =>
    signed.useCase.onCall?.({ direction: 'to-central-system', id: '1', action, payload }, session)
  return {
    clock,
    session,
    stopping,
    run,
    says,
    get update() {
      return update
    },
    change(more: Partial<FirmwareUpdate>) {
      assert.ok(update !== null)
      update = { ...update, ...more }
    },
  }
}

const answered = (status: string) => ({ kind: 'result', payload: { status } }) as const

test('[L01.FR.20] an end that another replica has heard is found in the store', async (t) => {
  const s = setUp(t)
  const ended = s.run()
  await s.session.outcome(answered('Accepted'))
  await s.clock.waited()
  s.change({ status: 'Installed' })
  s.clock.advance(15_000)
  assert.partialDeepStrictEqual(await ended, { ok: true })
})

test('[L01.FR.20] what a campaign has begun is followed, and not sent again', async (t) => {
  const s = setUp(t)
  const first = s.run()
  const { payload } = await s.session.outcome(answered('Accepted'))
  await s.clock.waited()
  s.stopping.abort()
  assert.partialDeepStrictEqual(await first, { ok: false, code: 'draining' })
  const other = setUp(t)
  const again = other.run()
  await other.session.outcome(answered('Accepted'))
  await other.clock.waited()
  other.change({ status: 'Installed' })
  other.clock.advance(15_000)
  await again
  const third = await other.run()
  assert.partialDeepStrictEqual(third, { ok: true })
  assert.equal(other.session.calls.length, 1, 'it is there already')
  assert.ok(Number.isInteger(payload.requestId))
})

test('an image that was added anew under its name is another one', async (t) => {
  const s = setUp(t, { addedAt: 1_795_000_050_000 })
  const first = s.run()
  await s.session.outcome(answered('Accepted'))
  await s.clock.waited()
  s.change({ status: 'Installed' })
  s.clock.advance(15_000)
  await first
  const second = s.run()
  await s.session.outcome(answered('Rejected'))
  assert.partialDeepStrictEqual(await second, { ok: false, code: 'refused' })
  assert.equal(s.session.calls.length, 2)
})

test('an operator hears at the end of his time how it stands', async (t) => {
  const s = setUp(t)
  const ended = await Promise.all([
    s.run({ origin: 'operator', timeoutMs: 30 }),
    s.session.outcome(answered('Accepted')),
  ])
  assert.partialDeepStrictEqual(ended[0], { ok: true })
  assert.match(ended[0].detail, /goes on: it has reported no end so far/)
})

test('a campaign for later is done with what was accepted, one for now is not', async (t) => {
  for (const [installAt, ok] of [
    [1_795_999_000_000, true],
    [undefined, false],
  ] as const) {
    const s = setUp(t)
    const more = installAt === undefined ? {} : { installAt }
    const [outcome] = await Promise.all([
      s.run({ timeoutMs: 30, ...more }),
      s.session.outcome(answered('Accepted')),
    ])
    assert.equal(outcome.ok, ok)
    if (!outcome.ok) assert.equal(outcome.code, 'update_pending')
  }
})

test('an image is not installed before it may be fetched', async (t) => {
  const s = setUp(t)
  const outcome = await s.run({ retrieveAt: 2_000, installAt: 1_999 })
  assert.partialDeepStrictEqual(outcome, { ok: false, code: 'prerequisite' })
  assert.equal(s.session.calls.length, 0)
})

test('a location with a * has to be said, and another one is refused', async (t) => {
  const s = setUp(t, { location: 'https://files.example/*.bin' })
  assert.partialDeepStrictEqual(await s.run(), { ok: false, code: 'prerequisite' })
  const elsewhere = await s.run({ location: 'https://evil.example/v2.bin' })
  assert.match(elsewhere.detail, /v2 is not for this location/)
  assert.match((await s.run({ name: 'v9' })).detail, /there is no firmware v9/)
  assert.deepEqual([s.session.calls, s.update], [[], null])
})

/** One without L01: it takes the plain message. */
async function plain(t: TestContext) {
  const s = setUp(t, {})
  const ended = s.run({ timeoutMs: 3_600_000 })
  await s.session.outcome({ kind: 'error', code: 'NotImplemented', description: '', details: {} })
  await s.session.outcome({ kind: 'result', payload: {} })
  const status = (name: string) => s.says('FirmwareStatusNotification', { status: name })
  const boot = (firmwareVersion?: unknown) => s.says('BootNotification', { firmwareVersion })
  /** A turn of the event loop: what was to be heard is heard. */
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  let outcome: Awaited<typeof ended> | null = null
  void ended.then((one) => {
    outcome = one
  })
  await turn()
  return { ...s, ended, status, boot, turn, isOver: () => outcome !== null }
}

test('a plain update whose charge point starts again and says no more ends, and is no success', async (t) => {
  const s = await plain(t)
  for (const name of ['Downloading', 'Downloaded', 'Installing']) await s.status(name)
  await s.boot('2.0"\n')
  // Asked by the central system; no step of the update.
  await s.status('Idle')
  await s.turn()
  s.clock.advance(afterBootMs - 1)
  await s.turn()
  assert.equal(s.isOver(), false, 'it may still report')
  s.clock.advance(1)
  assert.deepEqual(await s.ended, {
    ...{ ok: false, code: 'not_verified' },
    detail:
      'it reported Installing, has started again with firmwareVersion "2.0\\"\\n", and has not reported Installed since (plain UpdateFirmware)',
  })
  // Nobody waits any more.
  await s.boot('2.0')
  await s.status('Installed')
})

test('[OCPP 1.6 6.49] a plain update is done with Installed alone, also behind a restart', async (t) => {
  const s = await plain(t)
  // Before it has the image a restart means nothing.
  await s.boot('1.0')
  await s.status('Downloading')
  await s.boot('1.0')
  await s.turn()
  s.clock.advance(2 * afterBootMs)
  await s.turn()
  assert.equal(s.isOver(), false)
  await s.status('Downloaded')
  await s.boot()
  await s.turn()
  s.clock.advance(afterBootMs - 1)
  // It goes on: the restart was for the installation.
  await s.status('Installing')
  s.clock.advance(afterBootMs)
  await s.turn()
  assert.equal(s.isOver(), false)
  await s.boot(7)
  await s.status('Installed')
  assert.deepEqual(await s.ended, { ok: true, detail: 'it reported Installed (plain UpdateFirmware)' })
})

test('a campaign is told what a plain update reported last', async (t) => {
  const s = setUp(t)
  const ended = s.run({ timeoutMs: 200 })
  await s.session.outcome({ kind: 'error', code: 'NotSupported', description: '', details: {} })
  await s.session.outcome({ kind: 'result', payload: {} })
  await s.says('FirmwareStatusNotification', { status: 'Installing' })
  const outcome = await ended
  assert.partialDeepStrictEqual(outcome, { ok: false, code: 'update_pending' })
  assert.match(outcome.detail, /its last status is Installing \(plain UpdateFirmware\)/)
})
