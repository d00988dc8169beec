import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { ask, upgradeRequest } from '../support/raw-client.ts'
import { assertRefused } from '../support/refused.ts'

test('what is no upgrade request is refused', async (t) => {
  const proxy = await startProxy(t, { limits: { requestBytes: '4KiB' } })
  const password = await proxy.register()
  const good = upgradeRequest({ password })
  const cases: readonly (readonly [string, string])[] = [
    ['[RFC 9112] no HTTP', 'BREW /pot COFFEE/1.0\r\n\r\n'],
    ['[RFC 9112] a space before a colon', good.replace('Host:', 'Host :')],
    ['[RFC 9112] a line that is folded', good.replace('Host: localhost', 'Host: local\r\n host')],
    ['[RFC 9112] a request target in absolute form', good.replace('/ocpp', 'http://localhost/ocpp')],
    ['[CWE-20] two Host fields', good.replace('Host:', 'Host: other\r\nHost:')],
    ['[CWE-20] two Authorization fields', good.replace('Host:', 'Authorization: Basic eDp5\r\nHost:')],
    ['[CWE-20] a body', good.replace('Host:', 'Content-Length: 5\r\nHost:').concat('hello')],
    ['[CWE-20] a chunked body', good.replace('Host:', 'Transfer-Encoding: chunked\r\nHost:')],
    ['[CWE-20] a header that is too large', good.replace('Host:', `X-Large: ${'x'.repeat(8192)}\r\nHost:`)],
    ['[CWE-20] a query', good.replace('CP-1 HTTP', 'CP-1?a=b HTTP')],
    ['[RFC 6455 4.2.1] no upgrade', good.replace('Upgrade: websocket\r\n', '')],
    ['[RFC 6455 4.2.1] another upgrade', good.replace('Upgrade: websocket', 'Upgrade: h2c')],
    ['[RFC 6455 4.2.1] another method', good.replace('GET', 'POST')],
    ['[RFC 6455 4.2.1] HTTP/1.0', good.replace('HTTP/1.1', 'HTTP/1.0')],
    ['[RFC 6455 4.2.1] no Host', good.replace('Host: localhost\r\n', '')],
    ['[RFC 6455 4.2.1] a key that is too short', good.replace('dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIA==')],
  ]
  for (const [name, request] of cases) {
    await t.test(name, async () => {
      await assertRefused(proxy, {
        reason: 'request_malformed',
        listener: 'basic-auth',
        attempt: () => ask({ port: proxy.port('basic-auth') }, request),
        client: { status: 400, body: 'request_malformed\n' },
      })
    })
  }
})
