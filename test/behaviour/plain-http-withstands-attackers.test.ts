import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createTcp } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { certificateServer } from '../support/certificate-server.ts'
import { startFileServer } from '../support/file-server.ts'
import { startProxy } from '../support/proxy.ts'
import { ask, RawClient, readAnswer, upgradeRequest } from '../support/raw-client.ts'
import { secret } from '../support/secrets.ts'

/** What a request says to prove itself, as a header line. */
function proofOf(password: Uint8Array): string {
  secret('password', password)
  return `Authorization: Basic ${Buffer.concat([Buffer.from('CP-1:'), password]).toString('base64')}`
}

async function setUp(t: TestContext, more: object = {}) {
  const files = await startFileServer(t, (_request, response) => response.end('good'))
  const routes = [
    { path: '/firmware', target: `${files.url}/files`, ...more },
    { path: '/logs', target: files.url, methods: ['PUT', 'POST'], maxBodyBytes: 1000, ...more },
  ]
  const proxy = await startProxy(t, { listeners: { 'basic-auth-tls': { routes } } })
  const proof = proofOf(await proxy.register('CP-1'))
  const to = { port: proxy.port('basic-auth-tls'), tls: {} }
  const text = (first: string, lines: readonly string[], body = '') =>
    `${[first, 'Host: x', proof, ...lines].join('\r\n')}\r\n\r\n${body}`
  return { files, proxy, to, text, proof }
}

test('[CWE-444] what two servers could read in two ways reaches no target', async (t) => {
  const { files, proxy, to, text } = await setUp(t)
  const get = (target: string) => `GET ${target} HTTP/1.1`
  const chunked = '4\r\nabcd\r\n0\r\n\r\n'
  const cases: readonly (readonly [string, string, number])[] = [
    ['two lengths', text('PUT /logs/a HTTP/1.1', ['Content-Length: 4', 'Content-Length: 5'], 'abcde'), 400],
    [
      'a length and chunks',
      text('PUT /logs/a HTTP/1.1', ['Content-Length: 4', 'Transfer-Encoding: chunked'], chunked),
      400,
    ],
    ['gzip, chunked', text('PUT /logs/a HTTP/1.1', ['Transfer-Encoding: gzip, chunked'], chunked), 400],
    ['chunked, gzip', text('PUT /logs/a HTTP/1.1', ['Transfer-Encoding: chunked, gzip'], chunked), 400],
    ['xchunked', text('PUT /logs/a HTTP/1.1', ['Transfer-Encoding: xchunked'], chunked), 400],
    ['chunks over HTTP/1.0', text('PUT /logs/a HTTP/1.0', ['Transfer-Encoding: chunked'], chunked), 400],
    ['a length with a sign', text('PUT /logs/a HTTP/1.1', ['Content-Length: +4'], 'abcd'), 400],
    ['a space before the colon', text(get('/firmware/a'), ['Content-Length : 4'], 'abcd'), 400],
    ['a folded line', text(get('/firmware/a'), ['X-A: b', ' Transfer-Encoding: chunked']), 400],
    ['a bare line feed', text(get('/firmware/a'), ['X-A: b\nX-B: c']), 400],
    ['a NUL', text(get('/firmware/a'), ['X-A: b\u0000c']), 400],
    ['absolute form', text(get(`http://127.0.0.1:${to.port}/firmware/a`), []), 400],
    ['absolute form, to elsewhere', text(get('http://evil.example/firmware/a'), []), 400],
    ['asterisk form', text('OPTIONS * HTTP/1.1', []), 400],
    ['CONNECT', text('CONNECT 127.0.0.1:22 HTTP/1.1', []), 400],
    ['TRACE', text('TRACE /firmware/a HTTP/1.1', []), 405],
    ['DELETE', text('DELETE /firmware/a HTTP/1.1', []), 405],
    ['an encoded slash', text(get('/firmware/..%2f..%2fetc/passwd'), []), 400],
    ['an encoded dot segment', text(get('/firmware/%2e%2e/admin'), []), 400],
    [
      'h2c',
      text(get('/firmware/a'), ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA']),
      400,
    ],
    ['another expectation', text('PUT /logs/a HTTP/1.1', ['Expect: miracles', 'Content-Length: 4']), 400],
    ['a head without end', text(get('/firmware/a'), [`X-Long: ${'a'.repeat(20_000)}`]), 400],
  ]
  for (const [name, request, status] of cases) {
    await t.test(name, async () => assert.equal((await ask(to, request)).status, status))
  }
  assert.equal(files.opened(), 0, 'the target has heard of none')
  await proxy.allNoted()
  const found = new Set((await proxy.rejections()).map(({ reason }) => reason))
  assert.ok(found.has('request_malformed'))
  assert.equal(proxy.central.connections('CP-1').length, 0)
})

test('[CWE-444] what comes behind a request is no second one', async (t) => {
  const { files, proxy, to, text } = await setUp(t)
  const second = text('GET /firmware/second HTTP/1.1', [])
  const client = await RawClient.connect(to)
  client.write(text('PUT /logs/first HTTP/1.1', ['Content-Length: 4'], `abcd${second}`))
  await client.over()
  await proxy.allNoted()
  assert.ok(
    files.seen.every(({ url }) => url === '/first'),
    JSON.stringify(files.seen.map(({ url }) => url)),
  )

  await t.test('nor is it an upgrade', async () => {
    const other = await RawClient.connect(to)
    other.write(text('GET /firmware/first HTTP/1.1', []) + upgradeRequest({ identity: 'CP-1' }))
    await other.over()
    assert.equal(proxy.central.connections('CP-1').length, 0)
  })
})

test('[CWE-306] nobody is told to send a body before it is proven who he is', async (t) => {
  const { files, to, text, proof } = await setUp(t)
  const put = text('PUT /logs/a HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 4'])
  const refused = await ask(to, put.replace(`${proof}\r\n`, ''))
  assert.equal(refused.status, 401, 'the first answer is the last one')
  assert.equal((await ask(to, put.replace('Content-Length: 4', 'Content-Length: 4000'))).status, 413)
  assert.equal(files.opened(), 0)
  const client = await RawClient.connect(to)
  client.write(put)
  await client.until((heard) => heard.toString().startsWith('HTTP/1.1 100 Continue\r\n\r\n'))
  client.write('abcd')
  const { text: heard } = await client.over()
  assert.match(heard, /HTTP\/1.1 200 OK/)
  assert.equal(files.seen[0]?.headers.expect, undefined)
})

test('[CWE-441] an Upgrade without Connection is a plain request, and its fields stay here', async (t) => {
  const { files, to, text } = await setUp(t)
  const lines = [
    'Upgrade: websocket',
    'TE: trailers',
    'Proxy-Authorization: Basic eDp5',
    'X-Forwarded-For: 8.8.8.8',
  ]
  const { status, headers } = await ask(
    to,
    text('GET /firmware/a HTTP/1.1', [...lines, 'Forwarded: for=8.8.8.8']),
  )
  assert.equal(status, 200)
  assert.equal(headers.connection, 'close')
  const seen = files.seen[0]?.headers ?? {}
  for (const name of ['upgrade', 'te', 'proxy-authorization', 'authorization'])
    assert.equal(seen[name], undefined)
  assert.ok(!JSON.stringify(seen).includes('8.8.8.8'), JSON.stringify(seen))
})

test('[CWE-400] a body that drips, and one that stops, cost their time and no more', async (t) => {
  const { files, proxy, to, text } = await setUp(t, { timeout: '1s', maxDuration: '60s' })
  const stops = await RawClient.connect(to)
  stops.write(text('PUT /logs/stops HTTP/1.1', ['Content-Length: 100'], 'a'))
  assert.match((await stops.over()).text, /^HTTP\/1.1 50[24] /)
  // The two times apart: a drop that comes late must not be taken for silence.
  const target = files.url
  const route = { path: '/logs', target, methods: ['PUT'], timeout: '60s', maxDuration: '1s' }
  assert.equal(await proxy.reload({ listeners: { 'basic-auth-tls': { routes: [route] } } }), 'reloaded')
  const drips = await RawClient.connect(to)
  drips.write(text('PUT /logs/drips HTTP/1.1', ['Content-Length: 100']))
  const drip = setInterval(() => drips.write('a'), 200)
  t.after(() => clearInterval(drip))
  const { bytes } = await drips.over()
  assert.equal(readAnswer(bytes).status, 502)
  assert.deepEqual(files.seen, [], 'the target never had a whole one')
  const line = await proxy.log.wait('the end', ({ problem }) => problem === 'maxDuration is over', 0)
  assert.ok(Number(line.receivedBytes) > 0)
})

test('[CWE-444] a target that lies does no harm', async (t) => {
  const answers: Record<string, string> = {
    '/101': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    '/two': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc',
    '/no-http': 'SSH-2.0-OpenSSH_9.9\r\n',
    '/long': `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
    '/hops':
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Inner, keep-alive\r\nX-Inner: 1\r\nKeep-Alive: timeout=9\r\nAlt-Svc: h3=":1"\r\n\r\nok',
    '/short': 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort',
  }
  const server = createTcp((socket) => {
    socket.on('error', () => {})
    socket.once('data', (head) => socket.end(answers[head.toString().split(' ')[1] ?? ''] ?? ''))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const routes = [{ path: '/t', target: `http://127.0.0.1:${address.port}` }]
  const proxy = await startProxy(t, { listeners: { 'basic-auth-tls': { routes } } })
  const proof = proofOf(await proxy.register('CP-1'))
  const get = (path: string) =>
    ask(
      { port: proxy.port('basic-auth-tls'), tls: {} },
      `GET /t${path} HTTP/1.1\r\nHost: x\r\n${proof}\r\n\r\n`,
    )
  for (const path of ['/101', '/two', '/no-http', '/long']) {
    await t.test(path, async () => assert.ok([502, 504].includes((await get(path)).status)))
  }
  await t.test('/hops', async () => {
    const { status, headers, body } = await get('/hops')
    assert.deepEqual([status, body, headers.connection], [200, 'ok', 'close'])
    for (const name of ['x-inner', 'keep-alive', 'alt-svc']) assert.equal(headers[name], undefined, name)
  })
  await t.test('/short: half an answer is none', async () => {
    const { headers, body } = await get('/short')
    assert.ok(Number(headers['content-length']) > body.length, 'the length says that something is missing')
  })
  assert.equal((await get('/hops')).status, 200, 'the route goes on')
})

test('a target over https is verified by the roots of its route', async (t) => {
  const proxy = await startProxy(t)
  const { certificate: cert, key } = await proxy.pki.cpo.server()
  await using server = await certificateServer({ cert, key }, (_request, response) => response.end('safe'))
  const proof = proofOf(await proxy.register('CP-1'))
  writeFileSync(join(proxy.pki.folder, 'files-root.pem'), proxy.pki.cpo.certificate)
  const status = async (more: object) => {
    const routes = [{ path: '/t', target: server.origin, ...more }]
    assert.equal(await proxy.reload({ listeners: { 'basic-auth-tls': { routes } } }), 'reloaded')
    const request = `GET /t/a HTTP/1.1\r\nHost: x\r\n${proof}\r\n\r\n`
    return (await ask({ port: proxy.port('basic-auth-tls'), tls: {} }, request)).status
  }
  assert.equal(await status({}), 502)
  assert.deepEqual(server.seen, [], 'who is not known gets no request')
  assert.equal(await status({ ca: 'files-root.pem' }), 200)
})

test('[CWE-770] requests count against the limits of their address', async (t) => {
  const files = await startFileServer(t, (_request, response) => void response.writeHead(200).write('…'))
  const routes = [{ path: '/open', target: files.url, authentication: 'none' }]
  const proxy = await startProxy(t, {
    listeners: { 'basic-auth-tls': { routes } },
    limits: { connectionsPerAddress: 2 },
  })
  const to = { port: proxy.port('basic-auth-tls'), localAddress: '127.0.0.9' }
  const request = 'GET /open/a HTTP/1.1\r\nHost: x\r\n\r\n'
  const clients: RawClient[] = []
  for (let count = 0; count < 2; count += 1) {
    const client = await RawClient.connect({ ...to, tls: {} })
    client.write(request)
    await client.until((heard) => heard.includes('200 OK'))
    clients.push(client)
  }
  const third = await RawClient.connect(to)
  assert.equal((await third.over()).bytes.length, 0, 'refused before TLS')
  for (const client of clients) client.destroy()
})
