import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { actionIndexOf, actionNames, noAction, otherAction } from '../../src/ocpp/action-index.ts'
import { Envelope } from '../../src/ocpp/envelope.ts'
import { fnv1a } from '../../src/ocpp/fnv.ts'

const envelope = new Envelope()

/** Reads `text` out of a buffer that holds `stale` behind it, as the shared scratch does. */
function read(text: string, stale = '"x","Heartbeat",{}]'): boolean {
  const bytes = Buffer.from(text)
  return envelope.read(Buffer.concat([bytes, Buffer.from(stale)]), bytes.length)
}

function hashOf(text: string): number {
  const bytes = Buffer.from(text)
  return fnv1a(bytes, 0, bytes.length)
}

function indexOf(action: string): number {
  const bytes = Buffer.from(action)
  return actionIndexOf(bytes, 0, bytes.length)
}

test('[OCPP-J 4.2] CALL, CALLRESULT, CALLERROR', () => {
  assert.ok(read('[2,"19223201","BootNotification",{"chargePointVendor":"V"}]'))
  assert.deepEqual([envelope.type, envelope.idHash], [2, hashOf('19223201')])
  assert.equal(actionNames[envelope.action], 'BootNotification')
  assert.ok(read('[3,"19223201",{}]'))
  assert.deepEqual([envelope.type, envelope.action], [3, noAction])
  assert.ok(read('[4,"19223201","NotSupported","",{}]'))
  assert.deepEqual([envelope.type, envelope.idHash, envelope.action], [4, hashOf('19223201'), noAction])
})

test('[OCPP-J 4.1.3] unknown types and empty messages pass; what is no message does not', () => {
  for (const [text, type] of [
    ['[5,"x",{}]', 5],
    ['[-1]', -1],
    ['[0]', 0],
    ['', 0],
    ['  \r\n', 0],
  ] as const) {
    assert.ok(read(text), text)
    assert.equal(envelope.type, type)
  }
  const wrong = [
    'x',
    '{}',
    '2',
    'null',
    '[',
    '[]',
    '["2","a","b",{}]',
    '[2.5,"a","b",{}]',
    '[2]',
    '[2,3,"A",{}]',
    '[2,"a"]',
    '[2,"a",3,{}]',
    '[2,"a","A"]',
    '[3,"a"]',
    '[3,null,{}]',
    '[4,"a"]',
    '[2,"a","A",{}',
    '[2,"a\n","A",{}]',
    '[2,"a","A\u0001",{}]',
    '\u0000[2,"a","A",{}]',
    '\ufeff[2,"a","A",{}]',
    '[2,"a","A",{}]x',
    '[02,"a","A",{}]',
  ]
  for (const text of wrong) {
    assert.equal(read(text), false, text)
    assert.notEqual(envelope.problem, '')
  }
})

test('names of actions are exact; what is not in the list is other', () => {
  for (const [index, name] of actionNames.entries()) {
    if (index > otherAction) assert.equal(indexOf(name), index)
  }
  for (const name of ['heartbeat', 'Heartbeat ', '', 'none', 'other', 'constructor', '__proto__']) {
    assert.equal(indexOf(name), otherAction, name)
  }
})

const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/)
const word = fc.oneof(
  fc.constantFrom('Heartbeat', 'BootNotification', 'é', '𝄞', '', '\\', '"', ']', ',', '\u007f', '\u2028'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)
/** JSON text of a string, some characters written as escapes. */
const spelled = (value: string) =>
  fc.array(fc.boolean(), { minLength: value.length, maxLength: value.length }).map((escaped) => {
    const units = Array.from({ length: value.length }, (_, index) => {
      const unit = value.charCodeAt(index)
      return escaped[index] ? `\\u${unit.toString(16).padStart(4, '0')}` : null
    })
    // A surrogate pair is escaped whole or not at all.
    const isPair = /[\ud800-\udfff]/.test(value)
    if (isPair || units.every((unit) => unit === null)) return JSON.stringify(value)
    return `"${units.map((unit, index) => unit ?? JSON.stringify(value[index]).slice(1, -1)).join('')}"`
  })

test('[OCPP-J 4.2.1] odd spellings, white space and escapes mean the same', () => {
  const messages = fc.tuple(word, word, fc.jsonValue()).chain(([id, action, payload]) =>
    fc.record({
      id: fc.constant(id),
      action: fc.constant(action),
      idText: spelled(id),
      actionText: spelled(action),
      payloadText: fc.constant(JSON.stringify(payload)),
      gaps: fc.array(space, { minLength: 9, maxLength: 9 }),
      type: fc.constantFrom('2', '2.0', '2e0', '0.2E1'),
    }),
  )
  fc.assert(
    fc.property(messages, ({ id, action, idText, actionText, payloadText, gaps: g, type }) => {
      const parts = ['[', type, ',', idText, ',', actionText, ',', payloadText, ']']
      const text = parts.map((part, index) => `${g[index]}${part}`).join('') + (g[0] ?? '')
      assert.ok(read(text), text)
      assert.deepEqual([envelope.type, envelope.idHash, envelope.action], [2, hashOf(id), indexOf(action)])
    }),
    { numRuns: 500 },
  )
})

/** What JSON.parse makes of it: null where it is no OCPP-J message by its first elements. */
function oracle(
  text: string,
): { type: number; id: string | null; action: string | null } | null | 'not JSON' {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'not JSON'
  }
  if (!Array.isArray(value)) return null
  const [type, id, action]: unknown[] = value
  if (!Number.isInteger(type)) return null
  if (type !== 2 && type !== 3 && type !== 4) return { type: Number(type), id: null, action: null }
  if (typeof id !== 'string' || value.length < 3) return null
  if (type !== 2) return { type, id, action: null }
  return typeof action === 'string' && value.length > 3 ? { type, id, action } : null
}

/** Pieces of messages, put together without sense. */
const soup = fc.array(
  fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    '2',
    '3',
    '4',
    '5',
    '"a"',
    '"Heartbeat"',
    '\\u0041',
    '\\',
    ' ',
    '\n',
    'null',
    '1.5',
    'é',
    ':',
    '{}',
    '[2,"a","Heartbeat",{}]',
    '[3,"b",',
  ),
  { maxLength: 12 },
)

test('[OCPP-J 4.2] against JSON.parse: the same first elements, or the payload alone is broken', () => {
  const mutated = fc
    .tuple(
      fc.constantFrom('[2,"id1","Heartbeat",{}]', '[3,"id1",{"a":[1]}]', '[4,"id1","E","",{}]'),
      fc.nat(),
      soup,
    )
    .map(([text, at, pieces]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + pieces.slice(0, 2).join('') + text.slice(place + (at % 3))
    })
  fc.assert(
    fc.property(
      fc.oneof(
        soup.map((pieces) => pieces.join('')),
        mutated,
        fc.json(),
      ),
      (text) => {
        const ok = read(text)
        const expected = oracle(text)
        if (text.trim() === '') return assert.ok(ok)
        if (expected === null) return assert.equal(ok, false, text)
        if (expected === 'not JSON') {
          if (!ok) return
          // The elements that the scanner saw must be those of a message with any other payload.
          const head = /^\s*\[\s*([234])\s*,\s*"([^"\\]*)"\s*,(?:\s*"([^"\\]*)"\s*,)?/.exec(text)
          assert.ok(head !== null && /\]\s*$/.test(text), text)
          assert.deepEqual([envelope.type, envelope.idHash], [Number(head[1]), hashOf(head[2] ?? '')])
          if (head[1] === '2') assert.equal(envelope.action, indexOf(head[3] ?? ''))
          return
        }
        assert.ok(ok, text)
        assert.equal(envelope.type, expected.type)
        if (expected.id !== null) assert.equal(envelope.idHash, hashOf(expected.id))
        assert.equal(envelope.action, expected.action === null ? noAction : indexOf(expected.action))
      },
    ),
    { numRuns: 5000 },
  )
})

test('bytes behind the message are never content: every prefix reads like itself alone', () => {
  const texts = [
    '[2,"id","Heartbeat",{}]',
    ' [ 3 , "id" , {} ] ',
    '[4,"id","E","",{}]',
    '[2,"a\\u0041","H",{}]',
  ]
  const state = () => [envelope.type, envelope.idHash, envelope.action]
  for (const text of texts) {
    for (let length = 0; length <= text.length; length += 1) {
      const prefix = text.slice(0, length)
      const alone = read(prefix, '')
      const seen = state()
      for (const stale of [text.slice(length), ' "x" , "Heartbeat" , {} ]', ']', '   ,{}]', '"', '\u00e9']) {
        assert.equal(read(prefix, stale), alone, `${prefix} | ${stale}`)
        assert.deepEqual(state(), seen, `${prefix} | ${stale}`)
      }
    }
  }
})

test('[CWE-674] deep nesting and arbitrary bytes never throw', () => {
  const deep = `[2,"a","\\u0041",${'['.repeat(100_000)}${']'.repeat(100_000)}]`
  assert.equal(typeof read(deep), 'boolean')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(80), (bytes, length) => {
      assert.equal(typeof envelope.read(Buffer.from(bytes), Math.min(length, bytes.length)), 'boolean')
    }),
  )
})
