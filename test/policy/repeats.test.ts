import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Repeats } from '../../src/policy/repeats.ts'

test('the same thing is said once in a window, and then how often it was not', () => {
  const repeats = new Repeats(100, 10)
  assert.equal(repeats.say('a', 0), 0)
  assert.equal(repeats.say('a', 50), null)
  assert.equal(repeats.say('a', 99), null)
  assert.equal(repeats.say('b', 99), 0)
  assert.equal(repeats.say('a', 100), 2)
  assert.equal(repeats.say('a', 150), null)
  assert.equal(repeats.say('a', 500), 1)
})

test('a clock that goes back silences nothing', () => {
  const repeats = new Repeats(100, 10)
  assert.equal(repeats.say('a', 1000), 0)
  assert.equal(repeats.say('a', 10), 0)
})

test('[CWE-770] what is remembered has a bound', () => {
  const repeats = new Repeats(100, 2)
  for (const key of ['a', 'b', 'c']) assert.equal(repeats.say(key, 0), 0)
  assert.equal(repeats.say('c', 1), null)
  assert.equal(repeats.say('a', 1), 0, 'forgotten, so it is said again')
})
