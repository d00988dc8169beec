import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourcesIn } from '../sources.ts'

test('every requirement that a test names stands in brackets of its own, so that the page counts it', () => {
  const shared = /\[(?:A|M)\d\d\.FR\.\d+[^\]\d]/
  const found = sourcesIn('test').filter(({ text }) => shared.test(text))
  assert.deepEqual(
    found.map(({ path }) => path),
    [],
  )
  assert.match(`[${['A00.FR.101', 'A00.FR.102'].join(', ')}] two`, shared)
})
