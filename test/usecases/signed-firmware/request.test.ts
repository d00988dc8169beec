import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import type { CallOutcome } from '../../../src/relay/use-case.ts'
import {
  plainUpdate,
  readPlainAnswer,
  readSignedAnswer,
  readUpdateFirmware,
  signedUpdate,
} from '../../../src/usecases/signed-firmware/request.ts'
import { firmwareEntry } from '../../store/contract/firmware.ts'

// What names no zone is UTC, wherever the proxy runs.
process.env.TZ = 'America/New_York'

const schemas = createMessageSchemas()
const retrieveDate = '2026-11-26T12:00:00Z'
const location = 'https://files.example/v2.bin'

test('[L01.FR.20] UpdateFirmware as it is, and back', () => {
  const payload = { location, retrieveDate, retries: 0, retryInterval: 60 }
  const wanted = readUpdateFirmware(payload)
  assert.deepEqual(wanted, { location, retrieveAt: retrieveDate, retries: 0, retryInterval: 60 })
  assert.ok(wanted !== null)
  assert.deepEqual(plainUpdate(wanted), payload)
  assert.deepEqual(plainUpdate({ location, retrieveAt: retrieveDate }), { location, retrieveDate })
})

for (const [given, retrieveAt] of [
  ['2026-11-26T12:00', '2026-11-26T12:00'],
  ['2026-11-26T12:00:00+01', '2026-11-26T12:00:00+01'],
  ['2026-11-26 12:00', retrieveDate.replace('Z', '.000Z')],
  ['2026-11-26 13:00 +01:00', retrieveDate.replace('Z', '.000Z')],
  ['2026-11-26', '2026-11-26T00:00:00.000Z'],
  ['11-26-2026', '2026-11-26T00:00:00.000Z'],
  ['11/26/2026 12:00:00 PM', retrieveDate.replace('Z', '.000Z')],
  ['11/26/2026 01:00 PM +01:00', retrieveDate.replace('Z', '.000Z')],
  ['Thu, 26 Nov 2026 12:00:00 GMT', retrieveDate.replace('Z', '.000Z')],
] as const) {
  test(`[L01.FR.11] a legacy central system may write ${given}, and null for what it leaves out`, () => {
    const payload = { location, retrieveDate: given, retries: null, retryInterval: null }
    const wanted = readUpdateFirmware(payload)
    assert.deepEqual(wanted, { location, retrieveAt })
    const signed = signedUpdate(7, firmwareEntry('v2'), wanted ?? { location, retrieveAt: '' })
    assert.equal(schemas.check('SignedUpdateFirmware', 'call', signed), null)
  })
}

for (const payload of [
  {},
  { location },
  { location: 1, retrieveDate },
  { location, retrieveDate: 'soon' },
  { location, retrieveDate: `${retrieveDate}${' '.repeat(100)}` },
  { location, retrieveDate, retries: -1 },
  { location, retrieveDate, retryInterval: 1.5 },
]) {
  test(`what cannot be translated is none: ${JSON.stringify(payload).slice(0, 80)}`, () =>
    assert.equal(readUpdateFirmware(payload), null))
}

test('[L01.FR.11] SignedUpdateFirmware has signature and certificate, and passes its schema', () => {
  const entry = firmwareEntry('v2', { signature: 'AAAA\nBBBB', chain: 'PEM\n' })
  const wanted = { location, retrieveAt: retrieveDate, installAt: retrieveDate, retries: 2, retryInterval: 5 }
  const payload = signedUpdate(7, entry, wanted)
  assert.partialDeepStrictEqual(payload, {
    ...{ requestId: 7, retries: 2, retryInterval: 5 },
    firmware: {
      location,
      retrieveDateTime: retrieveDate,
      installDateTime: retrieveDate,
      signature: 'AAAABBBB',
    },
  })
  assert.equal(schemas.check('SignedUpdateFirmware', 'call', payload), null)
})

const result = (status: unknown): CallOutcome => ({ kind: 'result', payload: { status } }) as CallOutcome
const error = (code: string, origin: 'charge-point' | 'proxy' = 'charge-point'): CallOutcome =>
  ({ kind: 'error', code, description: 'x', details: {}, origin }) as unknown as CallOutcome

const signedAnswers: readonly (readonly [string, CallOutcome, object])[] = [
  ['Accepted', result('Accepted'), { kind: 'accepted', isCanceling: false }],
  ['AcceptedCanceled (L01.FR.26)', result('AcceptedCanceled'), { kind: 'accepted', isCanceling: true }],
  ['Rejected (L01.FR.27)', result('Rejected'), { kind: 'refused', isCertificate: false }],
  ['InvalidCertificate (L01.FR.02)', result('InvalidCertificate'), { kind: 'refused', isCertificate: true }],
  ['RevokedCertificate (L01.FR.02)', result('RevokedCertificate'), { kind: 'refused', isCertificate: true }],
  ['an unknown status', result('<b>'), { kind: 'failed', code: 'error_answer' }],
  ['no status', result(undefined), { kind: 'failed', code: 'error_answer' }],
  ['NotImplemented', error('NotImplemented'), { kind: 'unknown-message' }],
  ['NotSupported', error('NotSupported'), { kind: 'unknown-message' }],
  ['InternalError', error('InternalError'), { kind: 'failed', code: 'error_answer' }],
  ['an error of ours', error('NotImplemented', 'proxy'), { kind: 'failed', code: 'error_answer' }],
  ['nothing', { kind: 'no-answer', detail: 'x' }, { kind: 'failed', code: 'no_answer' }],
  ['not sent', { kind: 'not-sent', detail: 'x' }, { kind: 'failed', code: 'not_sent' }],
]
for (const [name, outcome, expected] of signedAnswers) {
  test(`[L01.FR.02] [L01.FR.11] SignedUpdateFirmware answered by ${name}`, () => {
    const answer = readSignedAnswer(outcome)
    assert.partialDeepStrictEqual(answer, expected)
    assert.ok(!JSON.stringify(answer).includes('<b>'), 'what a peer chose is not repeated')
  })
}

const plainAnswers: readonly (readonly [string, CallOutcome, object])[] = [
  ['a result', result(undefined), { kind: 'accepted' }],
  ['NotSupported', error('NotSupported'), { kind: 'wants-signed' }],
  ['NotImplemented', error('NotImplemented'), { kind: 'failed', code: 'error_answer' }],
  ['NotSupported of ours', error('NotSupported', 'proxy'), { kind: 'failed' }],
  ['nothing', { kind: 'no-answer', detail: 'x' }, { kind: 'failed', code: 'no_answer' }],
]
for (const [name, outcome, expected] of plainAnswers) {
  test(`[L01.FR.20] UpdateFirmware answered by ${name}`, () =>
    assert.partialDeepStrictEqual(readPlainAnswer(outcome), expected))
}
