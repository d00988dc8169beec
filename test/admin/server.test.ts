import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startAdmin } from '../../src/admin/server.ts'
import { createMetrics } from '../../src/observe/metrics.ts'

const config = { address: { host: '127.0.0.1', port: 0 }, token: null, requestsPerMinute: 600 } as const

async function withAdmin(
  health: { problems: () => Promise<readonly string[]>; notes: () => readonly string[] },
  body: (get: (path: string, init?: RequestInit) => Promise<Response>, port: number) => Promise<void>,
): Promise<void> {
  const { registry } = createMetrics(
    { version: '1.2.3', node: 'v24', openssl: '3.5' },
    { processMetrics: false },
  )
  const admin = await startAdmin(config, registry, health)
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${admin.port}${path}`, { ...init, headers: { connection: 'close' } })
  try {
    await body(get, admin.port)
  } finally {
    await admin.close()
  }
}

const well = { problems: async () => [], notes: () => [] }

test('[design 11] /livez says alive, whatever else is wrong', () =>
  withAdmin({ problems: async () => ['store: gone'], notes: () => [] }, async (get) => {
    const answer = await get('/livez')
    assert.equal(answer.status, 200)
    assert.deepEqual(await answer.json(), { status: 'alive' })
  }))

test('[design 11] /readyz names every problem with 503; notes do not make it unready', async () => {
  const notes = () => ['the last reload failed']
  await withAdmin({ problems: async () => [], notes }, async (get) => {
    const answer = await get('/readyz')
    assert.equal(answer.status, 200)
    assert.deepEqual(await answer.json(), { status: 'ready', problems: [], notes: notes() })
  })
  await withAdmin({ problems: async () => ['store: gone'], notes }, async (get) => {
    const answer = await get('/readyz')
    assert.equal(answer.status, 503)
    assert.deepEqual(await answer.json(), { status: 'not ready', problems: ['store: gone'], notes: notes() })
  })
})

test('[design 8] /metrics is Prometheus text', () =>
  withAdmin(well, async (get) => {
    const answer = await get('/metrics')
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.match(
      await answer.text(),
      /^ocpp_proxy_build_info\{version="1\.2\.3",node="v24",openssl="3\.5"\} 1$/m,
    )
  }))

test('everything else is 404, other methods too, and says nothing', () =>
  withAdmin(well, async (get) => {
    for (const [path, method] of [
      ['/', 'GET'],
      ['/metrics', 'POST'],
      ['/livez/../etc/passwd', 'GET'],
      // Without what the API needs there is none.
      ['/api/v1/charge-points', 'GET'],
      ['/openapi.json', 'GET'],
    ] as const) {
      const answer = await get(path, { method })
      assert.equal(answer.status, 404, `${method} ${path}`)
      const { requestId, ...body } = (await answer.json()) as { requestId: string }
      assert.deepEqual(body, { error: 'not_found', message: 'there is no such path' })
      assert.match(requestId, /^[0-9a-f-]{36}$/)
    }
  }))

test('an address that is taken is a clear error', () =>
  withAdmin(well, async (_get, port) => {
    const { registry } = createMetrics(
      { version: '1', node: 'v24', openssl: '3.5' },
      { processMetrics: false },
    )
    await assert.rejects(startAdmin({ ...config, address: { host: '127.0.0.1', port } }, registry, well), {
      name: 'ProxyError',
      code: 'listen_failed',
      side: 'operator',
      message: new RegExp(`admin on 127\\.0\\.0\\.1:${port}`),
    })
  }))

test('[CWE-770] one address holds so many connections, and silent ones end by themselves', async () => {
  await withAdmin(well, async (_get, port) => {
    const silent = Array.from({ length: 160 }, () => connect({ port, host: '127.0.0.1' }))
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    const over = connect({ port, host: '127.0.0.1' }).resume()
    over.on('error', () => {})
    await once(over, 'close')
    // Another address is served meanwhile.
    const other = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
    other.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const [head] = await once(other, 'data')
    assert.match(String(head), /^HTTP\/1\.1 200 /)
    other.destroy()
    // Not with the time: it is enough that the server ends them.
    const ends = silent.map((socket) => once(socket.resume(), 'close'))
    await Promise.all(ends)
    const after = connect({ port, host: '127.0.0.1' })
    after.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    assert.match(String((await once(after, 'data'))[0]), /^HTTP\/1\.1 200 /)
    after.destroy()
  })
})

test('[CWE-770] /readyz and /metrics are limited, and /livez is not', async () => {
  await withAdmin(well, async (_get, port) => {
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`)
      await answer.arrayBuffer()
      return answer
    }
    const probe = await get('/readyz')
    assert.equal(probe.headers.get('x-ratelimit-limit'), '3000')
    assert.equal(probe.headers.get('x-ratelimit-remaining'), '2999')
    const scrape = await get('/metrics')
    assert.equal(scrape.headers.get('x-ratelimit-remaining'), '2999', 'each has a count of its own')
    assert.equal((await get('/livez')).headers.get('x-ratelimit-limit'), null)
  })
})
