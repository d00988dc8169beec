import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { actionNames, otherAction } from '../../src/ocpp/action-index.ts'
import { HeldCalls } from '../../src/relay/held-calls.ts'
import { opcode } from '../../src/relay/opcode.ts'
import { OpenCalls } from '../../src/relay/open-calls.ts'
import { OwnIds } from '../../src/relay/own-ids.ts'
import { textFrame } from '../../src/relay/text-frame.ts'
import { forward } from '../../src/relay/use-case.ts'
import { indexOfAction, UseCaseTable } from '../../src/relay/use-case-table.ts'
import { Recorder } from './recorder.ts'
import { scripted } from './scripted.ts'
import { frame, testMask as mask, readFrames } from './wire.ts'

test('[OCPP-J 4.1.4] own ids are UUIDs of version 4, all different, known again in their direction only', () => {
  const ids = new OwnIds(Buffer.alloc(32, 1))
  const others = new OwnIds(Buffer.alloc(32, 2))
  const made = Array.from({ length: 500 }, () => ids.create('to-charge-point'))
  assert.equal(new Set(made).size, made.length)
  for (const id of made) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.ok(ids.isOwn(id, 'to-charge-point') && ids.isOwn(id.toUpperCase(), 'to-charge-point'))
    assert.ok(!ids.isOwn(id, 'to-central-system') && !others.isOwn(id, 'to-charge-point'))
    const last = id.at(-1) === '0' ? '1' : '0'
    assert.ok(!ids.isOwn(id.slice(0, -1) + last, 'to-charge-point'))
  }
})

test('[CWE-20] what is not ours is not taken for it, whatever it is', () => {
  const ids = new OwnIds(Buffer.alloc(32, 1))
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.uuid(), fc.string({ minLength: 36, maxLength: 36 })), (id) => {
      assert.equal(ids.isOwn(id, 'to-charge-point'), false)
    }),
  )
})

test('[RFC 6455 5.2][RFC 6455 5.3] a text frame is what the letter says, at the borders of its length too', () => {
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000].map((length) => 'x'.repeat(length))
  for (const text of [...lengths, 'é€😀'.repeat(30)]) {
    assert.deepEqual(textFrame(text, false), frame({ payload: text }))
    const masked = textFrame(text, true)
    const [one, ...others] = readFrames(masked)
    assert.equal(others.length, 0)
    assert.ok(one?.masked)
    assert.equal(one.payload.toString(), text)
    assert.deepEqual(masked, frame({ payload: text, mask: keyOf(masked, Buffer.byteLength(text)) }))
  }
})

/** The masking key stands before the payload. */
function keyOf(bytes: Buffer, length: number): Buffer {
  return bytes.subarray(bytes.length - length - 4, bytes.length - length)
}

test('[design 9] the table: by direction and action, in the order of the list; * is every action', () => {
  const all = scripted(() => forward, [{ direction: 'to-central-system', action: '*' }])
  const one = scripted(
    () => forward,
    [
      { direction: 'to-central-system', action: 'Heartbeat' },
      { direction: 'to-charge-point', action: 'Reset' },
    ],
  )
  const deaf = { name: 'deaf', watches: one.watches }
  const table = new UseCaseTable([one, deaf, all])
  const orders = (side: 0 | 1, action: string) =>
    table.watching(side, indexOfAction(action), 'ocpp1.6')?.map(({ order }) => order) ?? null
  assert.deepEqual(orders(0, 'Heartbeat'), [0, 2])
  assert.deepEqual(orders(0, 'Reset'), [2])
  assert.deepEqual(orders(0, 'Unheard'), [2])
  assert.deepEqual(orders(1, 'Reset'), [0])
  assert.equal(orders(1, 'Heartbeat'), null)
  assert.equal(indexOfAction('Unheard'), otherAction)
  const none = new UseCaseTable([])
  for (const index of actionNames.keys()) assert.equal(none.watching(0, index, 'ocpp1.6'), null)
})

test('[CWE-770] held CALLs: full by count or by size, and again not full', () => {
  const call = { text: 'x'.repeat(100), id: '1', idHash: 1, action: 2 }
  const many = new HeldCalls()
  for (let count = 0; count < 64; count += 1) {
    assert.equal(many.isFull, false)
    many.push(call)
  }
  assert.ok(many.isFull)
  assert.equal(many.shift(), call)
  assert.equal(many.isFull, false)
  const large = new HeldCalls()
  large.push({ ...call, text: 'x'.repeat(262_144) })
  assert.ok(large.isFull)
  large.clear()
  assert.deepEqual([large.isFull, large.length, large.shift()], [false, 0, null])
})

test('open CALLs: is one younger than that?', () => {
  const calls = new OpenCalls()
  assert.equal(calls.isOpenSince(-1000), false)
  calls.open(1, 2, 0)
  assert.deepEqual([calls.isOpenSince(-1), calls.isOpenSince(0)], [true, false])
  calls.open(2, 2, 100)
  calls.open(3, 2, 50)
  assert.deepEqual([calls.isOpenSince(99), calls.isOpenSince(100)], [true, false])
  calls.answered(2)
  assert.deepEqual([calls.isOpenSince(49), calls.isOpenSince(50)], [true, false])
})

test('[principle 4] a message is shown once more when all before it is forwarded, and goes on or not', () => {
  const texts = ['1', 'let', '2', 'keep', '3']
  const frames = texts.map((payload) => frame({ payload, mask }))
  const rest = [
    frame({ payload: 'ke', fin: false, mask }),
    frame({ opcode: opcode.continuation, payload: 'ep', mask }),
    frame({ payload: 'l', fin: false, mask }),
    frame({ opcode: opcode.continuation, payload: 'et', mask }),
  ]
  const bytes = Buffer.concat([...frames, ...rest])
  const options = {
    watches: (text: Buffer) => text.length > 1,
    lets: (text: Buffer) => text.toString() === 'let',
  }
  const expected = Buffer.concat([...frames.slice(0, 3), ...frames.slice(4), ...rest.slice(2)])
  const lengthOf = (...list: Buffer[]) => Buffer.concat(list).length
  const [one = mask, two = mask, three = mask, , five = mask] = frames
  for (let at = 0; at <= bytes.length; at += 1) {
    const recorder = new Recorder(options).push(bytes.subarray(0, at), bytes.subarray(at))
    assert.deepEqual(recorder.bytes, expected, `cut at ${at}`)
    assert.deepEqual(recorder.examined, [
      { text: 'let', forwarded: one.length },
      { text: 'keep', forwarded: lengthOf(one, two, three) },
      { text: 'keep', forwarded: lengthOf(one, two, three, five) },
      { text: 'let', forwarded: lengthOf(one, two, three, five) },
    ])
  }
  for (const [index, each] of frames.entries()) {
    const recorder = new Recorder(options).push(each)
    assert.equal(recorder.bytes.length, texts[index] === 'keep' ? 0 : each.length)
  }
})
