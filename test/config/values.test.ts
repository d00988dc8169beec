import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { durationText } from '../../src/config/convert.ts'
import { reachOf } from '../../src/config/network.ts'
import { formatKey, quote } from '../../src/config/problem.ts'
import { nearest } from '../../src/config/suggest.ts'
import { templateProblems } from '../../src/config/templates.ts'
import { isHostName, isNetwork, parseAddress, parseDuration, parseSize } from '../../src/config/values.ts'

test('durations and sizes', () => {
  assert.deepEqual(
    ['500ms', '10s', '2m', '1h', '90d', '0s'].map(parseDuration),
    [500, 1e4, 12e4, 36e5, 7776e6, 0],
  )
  for (const text of ['10', '1.5s', '-1s', ' 1s', '1S', '1w', '', '1s2'])
    assert.equal(parseDuration(text), null, text)
  assert.deepEqual(
    [parseSize('16KiB'), parseSize('1MiB'), parseSize('7'), parseSize(9)],
    [16384, 1048576, 7, 9],
  )
  for (const text of ['1KB', '1 KiB', '', '-1', 1.5, -1]) assert.equal(parseSize(text), null, String(text))
})

test('a duration survives being written and read', () => {
  fc.assert(fc.property(fc.nat(1e9), (ms) => parseDuration(durationText(ms)) === ms))
})

test('addresses', () => {
  assert.deepEqual(parseAddress('[::1]:80'), { host: '::1', port: 80 })
  assert.deepEqual(parseAddress('0.0.0.0:0'), { host: '0.0.0.0', port: 0 })
  assert.deepEqual(parseAddress('my-host.example:65535'), { host: 'my-host.example', port: 65535 })
  for (const text of [
    '::1:80',
    '[::g]:80',
    'a:b',
    ':80',
    'host',
    '1.2.3.4.5:1',
    'a_b:1',
    '[fe80::1%eth0]:1',
    '-a:1',
  ]) {
    assert.equal(parseAddress(text), null, text)
  }
})

test('networks and host names', () => {
  for (const text of ['10.0.0.0/8', '10.0.0.1', '::/0', 'fd00::/128']) assert.ok(isNetwork(text), text)
  for (const text of ['10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'a/8', '10.0.0.0/8/8', ''])
    assert.ok(!isNetwork(text), text)
  assert.ok(isHostName('a.example') && !isHostName('a..b') && !isHostName('a-.b') && !isHostName('a b'))
})

test('how far addresses reach', () => {
  const all = [
    '127.0.0.1',
    'localhost',
    '::1',
    '10.0.0.1',
    '172.31.1.1',
    '172.32.1.1',
    '::',
    '0.0.0.0',
    'fe80::1',
    'x',
    '::ffff:10.0.0.1',
  ]
  assert.deepEqual(all.map(reachOf), [
    ...[
      'loopback',
      'loopback',
      'loopback',
      'private',
      'private',
      'public',
      'any',
      'any',
      'private',
      'name',
      'private',
    ],
  ])
})

test('keys and texts of a file cannot forge a line of output', () => {
  assert.equal(formatKey(['listeners', 0, 'tls', 'a\nb']), 'listeners[0].tls["a\\nb"]')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(quote(text), /[\p{Cc}\u2028\u2029\u202a-\u202e]/u)
      assert.ok(!formatKey([text]).includes('\n'))
    }),
  )
})

test('suggestions', () => {
  const known = ['securityProfile', 'address', 'path']
  assert.equal(nearest('security-profile', known), 'securityProfile')
  assert.equal(nearest('adress', known), 'address')
  assert.equal(nearest('revocation', known), null)
  assert.equal(nearest('x'.repeat(10_000), known), null)
})

test('templates', () => {
  assert.deepEqual(templateProblems('{identity} of {listener}, {}x'.replace('{}', '')), [])
  assert.equal(templateProblems('{identity').length, 0)
  assert.match(templateProblems('{password}').join(), /\{password\} is no known placeholder/)
  assert.match(templateProblems('a\r\nb').join(), /line breaks/)
})
