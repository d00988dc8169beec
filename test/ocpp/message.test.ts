import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { actionNames, actions, isActionName } from '../../src/ocpp/actions.ts'
import {
  buildCall,
  buildCallError,
  buildCallResult,
  buildMessage,
  type OcppMessage,
  parseMessage,
} from '../../src/ocpp/message.ts'
import { ProxyError } from '../../src/policy/error.ts'

const jsonObject = fc
  .dictionary(fc.string(), fc.jsonValue())
  .map((value) => JSON.parse(JSON.stringify(value)))
const id = fc.string({ minLength: 1, maxLength: 36 })
const message: fc.Arbitrary<OcppMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('call' as const),
    id,
    action: fc.string({ minLength: 1, maxLength: 50 }),
    payload: jsonObject,
  }),
  fc.record({ kind: fc.constant('result' as const), id, payload: jsonObject }),
  fc.record({
    kind: fc.constant('error' as const),
    id,
    code: fc.string({ maxLength: 50 }),
    description: fc.string({ maxLength: 255 }),
    details: jsonObject,
  }),
)

test('[OCPP-J 4.2] what is built is read back as it was', () => {
  fc.assert(
    fc.property(message, (built) => {
      const parsed = parseMessage(buildMessage(built))
      assert.deepEqual(parsed, { ok: true, message: { ...built } })
    }),
  )
})

test('[OCPP-J 4.1] the parser is total: any text and any JSON gives an answer', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.array(fc.jsonValue()).map((v) => JSON.stringify(v)),
      ),
      (text) => {
        assert.equal(typeof parseMessage(text).ok, 'boolean')
      },
    ),
  )
  const deep = `[2,"1","A",${'['.repeat(100_000)}${']'.repeat(100_000)}]`
  assert.equal(parseMessage(deep).ok, false)
})

test('[OCPP-J 4.2.1] null and absent payloads are empty ones where the standard allows it', () => {
  const call = parseMessage('[2,"1","Heartbeat",null]')
  assert.ok(call.ok)
  assert.deepEqual(call.message, { kind: 'call', id: '1', action: 'Heartbeat', payload: {} })
  const error = parseMessage('[4,"1","GenericError"]')
  assert.ok(error.ok)
  assert.deepEqual(error.message, {
    kind: 'error',
    id: '1',
    code: 'GenericError',
    description: '',
    details: {},
  })
})

const malformed: readonly (readonly [string, string, string | null])[] = [
  ['{}', 'not-an-envelope', null],
  ['[]', 'not-an-envelope', null],
  ['["2","1","Heartbeat",{}]', 'not-an-envelope', null],
  ['[5,"1"]', 'unknown-type', null],
  ['[2,1,"Heartbeat",{}]', 'malformed', null],
  ['[2,"","Heartbeat",{}]', 'malformed', null],
  [`[2,"${'x'.repeat(37)}","Heartbeat",{}]`, 'malformed', null],
  ['[2,"1","Heartbeat"]', 'malformed', '1'],
  ['[2,"1","",{}]', 'malformed', '1'],
  [`[2,"1","${'x'.repeat(51)}",{}]`, 'malformed', '1'],
  ['[2,"1","Heartbeat",[]]', 'malformed', '1'],
  ['[2,"1","Heartbeat","{}"]', 'malformed', '1'],
  ['[3,"1",{},{}]', 'malformed', null],
  ['[3,"1",7]', 'malformed', null],
  ['[4,"1",7,"",{}]', 'malformed', null],
  ['[4,"1","GenericError","",{},{}]', 'malformed', null],
  [`"${'x'.repeat(262_144)}"`, 'too-long', null],
]
for (const [text, problem, callId] of malformed) {
  test(`[OCPP-J 4.2] ${text.slice(0, 40)} is ${problem}`, () => {
    const parsed = parseMessage(text)
    assert.equal(parsed.ok, false)
    if (parsed.ok) return
    assert.equal(parsed.problem, problem)
    assert.equal(parsed.callId, callId)
  })
}

test('[OCPP-J 4.2] builders write the wire form, and refuse an id that is too long', () => {
  assert.equal(buildCall('1', 'Heartbeat', {}), '[2,"1","Heartbeat",{}]')
  assert.equal(buildCallResult('1', { a: 1 }), '[3,"1",{"a":1}]')
  assert.equal(buildCallError('1', 'NotImplemented'), '[4,"1","NotImplemented","",{}]')
  assert.throws(() => buildCall('x'.repeat(37), 'Heartbeat', {}), ProxyError)
  assert.throws(() => buildCall('1', '', {}), ProxyError)
  assert.throws(() => buildCallResult('1', { a: 'x'.repeat(262_144) }), ProxyError)
})

test('the table of actions names who sends what', () => {
  assert.equal(actions.BootNotification.sender, 'charge-point')
  assert.equal(actions.Reset.sender, 'central-system')
  assert.equal(actions.DataTransfer.sender, 'both')
  // White paper, chapter 4: eleven messages. Core document: 28.
  assert.equal(actionNames.filter((name) => actions[name].profile === 'Security').length, 11)
  assert.equal(actionNames.length, 28 + 11)
  assert.ok(isActionName('Heartbeat'))
  assert.ok(!isActionName('heartbeat'))
  assert.ok(!isActionName('toString'))
})
