import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secret } from '../support/secrets.ts'
import { load, minimal, problemsOf, warningsOf } from './support.ts'

const sealingKey = Buffer.alloc(32, 7).toString('hex')
const files = { '/etc/proxy/sealing.key': sealingKey, '/etc/proxy/redis.password': 'Redis-Passw0rd\n' }

const redis = (section: string, more = 'sealingKeyFile: sealing.key') =>
  load(minimal.replace('{ sqlite: data/proxy.db }', `{ redis: ${section}, ${more} }`), {}, files)

test('a store that replicas share is read whole, with its password out of its file', () => {
  secret('password', 'Redis-Passw0rd')
  const loaded = redis(
    '{ urls: ["rediss://redis.example.com:6380/3"], username: proxy, passwordFile: redis.password }',
  )
  assert.ok(loaded.ok, problemsOf(loaded).join())
  assert.deepEqual(loaded.config.store.redis, {
    urls: ['rediss://redis.example.com:6380/3'],
    mode: 'single',
    sentinelName: 'mymaster',
    username: 'proxy',
    password: 'Redis-Passw0rd',
    sentinelPassword: null,
    keyPrefix: 'ocpp-security-proxy:',
    timeout: 2_000,
    lease: 15_000,
    grace: 3_600_000,
  })
  assert.equal(loaded.config.store.sqlite, undefined)
  assert.deepEqual(warningsOf(loaded), [])
})

test('a store is one of the two', () => {
  const both = load(
    minimal.replace('sqlite: data/proxy.db', 'sqlite: a, redis: { urls: ["redis://h"] }'),
    {},
    files,
  )
  assert.match(problemsOf(both).join('\n'), /store: must have one of sqlite and redis/)
  const none = load(minimal.replace('sqlite: data/proxy.db', 'rejections: { keep: 5 }'))
  assert.deepEqual(problemsOf(none).length, 1)
  assert.match(problemsOf(none)[0] ?? '', /store: must have one of sqlite and redis/)
})

test('[CWE-200] what is wrong with its URLs is told without quoting them', () => {
  const text = secret('password', 'hidden-in-url')
  const wrong = {
    [`{ urls: ["redis://u:${text}@h:1"] }`]: /urls\[0\]: must not hold a user or a password/,
    '{ urls: ["http://h"] }': /must be redis:\/\/host:port/,
    '{ urls: ["redis://h/one"] }': /nothing after host and port but the number of a database/,
    '{ urls: ["redis://h/1"], mode: cluster }': /a cluster has no databases/,
    '{ urls: ["redis://a", "redis://b"] }': /one server has one URL/,
    '{ urls: ["redis://a", "rediss://b"], mode: cluster }': /all of them or none must be rediss/,
    '{ urls: [] }': /urls/,
    '{ urls: ["redis://h"], username: x }': /passwordFile: must be given for a username/,
    '{ urls: ["redis://h"], lease: 5s, timeout: 2s }': /lease: must be at least three times timeout/,
    '{ urls: ["rediss://h"], tls: { certificate: a.pem } }': /certificate and key, or neither/,
    '{ urls: ["redis://h"], keyPrefix: "a{b}" }': /keyPrefix/,
    '{ urls: ["redis://h"], password: x }': /password/,
  }
  for (const [section, expected] of Object.entries(wrong)) {
    const problems = problemsOf(redis(section))
    assert.match(problems.join('\n'), expected, section)
    assert.doesNotMatch(problems.join('\n'), /hidden-in-url/)
  }
})

test('[CWE-311] a shared store wants the key that seals what passes through it', () => {
  const loaded = redis('{ urls: ["redis://h"] }', 'rejections: {}')
  assert.match(problemsOf(loaded).join(), /store\.sealingKeyFile: must be given with store\.redis/)
})

test('[CWE-319] a public address without TLS is worth a warning', () => {
  assert.match(
    warningsOf(redis('{ urls: ["redis://203.0.113.9:6379"] }')).join(),
    /a public address without TLS/,
  )
  assert.match(
    warningsOf(redis('{ urls: ["redis://h"], tls: { serverName: x } }')).join(),
    /tls has no effect on redis:\/\//,
  )
})
