import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readUpgradeRequest } from '../../src/gate/upgrade-request.ts'

const good: Readonly<Record<string, string>> = {
  host: 'ocpp.example.com',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'ocpp1.6',
}

/** As Node's parser hands it over; a header in `twice` came two times. */
function read(
  headers: Readonly<Record<string, string | undefined>> = {},
  more: object = {},
  twice: readonly string[] = [],
) {
  const all = Object.fromEntries(
    Object.entries({ ...good, ...headers }).filter(([, value]) => value !== undefined),
  )
  const headersDistinct = Object.fromEntries(
    Object.entries(all).map(([name, value]) => [name, twice.includes(name) ? [value, value] : [value]]),
  )
  const message = {
    method: 'GET',
    url: '/ocpp/CP1',
    httpVersion: '1.1',
    headers: all,
    headersDistinct,
    ...more,
  }
  return readUpgradeRequest(message as unknown as Parameters<typeof readUpgradeRequest>[0])
}

const reasonOf = (result: ReturnType<typeof read>) => (result.ok ? 'ok' : result.reason)

test('[RFC 6455 4.2.1] a request that is right', () => {
  const result = read({
    authorization: 'Basic eA==',
    'user-agent': 'CP',
    'sec-websocket-protocol': 'ocpp2.0.1 , ocpp1.6,',
  })
  assert.deepEqual(result, {
    ok: true,
    request: {
      target: '/ocpp/CP1',
      key: good['sec-websocket-key'],
      protocols: ['ocpp2.0.1', 'ocpp1.6'],
      authorization: 'Basic eA==',
      userAgent: 'CP',
    },
  })
  assert.ok(read({ upgrade: 'WebSocket', connection: 'keep-alive, UPGRADE' }).ok)
  assert.ok(read({ 'content-length': '0' }).ok)
})

test('[RFC 6455 4.2.1][CWE-444] each rule that it can break', () => {
  const broken: Record<string, ReturnType<typeof read>> = {
    method: read({}, { method: 'POST' }),
    'HTTP/1.0': read({}, { httpVersion: '1.0' }),
    'no host': read({ host: undefined }),
    'a body': read({ 'content-length': '1' }),
    'a chunked body': read({ 'transfer-encoding': 'chunked' }),
    'no upgrade': read({ upgrade: undefined }),
    'another upgrade': read({ upgrade: 'h2c, websocket' }),
    'no connection': read({ connection: 'close' }),
    'no key': read({ 'sec-websocket-key': undefined }),
    'a short key': read({ 'sec-websocket-key': 'YQ==' }),
    'a key that is no base64': read({ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZ!==' }),
    'a protocol that is no token': read({ 'sec-websocket-protocol': 'ocpp 1.6' }),
    'a protocol with a line break': read({ 'sec-websocket-protocol': 'ocpp1.6\r\nX: y' }),
    'seventeen protocols': read({
      'sec-websocket-protocol': Array.from({ length: 17 }, (_, n) => `p${n}`).join(','),
    }),
  }
  for (const [name, result] of Object.entries(broken))
    assert.equal(reasonOf(result), 'request_malformed', name)
  for (const version of [undefined, '8', '13, 13', '013']) {
    assert.equal(reasonOf(read({ 'sec-websocket-version': version })), 'websocket_version')
  }
  assert.deepEqual(read({ 'sec-websocket-protocol': undefined }).ok, true)
})

test('[CWE-444] what must not come twice', () => {
  const names = ['host', 'authorization', 'sec-websocket-key', 'sec-websocket-version', 'upgrade']
  for (const name of names) {
    const result = read({ authorization: 'Basic eA==' }, {}, [name])
    assert.deepEqual(result, { ok: false, reason: 'request_malformed', detail: `${name} comes twice` })
  }
})

test('[CWE-532] no detail repeats a header that may hold a secret', () => {
  const secret = 'c2VjcmV0'
  const header = fc.constantFrom(
    'authorization',
    'sec-websocket-key',
    'sec-websocket-protocol',
    'upgrade',
    'connection',
    'host',
  )
  fc.assert(
    fc.property(header, fc.string(), (name, text) => {
      const result = read({ [name]: `${secret}${text}` })
      assert.ok(result.ok || (!result.detail.includes(secret) && result.detail.length < 100))
    }),
  )
})
