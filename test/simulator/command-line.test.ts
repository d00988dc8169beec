import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCommandLine } from '../../src/simulator/command-line.ts'

test('a typed command is read, with and without payload', () => {
  assert.deepEqual(parseCommandLine(' CP%201  Reset {"type": "Soft"} \r'), {
    kind: 'call',
    identity: 'CP 1',
    action: 'Reset',
    payload: { type: 'Soft' },
  })
  assert.deepEqual(parseCommandLine('CP-1 ClearCache'), {
    kind: 'call',
    identity: 'CP-1',
    action: 'ClearCache',
    payload: {},
  })
  assert.deepEqual(parseCommandLine('list'), { kind: 'list' })
  assert.deepEqual(parseCommandLine('  '), { kind: 'empty' })
})

test('what cannot be read is named, whatever it is', () => {
  for (const line of ['CP-1', 'CP-1 Reset [1]', 'CP-1 Reset {', '% Reset {}', 'CP-1 Re-set {}']) {
    assert.equal(parseCommandLine(line).kind, 'invalid', line)
  }
  fc.assert(fc.property(fc.string(), (line) => assert.equal(typeof parseCommandLine(line).kind, 'string')))
})
