import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opcode } from '../../src/relay/opcode.ts'
import { Recorder } from './recorder.ts'
import { closePayload, frame, testMask } from './wire.ts'

const mask = testMask
const call = '[2,"1","Heartbeat",{}]'

/** Streams of a client in which everything occurs that is split into pieces differently. */
const streams: Readonly<Record<string, Buffer>> = {
  messages: Buffer.concat([frame({ payload: call, mask }), frame({ payload: 'é'.repeat(80), mask })]),
  fragments: Buffer.concat([
    frame({ payload: '[2,"1","Hé'.slice(0, 9), fin: false, mask }),
    frame({ opcode: opcode.ping, payload: 'there?', mask }),
    frame({ opcode: opcode.continuation, payload: 'é', fin: false, mask }),
    frame({ opcode: opcode.continuation, payload: ',{}]', mask }),
    frame({ payload: '', mask }),
  ]),
  closing: Buffer.concat([
    frame({ payload: call, mask }),
    frame({ opcode: opcode.close, payload: closePayload(1000, 'bye'), mask }),
    frame({ payload: 'after the end', mask }),
  ]),
  broken: Buffer.concat([
    frame({ payload: call, mask }),
    frame({ payload: call, mask: null }),
    frame({ mask }),
  ]),
  binary: Buffer.concat([
    frame({ payload: call, mask }),
    frame({ opcode: opcode.binary, payload: 'x', mask }),
  ]),
}

for (const [name, bytes] of Object.entries(streams)) {
  test(`[RFC 6455 5.4] cut at any place, byte by byte too, the same is seen and forwarded: ${name}`, () => {
    const whole = new Recorder().push(bytes)
    const pieces = Array.from(bytes, (byte) => Buffer.of(byte))
    assert.deepEqual(new Recorder().push(...pieces).seen, whole.seen)
    for (let at = 0; at <= bytes.length; at += 1) {
      const cut = new Recorder().push(bytes.subarray(0, at), bytes.subarray(at))
      assert.deepEqual(cut.seen, whole.seen, `cut at ${at}`)
      assert.deepEqual(cut.bytes, whole.bytes, `cut at ${at}`)
    }
  })
}

test('[RFC 6455 5.1] what is forwarded are the bytes that came, mask and all', () => {
  const { messages = Buffer.alloc(0) } = streams
  const recorder = new Recorder().push(messages)
  assert.deepEqual(recorder.bytes, messages)
  assert.equal(recorder.forwarded.length, 1, 'a run of frames goes out in one piece')
  assert.deepEqual(recorder.texts, [call, 'é'.repeat(80)])
})

test('[RFC 6455 5.4] a control frame overtakes the message it stands in; the message goes out whole', () => {
  const first = frame({ payload: 'a', fin: false, mask })
  const ping = frame({ opcode: opcode.ping, payload: 'p', mask })
  const last = frame({ opcode: opcode.continuation, payload: 'b', mask })
  const recorder = new Recorder().push(first, ping)
  assert.deepEqual(recorder.bytes, ping)
  recorder.push(last)
  assert.deepEqual(recorder.bytes, Buffer.concat([ping, first, last]))
  assert.deepEqual(recorder.texts, ['ab'])
})

test('[RFC 6455 5.2] lengths at their borders, in every form', () => {
  for (const length of [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537]) {
    const bytes = frame({ payload: Buffer.alloc(length, 0x20), mask })
    const recorder = new Recorder().push(bytes)
    assert.deepEqual(recorder.bytes, bytes, `${length}`)
    assert.equal(recorder.texts[0]?.length, length)
  }
  const longer = [
    frame({ payload: Buffer.alloc(125), lengthForm: '16' }),
    frame({ payload: Buffer.alloc(65_535), lengthForm: '64' }),
  ]
  for (const bytes of longer) {
    const [violation] = new Recorder({ masked: false }).push(bytes).violations
    assert.equal(violation?.reason, 'frame_invalid')
  }
})

test('[RFC 6455 5.2] a length with its top bit set, or beyond what a number holds, ends the connection', () => {
  for (const [high, reason] of [
    [0x8000_0000, 'frame_invalid'],
    [0x7fff_ffff, 'message_too_large'],
  ] as const) {
    const header = Buffer.alloc(10)
    header[0] = 0x81
    header[1] = 127
    header.writeUInt32BE(high, 2)
    const recorder = new Recorder({ masked: false }).push(header)
    assert.equal(recorder.violations[0]?.reason, reason)
  }
})

test('[CWE-770] a message is refused by its header, one byte over the limit, in fragments too', () => {
  const limit = 1024
  const fits = frame({ payload: Buffer.alloc(limit, 0x20), mask })
  assert.deepEqual(new Recorder({ messageBytes: limit }).push(fits).bytes, fits)

  const header = frame({ payload: Buffer.alloc(limit + 1), mask }).subarray(0, 4)
  const alone = new Recorder({ messageBytes: limit }).push(header)
  assert.deepEqual(alone.violations, [
    { kind: 'violation', reason: 'message_too_large', code: 1009, detail: '1025 bytes, 1024 allowed' },
  ])

  const half = frame({ payload: Buffer.alloc(limit / 2), fin: false, mask })
  const rest = frame({ opcode: opcode.continuation, payload: Buffer.alloc(limit / 2 + 1), mask })
  const inPieces = new Recorder({ messageBytes: limit }).push(half, rest)
  assert.equal(inPieces.violations[0]?.reason, 'message_too_large')
  assert.equal(inPieces.bytes.length, 0)
})

test('[CWE-770] a header that promises a quarter of a mebibyte costs what arrived', () => {
  const header = frame({ payload: Buffer.alloc(262_144), mask }).subarray(0, 20)
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 400 }, () => new Recorder().push(header))
  const grown = process.memoryUsage().arrayBuffers - before
  // Each reader has a scratch of 64 KiB here, the process has one for all of them.
  const perReader = grown / readers.length - 65_536
  assert.ok(perReader < 8192, `${perReader} bytes`)
  assert.equal(readers.length, 400)
})

test('[CWE-770] 1,024 fragments are a message, one more is an attack', () => {
  const piece = (index: number, count: number) =>
    frame({
      opcode: index === 0 ? opcode.text : opcode.continuation,
      payload: 'x',
      fin: index === count - 1,
      mask,
    })
  const message = (count: number) => Array.from({ length: count }, (_, index) => piece(index, count))
  const most = new Recorder().push(...message(1024))
  assert.deepEqual(most.texts, ['x'.repeat(1024)])
  assert.deepEqual(most.bytes, Buffer.concat(message(1024)))
  const more = new Recorder().push(...message(1025))
  assert.equal(more.violations[0]?.code, 1008)
  assert.equal(more.bytes.length, 0)
})

test('[RFC 6455 5.4] the count of fragments begins anew with every message', () => {
  const recorder = new Recorder()
  for (let count = 0; count < 1100; count += 1) {
    recorder.push(frame({ payload: 'a', fin: false, mask }), frame({ opcode: opcode.continuation, mask }))
  }
  assert.equal(recorder.violations.length, 0)
  assert.equal(recorder.texts.length, 1100)
})

test('[RFC 6455 8.1] a code point may be split over fragments; text that is no UTF-8 does not pass', () => {
  const euro = Buffer.from('€')
  const split = [
    frame({ payload: euro.subarray(0, 1), fin: false, mask }),
    frame({ opcode: opcode.continuation, payload: euro.subarray(1), mask }),
  ]
  assert.deepEqual(new Recorder().push(...split).texts, ['€'])
  const wrong = [
    [frame({ payload: Buffer.of(0xc3, 0x28), mask })],
    [frame({ payload: euro.subarray(0, 2), fin: false, mask }), frame({ opcode: opcode.continuation, mask })],
    // Surrogates and overlong forms (RFC 3629 3).
    [frame({ payload: Buffer.of(0xed, 0xa0, 0x80), mask })],
    [frame({ payload: Buffer.of(0xc0, 0xaf), mask })],
  ]
  for (const frames of wrong) {
    const recorder = new Recorder().push(...frames)
    assert.deepEqual(recorder.violations, [
      { kind: 'violation', reason: 'message_invalid', code: 1007, detail: 'text that is not UTF-8' },
    ])
    assert.equal(recorder.bytes.length, 0)
  }
})

test('[OCPP-J 4] a message that the receiver refuses is not forwarded, what stood before it is', () => {
  const good = frame({ payload: 'good', mask })
  const judge = (text: Buffer) => (text.toString() === 'bad' ? 'no OCPP' : null)
  const recorder = new Recorder({ judge }).push(Buffer.concat([good, frame({ payload: 'bad', mask }), good]))
  assert.deepEqual(recorder.bytes, good)
  assert.deepEqual(recorder.texts, ['good', 'bad'])
  assert.equal(recorder.violations[0]?.detail, 'no OCPP')
})

test('[RFC 6455 5.5.1] nothing is read behind a Close frame, a second Close neither', () => {
  const close = frame({ opcode: opcode.close, payload: closePayload(1000), mask })
  const recorder = new Recorder().push(Buffer.concat([close, close, frame({ payload: 'x', mask })]), close)
  assert.deepEqual(recorder.bytes, close)
  assert.equal(recorder.seen.length, 1)
})

test('[RFC 6455 5.5.1] a close payload that must not be sent ends the connection', () => {
  const wrong = [Buffer.of(3), closePayload(999), closePayload(1005), closePayload(1006), closePayload(5000)]
  for (const payload of [...wrong, Buffer.from([0x03, 0xe8, 0xff])]) {
    const [violation] = new Recorder().push(frame({ opcode: opcode.close, payload, mask })).violations
    assert.equal(violation?.code, 1002, payload.toString('hex'))
  }
})

test('a control frame that the receiver keeps does not go on; its neighbours do', () => {
  const text = frame({ payload: 'text', mask })
  const pong = frame({ opcode: opcode.pong, payload: 'ours', mask })
  const recorder = new Recorder({ passes: (code) => code !== opcode.pong })
  recorder.push(Buffer.concat([text, pong, text, pong]))
  assert.deepEqual(recorder.bytes, Buffer.concat([text, text]))
})

test('a stopped reader reads nothing and holds nothing', () => {
  const recorder = new Recorder().push(frame({ payload: 'half', fin: false, mask }))
  recorder.reader.stop()
  recorder.push(frame({ opcode: opcode.continuation, payload: 'x', mask }))
  assert.deepEqual(recorder.seen, [])
})
