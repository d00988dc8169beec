import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ActionName, actionNames } from '../../src/ocpp/actions.ts'
import { errorCodes } from '../../src/ocpp/message.ts'
import { createMessageSchemas, type MessagePart } from '../../src/ocpp/message-schemas.ts'

const schemas = createMessageSchemas()
const time = '2026-01-02T03:04:05Z'
const samples = (unit: string) => [{ timestamp: time, sampledValue: [{ value: '21', unit }] }]
const period = (limit: number) => ({
  connectorId: 1,
  csChargingProfiles: {
    chargingProfileId: 1,
    stackLevel: 0,
    chargingProfilePurpose: 'TxProfile',
    chargingProfileKind: 'Absolute',
    chargingSchedule: { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit }] },
  },
})

test('every action has a schema for its CALL and for its answer', () => {
  for (const action of actionNames) {
    for (const part of ['call', 'result'] as const) {
      const violation = schemas.check(action, part, { 'no-such-field': 1 })
      assert.ok(violation !== null, `${action} ${part}`)
      assert.ok(errorCodes.includes(violation.code))
    }
  }
})

const wrong: readonly [string, ActionName, MessagePart, object, string, string, RegExp][] = [
  ['a missing field', 'SignCertificate', 'call', {}, 'OccurenceConstraintViolation', '', /^csr is missing$/],
  ['a wrong type', 'SignCertificate', 'call', { csr: 7 }, 'TypeConstraintViolation', 'csr', /type string/],
  [
    'a text that is too long',
    'SignCertificate',
    'call',
    { csr: 'x'.repeat(5501) },
    'PropertyConstraintViolation',
    'csr',
    /more than 5500/,
  ],
  [
    'a field that is not known',
    'SignCertificate',
    'call',
    { csr: 'x', more: 1 },
    'FormationViolation',
    '',
    /field more that is not known/,
  ],
  [
    'a value that is none of the list',
    'LogStatusNotification',
    'call',
    { status: 'Half' },
    'PropertyConstraintViolation',
    'status',
    /none of the allowed/,
  ],
  [
    'deep down',
    'MeterValues',
    'call',
    { connectorId: 1, meterValue: [...samples('Wh'), { timestamp: time, sampledValue: [{ value: 1 }] }] },
    'TypeConstraintViolation',
    'meterValue[1].sampledValue[0].value',
    /type string/,
  ],
  [
    'a time that is none',
    'SecurityEventNotification',
    'call',
    { type: 'X', timestamp: 'yesterday' },
    'PropertyConstraintViolation',
    'timestamp',
    /no date-time/,
  ],
  [
    'an answer',
    'BootNotification',
    'result',
    { status: 'Accepted', currentTime: time, heartbeatInterval: 60 },
    'OccurenceConstraintViolation',
    '',
    /interval is missing/,
  ],
]

for (const [name, action, part, payload, code, path, problem] of wrong) {
  test(`[OCPP-J 4.2.3] ${name}: ${code} at ${path || 'the payload'}`, () => {
    const violation = schemas.check(action, part, { ...payload })
    assert.partialDeepStrictEqual(violation, { code, path })
    assert.match(violation?.problem ?? '', problem)
  })
}

const right: readonly [string, ActionName, MessagePart, object][] = [
  ['Celsius', 'MeterValues', 'call', { connectorId: 1, meterValue: samples('Celsius') }],
  [
    'Celcius, as the first schemas had it',
    'MeterValues',
    'call',
    { connectorId: 1, meterValue: samples('Celcius') },
  ],
  [
    'a time without a zone',
    'SecurityEventNotification',
    'call',
    { type: 'X', timestamp: '2026-01-02T03:04:05' },
  ],
  [
    'a time with a fraction and a zone',
    'SecurityEventNotification',
    'call',
    { type: 'X', timestamp: '2026-01-02T03:04:05.123+01:00' },
  ],
  ['16.1 A: a multiple of 0.1 but for binary fractions', 'SetChargingProfile', 'call', period(16.1)],
  ['a stop without a reason', 'StopTransaction', 'call', { meterStop: 1, timestamp: time, transactionId: 1 }],
  [
    'UpdateFirmware with an FTP URL',
    'UpdateFirmware',
    'call',
    { location: 'ftp://user@host/a file.bin', retrieveDate: time },
  ],
  [
    'N01.FR.20 AcceptedCanceled',
    'LogStatusNotification',
    'call',
    { status: 'AcceptedCanceled', requestId: 1 },
  ],
  ['N01.FR.10 UploadFailed', 'LogStatusNotification', 'call', { status: 'UploadFailed', requestId: 1 }],
  ['M04.FR.02 Success', 'DeleteCertificate', 'result', { status: 'Success' }],
]

for (const [name, action, part, payload] of right) {
  test(`[facts 2.2] what the field sends rightly passes: ${name}`, () => {
    assert.equal(schemas.check(action, part, { ...payload }), null)
  })
}

test('[A01.FR.09] a violation never holds a value', () => {
  const secret = 'c0ffee'.repeat(100)
  const violation = schemas.check('ChangeConfiguration', 'call', { key: 'AuthorizationKey', value: secret })
  assert.equal(violation?.path, 'value')
  assert.doesNotMatch(JSON.stringify(violation), /c0ffee/)
  const odd = schemas.check('SignCertificate', 'call', { csr: 'x', 'c0ffee\n": 1': 1 })
  assert.doesNotMatch(JSON.stringify(odd), /c0ffee/, 'a field whose name is no name')
})

test('whatever a payload is, it is judged and nothing is thrown', () => {
  const payloads = fc.dictionary(
    fc.constantFrom('status', 'csr', 'meterValue', 'idTagInfo', '__proto__', 'constructor', 'firmware'),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...actionNames),
      fc.constantFrom('call', 'result'),
      payloads,
      (action, part, payload) => {
        const violation = schemas.check(action, part as MessagePart, payload)
        assert.ok(violation === null || errorCodes.includes(violation.code))
      },
    ),
  )
})
