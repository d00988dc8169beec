import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasDuplicateMembers } from '../../src/ocpp/duplicate-members.ts'

const isDouble = (text: string) => hasDuplicateMembers(text, JSON.parse(text))

test('[A00.FR.005] a member that stands twice is found, wherever it is and however it is written', () => {
  for (const text of [
    '{"key":"AuthorizationKey","key":"HeartbeatInterval"}',
    '{"a":{"b":1,"b":2}}',
    '[1,{"a":[{"x":1, "x" : 1}]}]',
    '{"key":1,"\\u006bey":2}',
    '{"__proto__":1,"__proto__":2}',
  ]) {
    assert.equal(isDouble(text), true, text)
  }
})

test('[RFC 8259 4] what JSON.stringify writes has none', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 4 }), (value, space) => {
      assert.equal(isDouble(JSON.stringify(value, null, space)), false)
    }),
  )
})

test('colons, quotes and backslashes inside of strings count for nothing; __proto__ is a name', () => {
  assert.equal(isDouble('{"a:b":"c:\\"d:\\\\","__proto__":{":":":"}}'), false)
})

test('[CWE-674] a text that is nested deep does not end the process', () => {
  const depth = 50_000
  const text = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = { a: value }
  assert.equal(hasDuplicateMembers(text, value), false)
})
