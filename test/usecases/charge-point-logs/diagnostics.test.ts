import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallFate, CallOutcome } from '../../../src/relay/use-case.ts'
import { fakeSession } from '../../support/fake-session.ts'
import { logSetting, result } from './setting.ts'

const toChargePoint = 'to-charge-point'
const diagnostics = {
  location: 'ftp://files.example/in',
  retries: 2,
  retryInterval: 30,
  startTime: '2026-11-01T00:00:00Z',
  stopTime: '2026-11-02T00:00:00Z',
}
const answered = (payload: object): CallOutcome => ({ kind: 'result', payload: { ...payload } })
const refusedWith = (code: string): CallOutcome => ({ kind: 'error', code, description: '', details: {} })

test('[N01.FR.01] GetDiagnostics becomes GetLog, and the answer its own', async (t) => {
  const { send, archive } = logSetting(t)
  for (const [answer, expected] of [
    [{ status: 'Accepted', filename: 'a.log' }, { fileName: 'a.log' }],
    [{ status: 'AcceptedCanceled', filename: 'a.log' }, { fileName: 'a.log' }],
    [{ status: 'Accepted' }, {}],
    [{ status: 'Accepted', filename: 'x'.repeat(256) }, {}],
    [{ status: 'Rejected', filename: 'a.log' }, {}],
  ] as const) {
    const session = fakeSession()
    const fate = send(session, toChargePoint, 'GetDiagnostics', diagnostics)
    const { action, payload } = await session.outcome(answered(answer))
    assert.equal(action, 'GetLog')
    const { requestId, ...rest } = payload
    assert.deepEqual(rest, {
      ...{ logType: 'DiagnosticsLog', retries: 2, retryInterval: 30 },
      log: {
        remoteLocation: diagnostics.location,
        oldestTimestamp: diagnostics.startTime,
        latestTimestamp: diagnostics.stopTime,
      },
    })
    assert.deepEqual(await fate, result(expected))
    const record = await archive.find('CP1', Number(requestId))
    assert.partialDeepStrictEqual(record, { origin: 'central-system', answer: answer.status })
  }
})

test('[N01.FR.01] a charge point that does not know GetLog gets the words of the central system, and is asked once', async (t) => {
  const { send } = logSetting(t)
  for (const code of ['NotImplemented', 'NotSupported', 'SecurityError']) {
    const session = fakeSession()
    const fate = send(session, toChargePoint, 'GetDiagnostics', diagnostics)
    await session.outcome(refusedWith(code))
    assert.deepEqual(await fate, { kind: 'forward' })
    assert.equal(await send(session, toChargePoint, 'GetDiagnostics', diagnostics), null)
    assert.equal(session.calls.length, 1)
  }
})

test('[N01.FR.01] without an answer the central system hears of an error, and nothing is sent twice', async (t) => {
  const { send } = logSetting(t)
  for (const outcome of [
    { kind: 'no-answer', detail: '' },
    { kind: 'not-sent', detail: '' },
    answered({ status: 'Perhaps' }),
    refusedWith('InternalError'),
  ] as const) {
    const session = fakeSession()
    const fate = send(session, toChargePoint, 'GetDiagnostics', diagnostics)
    await session.outcome(outcome)
    assert.partialDeepStrictEqual(await fate, { kind: 'answer', answer: { code: 'InternalError' } })
  }
})

test('off by default, and where there is no folder; what GetLog has no room for passes', async (t) => {
  const { send, settings } = logSetting(t)
  const session = fakeSession()
  const long = { location: `ftp://a/${'b'.repeat(600)}` }
  // What breaks the schema must not reach a charge point in our name.
  const badTime = { ...diagnostics, startTime: 'yesterday' }
  for (const payload of [long, {}, { location: 5 }, badTime])
    assert.deepEqual(await send(session, toChargePoint, 'GetDiagnostics', payload), { kind: 'forward' })
  const trigger = { requestedMessage: 'Heartbeat' }
  const other = fakeSession()
  assert.deepEqual(await send(other, toChargePoint, 'TriggerMessage', trigger), { kind: 'forward' })
  settings.translates = false
  assert.equal(await send(other, toChargePoint, 'GetDiagnostics', diagnostics), null)
  const without = logSetting(t, { archive: null })
  assert.equal(await without.send(other, toChargePoint, 'GetDiagnostics', diagnostics), null)
  assert.deepEqual([...session.calls, ...other.calls], [])
})

/** Starts a translated log; the request id. */
async function started(setting: ReturnType<typeof logSetting>, session = fakeSession()): Promise<number> {
  const fate = setting.send(session, toChargePoint, 'GetDiagnostics', diagnostics)
  const { payload } = await session.outcome(answered({ status: 'Accepted', filename: 'a.log' }))
  await fate
  return Number(payload.requestId)
}

const report = (setting: ReturnType<typeof logSetting>, payload: object, session = fakeSession()) =>
  setting.send(session, 'to-central-system', 'LogStatusNotification', { ...payload })

async function assertTold(fate: CallFate | null, status: string): Promise<void> {
  assert.ok(fate?.kind === 'replace', JSON.stringify(fate))
  assert.equal(fate.action, 'DiagnosticsStatusNotification')
  assert.deepEqual(fate.payload, { status })
  // Whatever the central system says of it, the charge point is confirmed.
  for (const answer of [{ kind: 'result', payload: { a: 1 } }, refusedWith('NotSupported')] as const) {
    const told: unknown = await fate.answered?.(answer as never)
    assert.deepEqual(told, { kind: 'replace', answer: { kind: 'result', payload: {} } })
  }
}

test('[N01.FR.01] statuses come back as DiagnosticsStatusNotification, on a later session too, until one ends it', async (t) => {
  const setting = logSetting(t)
  const requestId = await started(setting)
  await assertTold(await report(setting, { status: 'Uploading', requestId }), 'Uploading')
  await assertTold(await report(setting, { status: 'PermissionDenied', requestId }), 'UploadFailed')
  assert.deepEqual(await report(setting, { status: 'UploadFailure', requestId }), result({}))
})

test('[N01.FR.11] whose upload was given up for a newer one is told so once', async (t) => {
  const setting = logSetting(t)
  const first = await started(setting)
  const session = fakeSession()
  const fate = setting.send(session, toChargePoint, 'GetDiagnostics', diagnostics)
  await session.outcome(answered({ status: 'AcceptedCanceled' }))
  await fate
  assert.equal((await setting.archive.find('CP1', first))?.status, 'AcceptedCanceled')
  // The newer one is the central system's as well: it has asked for that itself.
  assert.equal(session.calls.length, 1)
  assert.deepEqual(await report(setting, { status: 'AcceptedCanceled', requestId: first }), result({}))
})

test('[N01.FR.01] a triggered DiagnosticsStatusNotification is the status of the log', async (t) => {
  const setting = logSetting(t)
  const session = fakeSession()
  const fate = setting.send(session, toChargePoint, 'TriggerMessage', {
    requestedMessage: 'DiagnosticsStatusNotification',
  })
  const sent = await session.outcome(answered({ status: 'Accepted' }))
  assert.deepEqual(
    [sent.action, sent.payload],
    ['ExtendedTriggerMessage', { requestedMessage: 'LogStatusNotification' }],
  )
  assert.deepEqual(await fate, result({ status: 'Accepted' }))
  await assertTold(await report(setting, { status: 'Idle' }, session), 'Idle')
  assert.deepEqual(await report(setting, { status: 'Idle' }, session), result({}), 'one trigger, one status')
})

test('[N01.FR.01] a trigger that the charge point does not know goes on as it was', async (t) => {
  const setting = logSetting(t)
  for (const outcome of [refusedWith('NotImplemented'), answered({ status: 'NotImplemented' })]) {
    const session = fakeSession()
    const fate = setting.send(session, toChargePoint, 'TriggerMessage', {
      requestedMessage: 'DiagnosticsStatusNotification',
    })
    await session.outcome(outcome)
    assert.deepEqual(await fate, { kind: 'forward' })
    assert.deepEqual(await report(setting, { status: 'Idle' }, session), result({}))
  }
})
