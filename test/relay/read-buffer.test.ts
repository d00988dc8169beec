import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadBuffer } from '../../src/relay/read-buffer.ts'

test('what was read is a view of any length, and the words are the same memory', () => {
  const buffer = new ReadBuffer()
  for (const length of [0, 1, 125, 2047, 2048, 2049, 65_536, 125]) {
    const view = buffer.take(length)
    assert.equal(view.length, length)
    assert.equal(view.buffer, buffer.words.buffer)
    assert.equal(view.byteOffset, 0)
    assert.equal(buffer.latest, view)
  }
})
