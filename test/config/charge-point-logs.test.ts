import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, pair, problemsOf, warningsOf, withListeners } from './support.ts'

const logs = 'chargePointLogs: { folder: logs }\n'
const plain = (url: string, more = '') =>
  `{ name: a, address: "127.0.0.1:8080", securityProfile: 1, logUploadUrl: "${url}" ${more}}`
const mutual = (url: string) =>
  `{ name: m, address: "127.0.0.1:8444", securityProfile: 3, logUploadUrl: "${url}", tls: { ${pair}, clientCertificates: { trust: [r.pem] } } }`
const both = (url: string) => load(`cpo: { names: [X] }\n${withListeners([plain(url), mutual(url)], logs)}`)

test('a URL that leads to a port of the proxy fits it', () => {
  assert.deepEqual(warningsOf(both('https://cs.example.com/logs')), [], 'of a load balancer nothing is known')
  assert.match(warningsOf(both('https://127.0.0.1:8080/logs')).join('\n'), /port 8080 .* has no TLS/)
  assert.match(warningsOf(both('http://127.0.0.1:8444/logs')).join('\n'), /port 8444 .* speaks TLS/)
})

test('[A00.FR.402] a URL of profile 3 is warned of: who shows no certificate is refused before its request', () => {
  const found = warningsOf(both('https://cs.example.com:8444/logs')).join('\n')
  assert.match(found, /logUploadUrl: port 8444 is that of m, where a client without a certificate is refused/)
})

const wrong: readonly (readonly [string, string, RegExp])[] = [
  ['no HTTP', 'ftp://cs.example.com/logs', /must be an http:\/\/ or https:\/\/ URL/],
  ['a password', 'https://u:p@cs.example.com/logs', /must not hold a user name or password/],
  ['a query', 'https://cs.example.com/logs?x', /must not hold \? or #/],
  ['no path', 'https://cs.example.com/', /needs a path of its own/],
  ['too long for GetLog', `https://cs.example.com/${'a'.repeat(400)}`, /must not be longer/],
]
for (const [name, url, words] of wrong) {
  test(`logUploadUrl: ${name} is refused`, () => {
    const found = problemsOf(load(withListeners([plain(url)], logs))).join('\n')
    assert.match(found, words)
    assert.ok(!found.includes('u:p'), 'a password is not repeated')
  })
}

test('logUploadUrl: the path of a route, and a folder that is not there, are refused', () => {
  const route = ', routes: [{ path: /logs/old, target: "http://127.0.0.1:1" }]'
  const url = 'https://cs.example.com/logs'
  assert.match(problemsOf(load(withListeners([plain(url, route)], logs))).join(), /also that of a route/)
  assert.match(problemsOf(load(withListeners([plain(url)]))).join(), /no effect without chargePointLogs/)
})
