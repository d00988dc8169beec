import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxUntold } from '../../../src/policy/firmware.ts'
import type { FirmwareUpdate } from '../../../src/store/store.ts'
import {
  accepted,
  begun,
  meantRequest,
  nextRequestId,
  refused,
  reported,
  unanswered,
  unknownUpdate,
} from '../../../src/usecases/signed-firmware/request-state.ts'
import { withUntold } from '../../../src/usecases/signed-firmware/untold.ts'

const now = 1_795_000_000_000
const ofCentral = { origin: 'central-system', name: 'v1', location: 'https://files.example/v1' } as const
const ofOperator = { origin: 'operator', name: 'v2', location: 'https://files.example/v2' } as const

/** One that was taken, with the status that was reported last. */
function running(
  request: typeof ofCentral | typeof ofOperator,
  status: FirmwareUpdate['status'] = null,
): FirmwareUpdate & { requestId: number } {
  const first = begun(unknownUpdate('CP1', now), request, now)
  const taken = accepted(first, { requestId: first.requestId, isCanceling: false }, now)
  assert.ok(taken !== null)
  return { ...taken, isSigned: true, status, requestId: first.requestId }
}

test('request ids grow, whatever the clock says, and begin anew behind the greatest', () => {
  assert.equal(nextRequestId(null, now), 1_795_000_000)
  assert.equal(nextRequestId(1_795_000_000, now), 1_795_000_001)
  assert.equal(nextRequestId(1_795_000_500, now), 1_795_000_501)
  assert.equal(nextRequestId(5, now), 1_795_000_000)
  assert.equal(nextRequestId(2_147_483_647, now), 1)
  assert.equal(nextRequestId(null, 0), 1)
})

test('[L01.FR.27] a request that is refused gives way to the one that goes on, and its id is used up', () => {
  const first = running(ofCentral, 'Downloading')
  const second = begun(first, ofOperator, now)
  assert.notEqual(second.requestId, first.requestId)
  const back = refused(second, second.requestId, now)
  assert.partialDeepStrictEqual(back, {
    ...ofCentral,
    ...{ requestId: first.requestId, status: 'Downloading', accepted: true, previous: null },
  })
  assert.ok(back !== null)
  const third = begun(back, ofOperator, now)
  assert.ok(third.requestId > second.requestId)
})

test('[L01.FR.01] a status that names no request is about the one under way, where that is certain', () => {
  const one = running(ofCentral)
  assert.equal(meantRequest(one, 'Downloading'), one.requestId)
  assert.equal(meantRequest(one, 'Idle'), null, 'the answer to a trigger while nothing runs')
  assert.equal(meantRequest({ ...one, status: 'Installed' }, 'Downloading'), null)
  assert.equal(meantRequest({ ...one, accepted: null }, 'Downloading'), null)
  const other = begun(one, ofOperator, now)
  assert.equal(meantRequest({ ...other, accepted: true }, 'Downloading'), null, 'it may be either')
})

test('[L01.FR.27] while nobody knows, statuses of both requests count', () => {
  const first = running(ofCentral, 'Downloading')
  const second = begun(first, ofOperator, now)
  const old = reported(second, 'Downloaded', first.requestId, now)
  assert.equal(old.origin, 'central-system')
  assert.equal(old.after.previous?.status, 'Downloaded')
  const fresh = reported(second, 'Downloading', second.requestId, now)
  assert.equal(fresh.origin, 'operator')
  assert.deepEqual([fresh.after.status, fresh.after.accepted], ['Downloading', true])
  const ended = reported(second, 'InvalidSignature', first.requestId, now)
  assert.equal(ended.after.previous, null)
  const strange = reported(second, 'Installed', 7, now)
  assert.deepEqual([strange.origin, strange.after.status], [null, null])
  assert.equal(strange.after.isSigned, true, 'whoever sends it has L01')
})

const lost: readonly (readonly [FirmwareUpdate['status'], string])[] = [
  [null, 'DownloadFailed'],
  ['DownloadPaused', 'DownloadFailed'],
  ['SignatureVerified', 'InstallationFailed'],
  ['InstallScheduled', 'InstallationFailed'],
]
for (const [status, told] of lost) {
  test(`[L01.FR.26] given up for an operator's at ${status}: the central system hears ${told}`, () => {
    const second = begun(running(ofCentral, status), ofOperator, now)
    assert.deepEqual(accepted(second, { ...second, isCanceling: true }, now)?.untold, [told])
  })
}

test('[L01.FR.26] Accepted says that nothing was given up: the central system is told nothing', () => {
  const second = begun(running(ofCentral, 'Downloading'), ofOperator, now)
  const after = accepted(second, { ...second, isCanceling: false }, now)
  assert.deepEqual([after?.untold, after?.previous], [[], null])
})

test('[L01.FR.26] a central system that asks again is told nothing of the first', () => {
  const second = begun(running(ofCentral, 'Downloading'), ofCentral, now)
  const after = accepted(second, { ...second, isCanceling: true }, now)
  assert.deepEqual([after?.untold, after?.previous], [[], null])
})

test('one that has ended, or was never taken, is not kept as the one before', () => {
  assert.equal(begun(running(ofCentral, 'Installed'), ofOperator, now).previous, null)
  assert.equal(begun(running(ofCentral, 'InvalidSignature'), ofOperator, now).previous, null)
  assert.equal(
    begun({ ...running(ofCentral), isSigned: false }, ofOperator, now).previous,
    null,
    'a plain one',
  )
  const unanswered = begun(unknownUpdate('CP1', now), ofCentral, now)
  assert.equal(begun(unanswered, ofOperator, now).previous, null)
})

test('[L01.FR.27] without an answer both stay known, and a status tells which one goes on', () => {
  const first = running(ofCentral, 'Downloading')
  const second = begun(first, ofCentral, now)
  const silent = unanswered(second, second.requestId, now)
  assert.ok(silent !== null)
  assert.deepEqual([silent.accepted, silent.previous?.requestId], [false, first.requestId])
  assert.equal(reported(silent, 'Downloaded', first.requestId, now).origin, 'central-system')
  const came = reported(silent, 'Downloading', second.requestId, now)
  assert.equal(came.after.accepted, true)
  // It was heard of before the wait for the answer was over.
  assert.equal(unanswered(came.after, second.requestId, now), null)
  assert.equal(unanswered(second, first.requestId, now), null)
})

test('an answer to a request behind which another came changes nothing', () => {
  const first = begun(unknownUpdate('CP1', now), ofCentral, now)
  const second = begun(first, ofCentral, now)
  assert.equal(accepted(second, { ...first, isCanceling: true }, now), null)
  assert.equal(refused(second, first.requestId, now), null)
})

test('[CWE-770] what waits for the central system is bounded, and the last one stays', () => {
  let update: FirmwareUpdate = unknownUpdate('CP1', now)
  for (let count = 0; count < 50; count += 1) update = withUntold(update, 'Downloading')
  update = withUntold(update, 'Installed')
  assert.deepEqual([update.untold.length, update.untold.at(-1)], [maxUntold, 'Installed'])
})
