import assert from 'node:assert/strict'
import type { Writable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import * as ws from 'ws'
import { opcode } from '../../src/relay/opcode.ts'
import { Recorder, type Seen } from '../relay/recorder.ts'
import { closePayload, frame, readFrames } from '../relay/wire.ts'

/**
 * The receiver of ws as oracle. Known and deliberate differences: ws takes binary messages and
 * lengths that are not in their shortest form (RFC 6455 5.2 asks for it), says already at the
 * header that a Close frame has one byte, and ends with 1007 where a close reason is no UTF-8: to us
 * a broken control frame is 1002, whatever is wrong with it.
 */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => Writable
}
const statusCode = 'status-code'
const maxPayload = 2000

interface Oracle {
  readonly seen: Seen[]
  /** Close code of the error; null: none. */
  readonly failed: number | null
  readonly message: string
}

async function oracle(bytes: Buffer, masked: boolean): Promise<Oracle> {
  const receiver = new Receiver({ isServer: masked, maxPayload })
  const seen: Seen[] = []
  let failed: number | null = null
  let message = ''
  const control = (code: number) => (payload: Buffer) =>
    seen.push({ kind: 'control', opcode: code, payload: Buffer.from(payload) })
  receiver.on('message', (data: Buffer) => seen.push({ kind: 'message', text: Buffer.from(data) }))
  receiver.on('ping', control(opcode.ping))
  receiver.on('pong', control(opcode.pong))
  receiver.on('conclude', (code: number, reason: Buffer) => {
    const payload = code === 1005 ? Buffer.alloc(0) : closePayload(code, reason.toString())
    seen.push({ kind: 'control', opcode: opcode.close, payload })
  })
  receiver.on('error', (error: Error) => {
    const key = Object.getOwnPropertySymbols(error).find(({ description }) => description === statusCode)
    failed = key === undefined ? 0 : (Reflect.get(error, key) as number)
    message = error.message
  })
  // A copy: it unmasks in place.
  if (bytes.length > 0) receiver.write(Buffer.from(bytes))
  await new Promise(setImmediate)
  return { seen, failed, message }
}

/** Texts that are UTF-8, that are not, and that are no text. */
const payload = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 1, 125, 126, 127, 1999, 2000, 2001).map((n) => Buffer.alloc(n, 0x41)),
  },
)
const closing = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc
    .tuple(fc.integer({ min: 990, max: 1020 }), fc.string({ maxLength: 10 }))
    .map(([code, text]) => closePayload(code, text)),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
)

type Part = {
  opcode: number
  fin: boolean
  payload: Buffer
  rsv?: number
  flip?: boolean
  lengthForm?: '16' | '64'
}

const whole: fc.Arbitrary<Part[]> = payload.map((text) => [{ opcode: opcode.text, fin: true, payload: text }])
const control: fc.Arbitrary<Part> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      opcode: fc.constantFrom(opcode.ping, opcode.pong),
      fin: fc.constant(true),
      payload: fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b)),
    }),
  },
  { weight: 1, arbitrary: closing.map((bytes) => ({ opcode: opcode.close, fin: true, payload: bytes })) },
)
/** One message in pieces, with control frames between them. */
const fragmented: fc.Arbitrary<Part[]> = fc
  .tuple(
    payload,
    fc.array(fc.nat(60), { maxLength: 4 }),
    fc.array(fc.option(control, { freq: 3 }), { minLength: 5, maxLength: 5 }),
  )
  .map(([text, cuts, between]) => {
    const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
    return places.slice(1).flatMap((end, index) => {
      const part = {
        opcode: index === 0 ? opcode.text : opcode.continuation,
        fin: index === places.length - 2,
        payload: text.subarray(places[index], end),
      }
      const extra = between[index]
      return extra && !part.fin ? [part, extra] : [part]
    })
  })
const wrong: fc.Arbitrary<Part[]> = fc
  .record({
    opcode: fc.nat(15),
    fin: fc.boolean(),
    payload: fc.oneof(payload, closing),
    rsv: fc.constantFrom(0, 0, 0, 1, 2, 4),
    flip: fc.constantFrom(false, false, false, true),
  })
  .map((part) => [part])

const streams = fc.record({
  masked: fc.boolean(),
  parts: fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: whole },
        { weight: 3, arbitrary: control.map((one) => [one]) },
        { weight: 5, arbitrary: fragmented },
        { weight: 1, arbitrary: wrong },
      ),
      { maxLength: 8 },
    )
    .map((groups) => groups.flat()),
  mask: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  cuts: fc.array(fc.nat(), { maxLength: 12 }),
})

function encode({ masked, parts, mask }: { masked: boolean; parts: Part[]; mask: Buffer }): Buffer {
  return Buffer.concat(
    parts.map(({ flip, ...part }) => frame({ ...part, mask: masked !== (flip ?? false) ? mask : null })),
  )
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length))
}

/** The bytes of the first `count` events, messages when they are whole (design, section 9). */
function expectedForward(bytes: Buffer, count: number): Buffer {
  const out: Buffer[] = []
  let message: Buffer[] = []
  let events = 0
  for (const one of readFrames(bytes)) {
    if (events === count) break
    if (one.opcode >= 0x8) {
      out.push(one.bytes)
      events += 1
    } else {
      message.push(one.bytes)
      if (!one.fin) continue
      out.push(...message)
      message = []
      events += 1
    }
  }
  return Buffer.concat(out)
}

const deliberate = new Set(['binary message', 'length not in its shortest form'])

async function compare(bytes: Buffer, pieces: Buffer[], masked: boolean): Promise<void> {
  const ours = new Recorder({ masked, messageBytes: maxPayload }).push(...pieces)
  const theirs = await oracle(bytes, masked)
  const events = ours.seen.filter((one) => one.kind !== 'violation')
  const [violation] = ours.violations
  assert.deepEqual(ours.bytes, expectedForward(bytes, events.length), 'forwarded as it came')
  assert.ok(ours.violations.length <= 1, 'one violation at the most')
  if (violation?.kind === 'violation') {
    assert.equal(ours.seen.at(-1), violation, 'nothing after a violation')
    if (deliberate.has(violation.detail)) {
      assert.deepEqual(events, theirs.seen.slice(0, events.length))
      return
    }
  }
  assert.deepEqual(events, theirs.seen)
  if (theirs.message.includes('invalid payload length 1') && violation === undefined) return
  if (violation?.kind !== 'violation') assert.equal(theirs.failed, null, theirs.message)
  // RFC 6455 5.2: that bit is never set, so it breaks the protocol; ws sees a length beyond all bounds.
  else if (violation.detail === 'length with its top bit set') {
    assert.deepEqual([violation.code, theirs.failed], [1002, 1009])
  } else if (violation.detail !== 'close reason that is not UTF-8')
    assert.equal(violation.code, theirs.failed)
  else assert.equal(theirs.failed, 1007)
}

test('[RFC 6455 5][RFC 6455 7.4] any sequence of frames, cut anywhere, means what ws says it means', async () => {
  await fc.assert(
    fc.asyncProperty(streams, async (stream) => {
      const bytes = encode(stream)
      await compare(bytes, cut(bytes, stream.cuts), stream.masked)
    }),
    { numRuns: 1500 },
  )
})

test('[RFC 6455 5][CWE-20] the same for streams in which single bytes were changed', async () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  })
  await fc.assert(
    fc.asyncProperty(streams, changes, async (stream, changed) => {
      const bytes = encode(stream)
      if (bytes.length === 0) return
      for (const [place, bits] of changed) {
        const at = place % bytes.length
        bytes[at] = (bytes[at] ?? 0) ^ bits
      }
      await compare(bytes, cut(bytes, stream.cuts), stream.masked)
    }),
    { numRuns: 1500 },
  )
})

test('[CWE-20] arbitrary bytes never throw, and are never forwarded beyond what is valid', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (raw, masked) => {
      const bytes = Buffer.from(raw)
      await compare(bytes, [bytes], masked)
    }),
    { numRuns: 1000 },
  )
})
