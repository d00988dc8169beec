import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createLogger } from '../../../src/observe/log.ts'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import type { FirmwareEntry, FirmwareStore, FirmwareUpdate } from '../../../src/store/store.ts'
import type { OperationDeps } from '../../../src/usecases/operation/context.ts'
import type { UpdateFirmwareOptions } from '../../../src/usecases/operation/operation.ts'
import { createOperationTurns } from '../../../src/usecases/operation/turns.ts'
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
  return {
    clock,
    session,
    stopping,
    run,
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

test('a location with a * has to be said, and another one is refused', async (t) => {
  const s = setUp(t, { location: 'https://files.example/*.bin' })
  assert.partialDeepStrictEqual(await s.run(), { ok: false, code: 'prerequisite' })
  const elsewhere = await s.run({ location: 'https://evil.example/v2.bin' })
  assert.match(elsewhere.detail, /v2 is not for this location/)
  assert.match((await s.run({ name: 'v9' })).detail, /there is no firmware v9/)
  assert.deepEqual([s.session.calls, s.update], [[], null])
})
