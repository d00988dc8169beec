import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closeCodeOf, closeFrame, closeProblem, controlFrame } from '../../src/relay/close-codes.ts'
import { GrowingBuffer } from '../../src/relay/growing-buffer.ts'
import { opcode } from '../../src/relay/opcode.ts'
import { OpenCalls } from '../../src/relay/open-calls.ts'
import { ReadBuffer } from '../../src/relay/read-buffer.ts'
import { Scratch } from '../../src/relay/scratch.ts'
import { closePayload, readFrames } from './wire.ts'

test('[RFC 6455 7.4] which codes may stand in a Close frame', () => {
  const good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000, 4999]
  const bad = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535]
  for (const code of good) assert.equal(closeProblem(closePayload(code)), null, `${code}`)
  for (const code of bad) assert.notEqual(closeProblem(closePayload(code)), null, `${code}`)
  assert.equal(closeProblem(Buffer.alloc(0)), null)
  assert.equal(closeCodeOf(Buffer.alloc(0)), 1005)
  assert.equal(closeCodeOf(closePayload(4711)), 4711)
})

test('[RFC 6455 5.5] the Close frames that we make are whole, short and UTF-8, masked towards a server', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.boolean(), (reason, masked) => {
      const text = reason.replace(/\p{Cs}/gu, '')
      const [one, ...others] = readFrames(closeFrame(1001, text, masked))
      assert.equal(others.length, 0)
      assert.ok(one !== undefined && one.payload.length <= 125)
      assert.equal(one.opcode, opcode.close)
      assert.equal(one.masked, masked)
      assert.equal(closeProblem(one.payload), null)
      const said = one.payload.subarray(2).toString()
      assert.ok(text.startsWith(said))
      assert.ok(Buffer.byteLength(text) <= 123 ? said === text : one.payload.length > 125 - 4)
    }),
  )
  const [ping] = readFrames(controlFrame(opcode.ping, Buffer.from('12345678'), true))
  assert.equal(ping?.payload.toString(), '12345678')
})

test('a growing buffer holds what was appended, from any place on', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(50))), (pieces) => {
      const buffer = new GrowingBuffer()
      const expected: Buffer[] = []
      for (const [bytes, from] of pieces) {
        const start = Math.min(from, bytes.length)
        buffer.append(Buffer.from(bytes), start)
        expected.push(Buffer.from(bytes.subarray(start)))
      }
      assert.deepEqual(buffer.view(), Buffer.concat(expected))
    }),
  )
  const buffer = new GrowingBuffer()
  buffer.append(Buffer.from('gone'))
  buffer.clear()
  buffer.append(Buffer.from('new'))
  assert.equal(buffer.view().toString(), 'new')
})

test('[CWE-770] a growing buffer never holds more than twice what came, and grows in few steps', () => {
  const buffer = new GrowingBuffer()
  const piece = Buffer.alloc(1000)
  const memories = new Set<ArrayBufferLike>()
  for (let total = 0; total < 8 * 1024 * 1024; total += piece.length) {
    buffer.append(piece)
    memories.add(buffer.view().buffer)
    assert.ok(buffer.view().buffer.byteLength <= Math.max(2048, buffer.length * 2))
  }
  assert.ok(memories.size < 60, `${memories.size} copies of the whole`)
})

test('[RFC 6455 5.3] unmasking is what the letter says, for any mask, place and length', () => {
  const readBuffer = new ReadBuffer()
  const scratch = new Scratch(64, readBuffer)
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.nat(9),
      fc.boolean(),
      (hidden, mask, start, isRead) => {
        const own = Buffer.concat([Buffer.alloc(start), hidden])
        own.copy(readBuffer.bytes)
        const source = isRead ? readBuffer.take(own.length) : own
        const isAscii = scratch.load(source, start, hidden.length, Buffer.from(mask).readInt32LE(0))
        const expected = Buffer.from(hidden.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))
        assert.deepEqual(scratch.bytes.subarray(0, hidden.length), expected)
        assert.equal(
          isAscii,
          expected.every((byte) => byte < 0x80),
        )
      },
    ),
  )
})

test('a CALL waits until its answer, an answer counts once', () => {
  const calls = new OpenCalls()
  assert.ok(calls.isEmpty)
  assert.equal(calls.answered(0), false)
  calls.open(7, 3, 100)
  assert.equal(calls.answered(8), false)
  assert.equal(calls.isEmpty, false)
  assert.equal(calls.answered(7), true)
  assert.deepEqual([calls.answeredAction, calls.answeredAt, calls.isEmpty], [3, 100, true])
  assert.equal(calls.answered(7), false)
})

test('[OCPP-J 4.1.1] pipelined CALLs are answered in any order', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }), (order) => {
      const calls = new OpenCalls()
      for (let id = 1; id <= 6; id += 1) calls.open(id, id * 10, id * 100)
      for (const [index, id] of order.entries()) {
        assert.ok(calls.answered(id))
        assert.deepEqual([calls.answeredAction, calls.answeredAt], [id * 10, id * 100])
        assert.equal(calls.isEmpty, index === 5)
      }
    }),
  )
})

test('[CWE-770] CALLs without answer are forgotten, oldest first', () => {
  const calls = new OpenCalls()
  for (let id = 1; id <= 10_000; id += 1) calls.open(id, 2, id)
  assert.equal(calls.answered(1), false)
  assert.equal(calls.answered(9_000), false)
  let answered = 0
  for (let id = 10_000; id > 9_900; id -= 1) if (calls.answered(id)) answered += 1
  assert.equal(answered, 17)
  assert.ok(calls.isEmpty)
})
