import assert from 'node:assert/strict'
import { test } from 'node:test'
import { request } from '../../store/files/archive.ts'
import { fakeSession } from '../../support/fake-session.ts'
import { logSetting, result } from './setting.ts'

const toCentral = 'to-central-system'
const action = 'LogStatusNotification'

test('[N01.FR.01] LogStatusNotification is confirmed and logged, with and without a folder of logs', async (t) => {
  for (const given of [{}, { archive: null }] as const) {
    const { send, lines } = logSetting(t, given)
    const payload = { status: 'Uploading', requestId: 7 }
    assert.deepEqual(await send(fakeSession(), toCentral, action, payload), result({}))
    const line: unknown = JSON.parse(lines[0] ?? '')
    assert.partialDeepStrictEqual(line, { identity: 'CP1', action, status: 'Uploading', requestId: 7 })
  }
})

test('[OCPP-J 4.2.3] a malformed one is answered with its CALLERROR, and not logged', async (t) => {
  const { send, lines } = logSetting(t)
  const codeOf = async (payload: object) => {
    const fate = await send(fakeSession(), toCentral, action, { ...payload })
    assert.doesNotMatch(JSON.stringify(fate), /c0ffee/)
    return fate?.kind === 'answer' && fate.answer.kind === 'error' ? fate.answer.code : null
  }
  assert.equal(await codeOf({}), 'OccurenceConstraintViolation')
  assert.equal(await codeOf({ status: 'c0ffee' }), 'PropertyConstraintViolation')
  assert.equal(await codeOf({ status: 'Idle', requestId: 'c0ffee' }), 'TypeConstraintViolation')
  assert.deepEqual(lines, [])
})

test('[N01.FR.01] the words that only texts of the standard have are confirmed and kept', async (t) => {
  const { send, archive } = logSetting(t)
  for (const [written, kept] of [
    ['UploadFailed', 'UploadFailure'],
    ['AcceptedCanceled', 'AcceptedCanceled'],
  ]) {
    const { record } = await archive.begin(request)
    const payload = { status: written, requestId: record.requestId }
    assert.deepEqual(await send(fakeSession(), toCentral, action, payload), result({}))
    assert.equal((await archive.find('CP1', record.requestId))?.status, kept)
  }
})

test('[design 6] securityMessages: forward: only what the proxy asked for itself stays with it', async (t) => {
  const { send, archive, settings } = logSetting(t)
  settings.mode = 'forward'
  const forward = { kind: 'forward' }
  assert.deepEqual(
    await send(fakeSession(), toCentral, action, { status: 'Uploaded', requestId: 7 }),
    forward,
  )
  assert.deepEqual(await send(fakeSession(), toCentral, action, { status: 'Idle' }), forward)
  assert.deepEqual(await send(fakeSession(), toCentral, action, {}), forward)
  const { record } = await archive.begin(request)
  const payload = { status: 'Uploaded', requestId: record.requestId }
  assert.deepEqual(await send(fakeSession(), toCentral, action, payload), result({}))
})

test('[CWE-284] nobody reports for another charge point', async (t) => {
  const { send, archive } = logSetting(t)
  const { record } = await archive.begin(request)
  const other = fakeSession({ identity: 'CP2' })
  const payload = { status: 'Uploaded', requestId: record.requestId }
  assert.deepEqual(await send(other, toCentral, action, payload), result({}))
  assert.equal((await archive.find('CP1', record.requestId))?.status, null)
})
