import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hopHeaders, matchRoute, passedRequestHeaders } from '../../src/policy/route.ts'

const routes = [
  { path: '/firmware', methods: ['GET', 'HEAD'] },
  { path: '/firmware/new', methods: ['PUT'] },
  { path: '/logs', methods: ['PUT', 'POST'] },
]

const cases: readonly [string, string, string][] = [
  ['GET', '/firmware/a.bin', '/firmware /a.bin'],
  ['GET', '/firmware', '/firmware '],
  ['GET', '/firmware/', '/firmware /'],
  ['HEAD', '/firmware/a.bin?v=1&x=%2F', '/firmware /a.bin?v=1&x=%2F'],
  ['GET', '/firmware/a%20b', '/firmware /a%20b'],
  ['PUT', '/firmware/new/a', '/firmware/new /a'],
  ['GET', '/firmware/new/a', 'method PUT'],
  ['GET', '/firmware/newer', '/firmware /newer'],
  ['DELETE', '/logs/x', 'method PUT,POST'],
  ['GET', '/firmwares', 'none'],
  ['GET', '/', 'none'],
  ['GET', '/Firmware/a', 'none'],
  ['GET', '/firmware/../admin', 'malformed'],
  ['GET', '/firmware/%2e%2E/admin', 'malformed'],
  ['GET', '/firmware/.%2e', 'malformed'],
  ['GET', '/firmware/..;/admin', 'malformed'],
  ['GET', '/firmware/.%2E;a=b/admin', 'malformed'],
  ['GET', '/firmware/%2e%2e%3b/admin', 'malformed'],
  ['GET', '/firmware/a;v=1', '/firmware /a;v=1'],
  ['GET', '/firmware/..a', '/firmware /..a'],
  ['GET', '/firmware/a%2f..%2fb', 'malformed'],
  ['GET', '/firmware/a%5cb', 'malformed'],
  ['GET', '/firmware/a\\b', 'malformed'],
  ['GET', '/firmware//a', 'malformed'],
  ['GET', '//evil.example/firmware', 'malformed'],
  ['GET', '/firmware/%00', 'malformed'],
  ['GET', '/firmware/%zz', 'malformed'],
  ['GET', '/firmware/a#b', 'malformed'],
  ['GET', '/firmware/ä', 'malformed'],
  ['GET', 'http://127.0.0.1/firmware/a', 'malformed'],
  ['GET', '', 'malformed'],
  ['GET', `/firmware/${'a'.repeat(4096)}`, 'malformed'],
]

for (const [method, target, expected] of cases) {
  test(`[CWE-22] ${method} ${target.slice(0, 60)}: ${expected}`, () => {
    const match = matchRoute(routes, method, target)
    const words = {
      route: () => (match.kind === 'route' ? `${match.route.path} ${match.rest}` : ''),
      method: () => (match.kind === 'method' ? `method ${match.allowed}` : ''),
      none: () => 'none',
      malformed: () => 'malformed',
    }
    assert.equal(words[match.kind](), expected)
  })
}

test('[CWE-22] whatever the target is, what goes on stays below the path of the target', () => {
  const piece = fc.constantFrom('/', '.', '..', '%2e', '%2F', '%5c', 'a', '?', '#', '\\', ' ', 'ä', '%')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const match = matchRoute(routes, 'GET', `/firmware/${pieces.join('')}`)
      if (match.kind !== 'route') return
      const sent = new URL(`http://127.0.0.1/files${match.rest}`)
      assert.equal(sent.pathname, `/files${match.rest.split('?')[0]}`, 'no reader makes another path of it')
    }),
  )
})

test('[CWE-441] credentials, hops and what only proxies say do not go on', () => {
  const headers = {
    authorization: 'Basic x',
    cookie: 'a=b',
    connection: 'x-secret, keep-alive',
    'x-forwarded-for': '192.0.2.1',
    'x-client-cert': 'PEM',
    'content-type': 'application/octet-stream',
    range: 'bytes=0-99',
    te: 'trailers',
  }
  assert.deepEqual(Object.keys(passedRequestHeaders(headers)), ['content-type', 'range'])
  const hops = hopHeaders('Keep-Alive, X-Own')
  for (const name of ['connection', 'upgrade', 'x-own', 'alt-svc']) assert.ok(hops.includes(name), name)
})
