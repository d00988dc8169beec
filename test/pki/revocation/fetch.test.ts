import assert from 'node:assert/strict'
import type { lookup as dnsLookup } from 'node:dns'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { createFetch, type FetchOptions, type FetchResult } from '../../../src/pki/revocation/fetch.ts'
import { freePort } from '../../support/free-port.ts'

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const fetchWith = (changes: Partial<FetchOptions> = {}) =>
  createFetch({
    allowsHost: () => true,
    allowsAddress: () => true,
    timeoutMs: 60_000,
    maxBytes: 1000,
    maxRedirects: 0,
    ...changes,
  })

function codeOf(result: FetchResult): string {
  return result.ok ? 'ok' : result.code
}

test('[RFC 6960 A.1] a request is sent and its answer had, whatever its content type', async () => {
  const url = await listen(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    response.setHeader('content-type', 'text/html')
    const { method, url: path, headers } = request
    response.end(`${method} ${path} ${headers['content-type'] ?? '-'} ${Buffer.concat(chunks)}`)
  })
  const got = await fetchWith()({ method: 'GET', url: `${url}/crl` })
  assert.ok(got.ok && got.body.toString() === 'GET /crl - ')
  const body = Buffer.from('asked')
  const posted = await fetchWith()({ method: 'POST', url, body, contentType: 'application/ocsp-request' })
  assert.ok(posted.ok && posted.body.toString() === 'POST / application/ocsp-request asked')
})

test('[CWE-400] an answer that is too large is cut off, with a length and without', async () => {
  let sent = 0
  const url = await listen((request, response) => {
    if (request.url === '/length') return void response.end(Buffer.alloc(1001))
    const write = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(500))) sent += 500
    }
    response.on('drain', write)
    write()
  })
  assert.equal(codeOf(await fetchWith()({ method: 'GET', url: `${url}/length` })), 'too_large')
  assert.equal(codeOf(await fetchWith()({ method: 'GET', url: `${url}/endless` })), 'too_large')
  assert.ok(sent > 0)
  assert.equal(codeOf(await fetchWith({ maxBytes: 1001 })({ method: 'GET', url: `${url}/length` })), 'ok')
})

test('[CWE-400] silence, and an answer that does not end, meet the time-out; a caller may end it too', async () => {
  const url = await listen((request, response) => {
    if (request.url === '/slow') response.write('begun')
  })
  const fetch = fetchWith({ timeoutMs: 50 })
  assert.equal(codeOf(await fetch({ method: 'GET', url: `${url}/silent` })), 'timeout')
  assert.equal(codeOf(await fetch({ method: 'GET', url: `${url}/slow` })), 'timeout')
  assert.equal(codeOf(await fetchWith()({ method: 'GET', url }, AbortSignal.abort())), 'cancelled')
})

test('a server that is not there, refuses, or breaks off', async () => {
  const url = await listen((request, response) => {
    if (request.url === '/status') return void response.writeHead(503).end('no')
    response.writeHead(200, { 'content-length': 100 })
    response.write('some', () => response.destroy())
  })
  assert.equal(codeOf(await fetchWith()({ method: 'GET', url: `${url}/status` })), 'status')
  assert.equal(codeOf(await fetchWith()({ method: 'GET', url: `${url}/torn` })), 'network')
  const gone = `http://127.0.0.1:${await freePort()}`
  assert.equal(codeOf(await fetchWith()({ method: 'GET', url: gone })), 'network')
})

test('[CWE-918] redirections are not followed, but for a few where that is allowed, to hosts that are', async () => {
  const url = await listen((request, response) => {
    const left = Number(request.url?.slice(1))
    if (left === 0) return void response.end('there')
    const location = request.url === '/9' ? 'http://169.254.169.254/secret' : `/${left - 1}`
    response.writeHead(302, { location }).end()
  })
  const get = (path: string, changes: Partial<FetchOptions> = {}) =>
    fetchWith(changes)({ method: 'GET', url: `${url}/${path}` })
  assert.equal(codeOf(await get('1')), 'redirected')
  assert.equal(codeOf(await get('2', { maxRedirects: 2 })), 'ok')
  assert.equal(codeOf(await get('3', { maxRedirects: 2 })), 'redirected')
  const allowsHost = (host: string): boolean => host === '127.0.0.1'
  assert.equal(codeOf(await get('9', { maxRedirects: 2, allowsHost })), 'host_refused')
  const post = { method: 'POST', url: `${url}/1`, body: Buffer.alloc(1), contentType: 'a/b' } as const
  assert.equal(codeOf(await fetchWith({ maxRedirects: 2 })(post)), 'redirected')
})

test('[CWE-400] a server that switches protocols is an error, and not a request without an end', async () => {
  const url = await listen(({ socket }) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  )
  assert.equal(codeOf(await fetchWith()({ method: 'GET', url })), 'network')
  const post = { method: 'POST', url, body: Buffer.alloc(1), contentType: 'a/b' } as const
  assert.equal(codeOf(await fetchWith()(post)), 'network')
})

test('[CWE-918] other schemes, passwords in addresses and other hosts are refused before anything is sent', async () => {
  const fetch = fetchWith({ allowsHost: (host) => host === 'ocsp.example.com' })
  for (const url of [
    'file:///etc/passwd',
    'ftp://a',
    'nothing',
    '',
    'http://user:pw@ocsp.example.com',
    'http://',
  ])
    assert.equal(codeOf(await fetch({ method: 'GET', url })), 'url_invalid', url)
  for (const url of [
    'http://ocsp.example.com.evil.test',
    'http://evil.test/ocsp.example.com',
    'http://[::1]',
  ])
    assert.equal(codeOf(await fetch({ method: 'GET', url })), 'host_refused', url)
})

test('[CWE-918] the address that is connected to is judged: written as such, or found for a name', async () => {
  const url = await listen((_, response) => response.end('reached'))
  const allowsAddress = (address: string): boolean => address === '127.0.0.1'
  const refuses = { allowsAddress: () => false }
  // 0x7f000001 is 127.0.0.1 in another coat.
  for (const host of ['127.0.0.1', '0x7f000001', '[::ffff:7f00:1]'])
    assert.equal(
      codeOf(await fetchWith(refuses)({ method: 'GET', url: `http://${host}:1` })),
      'address_refused',
      host,
    )

  const found = (addresses: readonly string[]) =>
    ((_: string, __: unknown, callback: (error: null, found: unknown) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      )) as typeof dnsLookup
  const named = url.replace('127.0.0.1', 'ocsp.example.com')
  const get = (addresses: readonly string[]) =>
    fetchWith({ allowsAddress, lookup: found(addresses) })({ method: 'GET', url: named })
  assert.equal(codeOf(await get(['127.0.0.1'])), 'ok')
  assert.equal(codeOf(await get(['169.254.169.254', '127.0.0.1'])), 'ok')
  assert.equal(codeOf(await get(['169.254.169.254', '10.0.0.1'])), 'address_refused')
  assert.equal(codeOf(await get([])), 'address_refused')
})
