import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { assertError, setUp, token } from './setting.ts'

test('[design 11] without the right token nothing is told, wherever one asks', async (t) => {
  const { ask } = await setUp(t)
  for (const [method, path] of [
    ['GET', '/charge-points'],
    ['GET', '/charge-points/CP1'],
    ['PUT', '/charge-points/CP1/password'],
    ['GET', '/security-events/stream'],
    ['GET', '/nowhere'],
    ['DELETE', '/'],
  ] as const) {
    for (const given of [null, '', 'wrong', `${token}x`, token.slice(0, -1), token.toUpperCase()]) {
      const answer = await ask(method, path, { token: given })
      assertError(answer, 401, 'token_refused')
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="ocpp-security-proxy"')
    }
  }
  const other = { authorization: `Basic ${Buffer.from(`a:${token}`).toString('base64')}` }
  assertError(await ask('GET', '/status', { token: null, headers: other }), 401, 'token_refused')
  assert.equal((await ask('GET', '/status')).status, 200)
})

test('[design 11] without a configured token there is no API, and the answer says why', async (t) => {
  const { ask, setToken, notes } = await setUp(t)
  setToken(null)
  for (const given of [null, '', token]) {
    const answer = await ask('GET', '/status', { token: given })
    assertError(answer, 403, 'api_disabled')
    assert.match(answer.body.message, /admin\.tokenFile/)
  }
  assert.deepEqual(notes, [], 'that is no attack')
  setToken('another')
  assertError(await ask('GET', '/status'), 401, 'token_refused')
  assert.equal((await ask('GET', '/status', { token: 'another' })).status, 200)
})

test('[A00.FR.323] refused tokens are an event, once a minute for an address', async (t) => {
  const clock = { now: 0 }
  const { ask, notes, logLines } = await setUp(t, { deps: { now: () => clock.now } })
  for (let i = 0; i < 5; i++) await ask('GET', '/status', { token: 'wrong' })
  assert.deepEqual(notes, [
    {
      type: 'AdminTokenRefused',
      identity: null,
      techInfo: 'admin API: a wrong token',
      address: '127.0.0.1',
    },
  ])
  clock.now = 60_000
  await ask('GET', '/status', { token: null })
  assert.equal(notes[1]?.techInfo, 'admin API: no token, 5 refusals since the last note')
  assert.equal(logLines.filter((line) => line.includes('no right token')).length, 2)
})

test('[CWE-307] a wrong token costs as much as twenty requests; probes are not in its way', async (t) => {
  const { ask, origin } = await setUp(t, { requestsPerMinute: 50 })
  const statuses: number[] = []
  for (let i = 0; i < 4; i++) statuses.push((await ask('GET', '/status', { token: 'wrong' })).status)
  assert.deepEqual(statuses, [401, 401, 401, 429])
  const answer = await ask('GET', '/status')
  assertError(answer, 429, 'rate_limited')
  assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
  for (const path of ['/livez', '/readyz', '/metrics']) {
    assert.equal((await ask('GET', `=${origin}${path}`, { token: null })).status, 200)
  }
})

test('[CWE-770] requests are limited for everybody', async (t) => {
  const { ask } = await setUp(t, { requestsPerMinute: 20 })
  for (let i = 0; i < 20; i++) assert.equal((await ask('GET', '/certificates')).status, 200)
  assertError(await ask('GET', '/certificates'), 429, 'rate_limited')
})

test('[CWE-942] no other origin is invited, and nothing is kept by caches', async (t) => {
  const { ask } = await setUp(t)
  const origin = { origin: 'https://evil.example', 'access-control-request-method': 'GET' }
  const preflight = await ask('OPTIONS', '/status', { token: null, headers: origin })
  assert.equal(preflight.status, 401)
  const { headers } = await ask('GET', '/status', { headers: origin })
  assert.equal(headers.get('access-control-allow-origin'), null)
  assert.equal(headers.get('cache-control'), 'no-store')
})

test('what cannot be read is refused in the same shape, and not repeated', async (t) => {
  const { ask, store } = await setUp(t)
  await store.registry.add('CP1', {})
  const path = '/charge-points/CP1/password'
  const text = { 'content-type': 'text/plain' }
  assertError(await ask('PUT', path, { raw: '{"password":"correct horse battery"' }), 400, 'request_invalid')
  assertError(await ask('PUT', path, { raw: 'correct horse battery', headers: text }), 415, 'media_type')
  assertError(await ask('PUT', path, { body: { password: 'x'.repeat(70_000) } }), 413, 'body_too_large')
  assertError(await ask('PUT', path, { body: ['correct horse battery'] }), 400, 'request_invalid')
  assertError(await ask('PUT', path, { raw: '{"__proto__":{"a":1},"password":"x"}' }), 400, 'request_invalid')
  assertError(await ask('GET', '/charge-points/%ZZ'), 400, 'request_invalid')
  assertError(await ask('GET', `/charge-points/${'x'.repeat(4000)}`), 400, 'request_invalid')
  assertError(await ask('GET', '/charge-points?limit=0'), 400, 'request_invalid')
  assertError(await ask('GET', '/charge-points?limit=1001'), 400, 'request_invalid')
  assertError(await ask('GET', '/charge-points?limit=x'), 400, 'request_invalid')
  const unknown = await ask('GET', '/charge-points?frobnicate=1')
  assertError(unknown, 400, 'request_invalid')
  assert.match(unknown.body.message, /frobnicate/)
  assertError(await ask('PUT', '/charge-points'), 404, 'not_found')
  assertError(await ask('GET', '/'), 404, 'not_found')
})

test('a store that fails is told without its file', async (t) => {
  const { ask, store, folder, logLines } = await setUp(t)
  store.registry.get = async () => {
    throw Object.assign(new Error(`${folder} is gone`), { stack: 'at secret (x.ts:1)' })
  }
  const answer = await ask('GET', '/charge-points/CP1')
  assertError(answer, 500, 'internal')
  assert.ok(!answer.text.includes(folder))
  const line = logLines.find((text) => text.includes('a request of the admin API failed'))
  assert.ok(line?.includes(answer.body.requestId) && line.includes(folder))
})

test('what is no HTTP request gets an answer of the same shape, and the connection ends', async (t) => {
  const { admin, ask } = await setUp(t)
  await ask('GET', '/certificates')
  for (const [sent, status] of [
    ['SSH-2.0-x\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400],
  ] as const) {
    const socket = connect(admin.port, '127.0.0.1')
    t.after(() => socket.destroy())
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.write(sent)
    await once(socket, 'close')
    const [, body = ''] = text.split('\r\n\r\n')
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.deepEqual(Object.keys(JSON.parse(body)), ['error', 'message', 'requestId'])
  }
})
