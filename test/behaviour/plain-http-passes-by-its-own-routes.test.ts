import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { test } from 'node:test'
import { startFileServer } from '../support/file-server.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'

const image = randomBytes(3_000_000)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A plain request, as a download client of a charge point makes it. */
async function ask(options: RequestOptions, body: Buffer | null = null): Promise<Answer> {
  const secure = options.protocol !== 'http:'
  const request = (secure ? httpsRequest : httpRequest)({
    rejectUnauthorized: false,
    agent: false,
    ...options,
  })
  request.end(body ?? undefined)
  const [message] = (await once(request, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return { status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(chunks) }
}

async function setUp(t: Parameters<typeof startProxy>[0]) {
  const files = await startFileServer(t, (request, response) => {
    response.setHeader('Keep-Alive', 'timeout=5')
    if (request.url.startsWith('/files/a.bin')) response.end(image)
    else if (request.url === '/files/cut.bin') {
      response.writeHead(200, { 'Content-Length': '1000' })
      response.write('only this', () => response.destroy())
    } else response.writeHead(request.method === 'PUT' ? 201 : 404).end()
  })
  const firmware = { path: '/firmware', target: `${files.url}/files` }
  const headers = { 'X-Charge-Point': '{identity}', 'X-Serial': '{serialNumber}' }
  const routes = [
    { ...firmware, headers },
    { path: '/logs', target: files.url, methods: ['PUT', 'POST'], maxBodyBytes: 1000 },
    { path: '/open', target: files.url, authentication: 'none' },
    { path: '/gone', target: 'http://127.0.0.1:1/' },
  ]
  const proxy = await startProxy(t, {
    listeners: { 'basic-auth': { routes }, 'basic-auth-tls': { routes }, 'mutual-tls': { routes } },
  })
  const password = await proxy.register('CP-1')
  const to = (path: string, more: RequestOptions = {}): RequestOptions => ({
    host: '127.0.0.1',
    port: proxy.port('basic-auth-tls'),
    path,
    auth: `CP-1:${password.toString('hex')}`,
    ...more,
  })
  return { files, proxy, to, password }
}

const rejectionsOf = async (proxy: TestProxy) => {
  await proxy.allNoted()
  return (await proxy.rejections()).map(({ reason, identity }) => [reason, identity])
}

test('[A00.FR.302] firmware is downloaded through the secured port, and its file server learns no password', async (t) => {
  const { files, proxy, to } = await setUp(t)
  const answer = await ask(
    to('/firmware/a.bin?v=2', {
      headers: {
        'X-Forwarded-For': '198.51.100.7',
        'X-Charge-Point': 'CP-2',
        Cookie: 'a=b',
        Range: 'bytes=0-',
      },
    }),
  )
  assert.equal(answer.status, 200)
  assert.equal(sha256(answer.body), sha256(image))
  assert.equal(answer.headers.connection, 'close')
  assert.equal(answer.headers['keep-alive'], undefined)
  const [seen] = files.seen
  assert.equal(seen?.url, '/files/a.bin?v=2')
  assert.partialDeepStrictEqual(seen?.headers, {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-charge-point': 'CP-1',
    'x-serial': 'SN-0001',
    range: 'bytes=0-',
  })
  assert.equal(seen?.headers.authorization, undefined)
  assert.equal(seen?.headers.cookie, undefined)
  const metrics = await proxy.metrics()
  const labels = { listener: 'basic-auth-tls', route: '/firmware' }
  assert.equal(metrics.sum('ocpp_proxy_route_requests_total', { ...labels, status: '200' }), 1)
  assert.equal(
    metrics.sum('ocpp_proxy_route_bytes_total', { ...labels, direction: 'to_client' }),
    image.length,
  )
  assert.deepEqual(await rejectionsOf(proxy), [])
})

test('[A00.FR.402] on profile 3 the certificate says who asks', async (t) => {
  const { files, proxy, to } = await setUp(t)
  const { key, chain } = await proxy.pki.cpo.chargePoint({ cn: 'SN-0001' })
  const port = proxy.port('mutual-tls')
  const answer = await ask(to('/firmware/a.bin', { port, key, cert: chain, auth: null }))
  assert.equal(answer.status, 200)
  assert.equal(files.seen[0]?.headers['x-charge-point'], 'CP-1')
})

test('[CWE-306] who proves nothing gets nothing, and no target hears of it', async (t) => {
  const { files, proxy, to } = await setUp(t)
  const status = async (options: RequestOptions, body?: Buffer) => (await ask(options, body)).status
  const wrong = (identity: string) => `${identity}:${randomBytes(20).toString('hex')}`
  assert.equal(await status(to('/firmware/a.bin', { auth: null })), 401)
  assert.equal(await status(to('/firmware/a.bin', { auth: wrong('CP-1') })), 401)
  assert.equal(await status(to('/firmware/a.bin', { auth: wrong('stranger') })), 401)
  assert.equal(await status(to('/firmware/../admin')), 400)
  assert.equal(await status(to('/elsewhere')), 400)
  assert.equal(await status(to('/firmware/a.bin', { method: 'PUT' })), 405)
  assert.equal(await status(to('/logs/1', { method: 'PUT' }), randomBytes(1001)), 413)
  assert.equal(files.opened(), 0)
  const reasons = (await rejectionsOf(proxy)).map(([reason]) => reason)
  assert.deepEqual(reasons.toSorted(), [
    'charge_point_unknown',
    'credentials_invalid',
    'credentials_missing',
    ...Array.from({ length: 4 }, () => 'request_malformed'),
  ])
})

test('[CWE-770] an upload passes, and one that grows past its bound is cut off', async (t) => {
  const { files, to } = await setUp(t)
  const log = randomBytes(1000)
  const put = to('/logs/1.log', { method: 'PUT', headers: { Expect: '100-continue' } })
  assert.equal((await ask(put, log)).status, 201)
  assert.deepEqual(files.seen[0]?.body, log)
  const chunked = httpsRequest({
    rejectUnauthorized: false,
    agent: false,
    ...to('/logs/2.log', { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } }),
  })
  chunked.on('error', () => undefined)
  chunked.write(randomBytes(600))
  chunked.write(randomBytes(600))
  const [answer] = (await once(chunked, 'response')) as [IncomingMessage]
  assert.equal(answer.statusCode, 413)
  answer.resume()
  chunked.destroy()
  assert.equal(files.seen.length, 1, 'the file server never had a whole one')
})

test('a target that is away, or breaks off, is told; an open route needs no proof', async (t) => {
  const { proxy, to } = await setUp(t)
  assert.equal((await ask(to('/gone/a'))).status, 502)
  await assert.rejects(ask(to('/firmware/cut.bin')), /aborted|ECONNRESET|socket hang up/)
  const plain = { protocol: 'http:', port: proxy.port('basic-auth'), auth: null } as const
  assert.equal((await ask(to('/open/x', plain))).status, 404, "the target's own answer")
  const failed = await proxy.log.wait(
    'a failure',
    ({ msg, route }) => msg === 'HTTP request failed' && route === '/gone',
    0,
  )
  assert.equal(failed.status, 502)
})

test('[CWE-444] one request a connection, with one Host', async (t) => {
  const { files, proxy } = await setUp(t)
  const answered = async (...requests: readonly string[]): Promise<string> => {
    const client = await RawClient.connect({ port: proxy.port('basic-auth') })
    client.write(requests.map((request) => `${request}\r\n\r\n`).join(''))
    return (await client.over()).bytes.toString('latin1')
  }
  const get = 'GET /open/x HTTP/1.1'
  assert.match(await answered(get), /^HTTP\/1.1 400 /)
  assert.match(await answered(`${get}\r\nHost: a\r\nHost: b`), /^HTTP\/1.1 400 /)
  assert.match(await answered('GET /open/x HTTP/1.0'), /^HTTP\/1.1 404 /, "the target's own")
  const both = await answered(`${get}\r\nHost: a`, `GET /open/y HTTP/1.1\r\nHost: a`)
  assert.deepEqual(
    both.match(/HTTP\/1.1 \d+/g),
    ['HTTP/1.1 404'],
    'the first has its answer, the second none',
  )
  assert.deepEqual(
    files.seen.map(({ url }) => url),
    ['/x', '/x'],
  )
})

test('[CWE-441] an upgrade never leaves by this door', async (t) => {
  const { files, proxy, password } = await setUp(t)
  const client = await RawClient.connect({ port: proxy.port('basic-auth-tls'), tls: {} })
  const upgrade = upgradeRequest({ identity: 'CP-1', password })
  client.write(upgrade.replace('/ocpp/CP-1', '/firmware/a.bin'))
  assert.match((await client.over()).bytes.toString('latin1'), /^HTTP\/1.1 404 /)
  assert.equal(files.opened(), 0)
  assert.deepEqual(await rejectionsOf(proxy), [['path_unknown', null]])
})

test('SIGTERM: a download that is under way ends whole', async (t) => {
  const started = Promise.withResolvers<() => void>()
  const files = await startFileServer(t, (_request, response) => {
    response.writeHead(200, { 'Content-Length': String(image.length) })
    response.write(image.subarray(0, 1000))
    started.resolve(() => response.end(image.subarray(1000)))
  })
  const proxy = await startProxy(t, {
    listeners: { 'basic-auth-tls': { routes: [{ path: '/firmware', target: files.url }] } },
    drain: { timeout: '20s' },
  })
  const password = await proxy.register('CP-1')
  const port = proxy.port('basic-auth-tls')
  const auth = `CP-1:${password.toString('hex')}`
  const answer = ask({ host: '127.0.0.1', port, path: '/firmware/a.bin', auth })
  const goOn = await started.promise
  const ended = proxy.stop()
  await proxy.log.wait('the drain', ({ msg }) => msg === 'draining', 0)
  goOn()
  assert.equal(sha256((await answer).body), sha256(image))
  await ended
})
