import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { type TestContext, test } from 'node:test'
import { locationOf, startLogProxy, upload } from '../support/log-proxy.ts'
import { RawClient } from '../support/raw-client.ts'

/** A proxy, and a charge point that is told where to upload and uploads nothing by itself. */
async function setUp(t: TestContext, logs: object = {}) {
  const setting = await startLogProxy(t, logs)
  const { proxy, boss, folder } = setting
  await proxy.register('CP-1')
  let given: URL | null = null
  const chargePoint = proxy.chargePoint('basic-auth-tls', {
    commands: {
      GetLog: (payload) => {
        given = locationOf(payload)
        return { kind: 'result', payload: { status: 'Accepted', filename: '../../../etc/passwd' } }
      },
    },
  })
  await chargePoint.connect()
  await chargePoint.boot()
  return {
    ...setting,
    /** The URL of a new request. */
    async place(): Promise<URL> {
      const { status } = await boss.ask(proxy, 'POST', '/charge-points/CP-1/logs', {
        ...{ logType: 'SecurityLog', wait: false },
      })
      assert.equal(status, 200)
      assert.ok(given !== null)
      return given
    },
    files: () =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => /(log|part)$/.test(name)),
    async refusals() {
      await proxy.allNoted()
      return (await proxy.rejections()).map(({ reason, detail }) => `${reason}: ${detail}`).toReversed()
    },
  }
}

test('[CWE-306] a wrong token, a used one and tricks with the path reach nothing', async (t) => {
  const { place, files, refusals, proxy, logs, folder } = await setUp(t)
  const url = await place()
  const at = (path: string) => new URL(path, url)
  const statusOf = async (target: URL, more: object = {}) =>
    (await upload(target, randomBytes(10), more))?.status
  const [, base = '', token = ''] = url.pathname.split('/')
  assert.equal(await statusOf(at(`/${base}/${randomBytes(32).toString('base64url')}/`)), 404)
  assert.equal(await statusOf(at(`/${base}/`)), 404)
  assert.equal(await statusOf(at(`/${base}/${token}/a/b`)), 404)
  for (const rest of ['/%2e%2e%2fx', '/..%2f..%2fx', '/a%00b', '/%zz'])
    assert.equal(await statusOf(url, { path: `/${base}/${token}${rest}` }), 400, rest)
  assert.equal(await statusOf(url, { path: `/${base}/${token}/../../../x` }), 400)
  for (const method of ['GET', 'DELETE', 'PATCH', 'OPTIONS'])
    assert.equal((await upload(url, null, { method }))?.status, 405, method)
  assert.equal(await statusOf(url, { headers: { 'Content-Range': 'bytes 0-9/20' } }), 400)
  assert.equal(await statusOf(url, { headers: { 'Transfer-Encoding': 'gzip, chunked' } }), 400)
  assert.deepEqual(files(), [])
  // All that left it as it was: the one upload goes through, also over another listener.
  const other = new URL(url)
  other.protocol = 'http:'
  other.port = String(proxy.port('basic-auth'))
  assert.equal(await statusOf(other), 201)
  assert.equal(await statusOf(url), 404)
  assert.deepEqual(files().length, 1)
  assert.match(files()[0] ?? '', /^cp-CP-1-[0-9a-f]{16}\/\d+-\d+\.log$/)
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.startsWith('cp-')),
    ['tokens'],
  )
  assert.equal((await logs())[0]?.fileName, '../../../etc/passwd')
  const seen = await refusals()
  assert.equal(seen.length, 15)
  assert.ok(!JSON.stringify([seen, proxy.logLines()]).includes(token), 'the token is in a log or record')
  assert.equal(seen[0], 'request_malformed: no log is awaited at this URL')
  assert.deepEqual(proxy.central.foreign(), [])
})

test('[CWE-770] what is too large is cut off, announced or not, and may be tried again', async (t) => {
  const { place, files, proxy, logs } = await setUp(t, { maxBytes: 2_000, maxTotalBytes: 3_000 })
  const url = await place()
  assert.equal((await upload(url, randomBytes(2_001)))?.status, 413)
  const headers = { 'Transfer-Encoding': 'chunked' }
  const chunked = httpsRequest(url, { method: 'PUT', rejectUnauthorized: false, agent: false, headers })
  chunked.on('error', () => undefined)
  chunked.write(randomBytes(1_500))
  chunked.write(randomBytes(1_500))
  const [answer] = await once(chunked, 'response')
  assert.equal(answer.statusCode, 413)
  chunked.destroy()
  const line = await proxy.log.wait('a failed upload', ({ msg }) => msg === 'upload of a log failed')
  assert.partialDeepStrictEqual(line, { identity: 'CP-1', status: 413, route: '/logs' })
  assert.deepEqual(files(), [])
  assert.equal((await upload(url, randomBytes(2_000), { headers: { Expect: '100-continue' } }))?.status, 201)
  const second = await place()
  assert.equal((await upload(second, randomBytes(1_001)))?.status, 507)
  assert.deepEqual(
    (await logs()).map(({ upload }) => upload?.bytes ?? null),
    [null, 2_000],
  )
  const metrics = await proxy.metrics()
  const labels = { listener: 'basic-auth-tls', route: '/logs' }
  assert.equal(metrics.sum('ocpp_proxy_route_requests_total', { ...labels, status: '201' }), 1)
  assert.equal(metrics.sum('ocpp_proxy_route_requests_total', { ...labels, status: '413' }), 1)
  assert.equal(metrics.sum('ocpp_proxy_route_requests_total', { ...labels, status: '507' }), 1)
})

test('[CWE-400] who is silent, or slower than allowed, is cut off; nothing of it stays', async (t) => {
  const { place, files, proxy, reload } = await setUp(t, { timeout: '1s' })
  const url = await place()
  /** Half an upload, from the moment on in which the proxy wants the rest. */
  const begin = async () => {
    const client = await RawClient.connect({ port: Number(url.port), tls: {} })
    t.after(() => client.destroy())
    const head = `PUT ${url.pathname} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n`
    client.write(head)
    await client.until((heard) => heard.includes('\r\n\r\n'))
    assert.match(client.heard.toString(), /^HTTP\/1\.1 100 /)
    client.write('half')
    return client
  }
  const last = /^HTTP\/1\.1 100 [\s\S]*\r\n\r\nHTTP\/1\.1 408 /
  const failed = (problem: string) =>
    proxy.log.wait(problem, (line) => line.msg === 'upload of a log failed' && line.problem === problem)
  assert.match((await (await begin()).over()).text, last)
  await failed('the charge point is silent')
  await reload({ timeout: '60s' })
  const cut = await begin()
  assert.equal((await upload(url, randomBytes(10)))?.status, 409, 'one at a time')
  cut.destroy()
  await failed('the upload was cut off')
  assert.deepEqual(files(), [])
  await reload({ timeout: '60s', maxDuration: '1s' })
  const slow = await begin()
  const drip = setInterval(() => slow.write('x'), 100)
  t.after(() => clearInterval(drip))
  assert.match((await slow.over()).text, last)
  await failed('maxDuration is over')
  assert.deepEqual(files(), [])
  await reload({})
  assert.equal((await upload(url, randomBytes(10)))?.status, 201)
})

test('[CWE-400] a drain ends uploads, and what was not whole is not kept', async (t) => {
  const { place, files, proxy } = await setUp(t)
  const url = await place()
  const request = httpsRequest(url, {
    ...{ method: 'PUT', rejectUnauthorized: false, agent: false },
    headers: { 'Content-Length': 1000, Expect: '100-continue' },
  })
  const broken = new Promise<void>((resolve) => {
    request.once('error', () => resolve()).once('response', () => resolve())
  })
  request.flushHeaders()
  await once(request, 'continue')
  request.write('half')
  assert.equal(await proxy.stop(), 0)
  await broken
  assert.deepEqual(files(), [])
})
