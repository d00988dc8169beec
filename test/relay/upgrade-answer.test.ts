import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { acceptOf, readUpgradeAnswer } from '../../src/relay/upgrade-answer.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const maxBytes = 1024
const good = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: WebSocket',
  'connection: keep-alive, UPGRADE',
  `Sec-WebSocket-Accept: \t${acceptOf(key)} `,
  'Sec-WebSocket-Protocol: ocpp1.6',
]
const read = (lines: readonly string[], rest = '') =>
  readUpgradeAnswer(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${rest}`), maxBytes, key, ['ocpp1.6'])

test('[RFC 6455 1.3] the accept value of the example in the standard', () => {
  assert.equal(acceptOf(key), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test('[RFC 6455 4.1] an answer that agrees, cut at every byte; what follows it is kept', () => {
  const bytes = Buffer.from(`${good.join('\r\n')}\r\n\r\nearly \r\n\r\n bytes`)
  const end = bytes.indexOf('\r\n\r\n') + 4
  for (let at = 0; at <= bytes.length; at += 1) {
    const answer = readUpgradeAnswer(bytes.subarray(0, at), maxBytes, key, ['ocpp1.6'])
    if (at < end) assert.equal(answer, null, `cut at ${at}`)
    else assert.deepEqual(answer, { kind: 'open', protocol: 'ocpp1.6', rest: bytes.subarray(end, at) })
  }
})

test('what follows the head is a copy: the memory that was read into is used again', () => {
  const bytes = Buffer.from(`${good.join('\r\n')}\r\n\r\nearly`)
  const answer = readUpgradeAnswer(bytes, maxBytes, key, ['ocpp1.6'])
  bytes.fill(0)
  assert.equal(answer?.rest.toString(), 'early')
})

test('[RFC 6455 4.1] each thing that a 101 can have wrong', () => {
  const without = (name: string) => good.filter((line) => !line.toLowerCase().startsWith(name))
  const wrong: Record<string, readonly string[]> = {
    'without Upgrade': without('upgrade'),
    'another Upgrade': [...without('upgrade'), 'Upgrade: h2c'],
    'without Connection': without('connection'),
    'without Sec-WebSocket-Accept': without('sec-websocket-accept'),
    'wrong accept': [...without('sec-websocket-accept'), `Sec-WebSocket-Accept: ${acceptOf('x')}`],
    'two accepts': [...good, `Sec-WebSocket-Accept: ${acceptOf(key)}`],
    extension: [...good, 'Sec-WebSocket-Extensions: permessage-deflate'],
    'protocol that was not offered': [
      ...without('sec-websocket-protocol'),
      'Sec-WebSocket-Protocol: ocpp2.0.1',
    ],
    'two protocols': [...good, 'Sec-WebSocket-Protocol: ocpp1.6'],
    'folded line': [...good, ' folded: yes'],
    'name with a space': [...good, 'X Y: z'],
    'line feed alone': [...good, 'X: a\nY: b'],
    'no colon': [...good, 'X'],
    'not HTTP': ['SSH-2.0-OpenSSH_9', ...good.slice(1)],
    'HTTP/2': ['HTTP/2 101', ...good.slice(1)],
    'a status of four digits': ['HTTP/1.1 1010 x', ...good.slice(1)],
  }
  for (const [name, lines] of Object.entries(wrong)) assert.equal(read(lines)?.kind, 'invalid', name)
  assert.deepEqual(read(without('sec-websocket-protocol')), {
    kind: 'open',
    protocol: null,
    rest: Buffer.alloc(0),
  })
})

test('[OCPP-J 3.2] every other status is a refusal, with its headers', () => {
  const answer = read(['HTTP/1.1 503', 'Retry-After: 7', 'X-A: 1', 'x-a: 2'], 'body')
  assert.equal(answer?.kind, 'refused')
  if (answer?.kind !== 'refused') return
  assert.equal(answer.status, 503)
  assert.equal(answer.headers.get('retry-after'), '7')
  assert.equal(answer.headers.get('x-a'), '1, 2')
})

test('[CWE-770] a head that does not end is not waited for', () => {
  const head = Buffer.from(`HTTP/1.1 101 Switching Protocols\r\nX: ${'a'.repeat(maxBytes)}`)
  assert.equal(readUpgradeAnswer(head, maxBytes, key, [])?.kind, 'invalid')
  assert.equal(readUpgradeAnswer(head.subarray(0, maxBytes), maxBytes, key, []), null)
})

test('[CWE-1333] white space in a header costs time in proportion to its length', () => {
  const value = `a${' '.repeat(1_000_000)}b${'\t'.repeat(1_000_000)}`
  const answer = readUpgradeAnswer(Buffer.from(`HTTP/1.1 400 x\r\nX: ${value}\r\n\r\n`), 5_000_000, key, [])
  assert.ok(answer?.kind === 'refused' && answer.headers.get('x') === value.trimEnd())
})

test('[CWE-20] arbitrary bytes never throw', () => {
  const head = fc.constantFrom('', 'HTTP/1.1 101 \r\n', 'HTTP/1.1 404 Not Found\r\n')
  const end = fc.constantFrom('', '\r\n\r\n')
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 100 }), end, (start, middle, tail) => {
      const bytes = Buffer.concat([Buffer.from(start), middle, Buffer.from(tail)])
      const answer = readUpgradeAnswer(bytes, maxBytes, key, [])
      assert.ok(answer === null || answer.kind !== 'open')
    }),
    { numRuns: 1000 },
  )
})
