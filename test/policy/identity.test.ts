import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { identityProblem, parseIdentity } from '../../src/policy/identity.ts'

function reasonOf(rawPath: string, listenerPath = '/ocpp'): string {
  const result = parseIdentity(rawPath, listenerPath)
  return result.ok ? result.identity.identity : result.reason
}

test('[OCPP-J 3.1.1] the identity is the one segment after the path, decoded once, its bytes kept', () => {
  const cases: [string, string, string][] = [
    ['/ocpp/CP1', '/ocpp', 'CP1'],
    ['/ocpp/RDAM%20123', '/ocpp', 'RDAM 123'],
    ['/ocpp/%41%2541', '/ocpp', 'A%41'],
    ['/ocpp/z%C3%BCrich', '/ocpp', 'zürich'],
    ["/ocpp/a:b@c!$&'()*+,;=-._~", '/ocpp', "a:b@c!$&'()*+,;=-._~"],
    ['/CP1', '/', 'CP1'],
    ['/CP1', '', 'CP1'],
    ['/OCPP16/tenant/CP1', '/OCPP16/tenant', 'CP1'],
  ]
  for (const [rawPath, listenerPath, identity] of cases) {
    const encoded = rawPath.slice(rawPath.lastIndexOf('/') + 1)
    assert.deepEqual(parseIdentity(rawPath, listenerPath), { ok: true, identity: { identity, encoded } })
  }
})

test('[OCPP-J 3.1.1] a path that is not that of the listener is path_unknown', () => {
  for (const path of ['/', '/CP1', '/ocppp/CP1', '/OCPP/CP1', '/ocpp/a/b', '/ocpp//CP1', '//ocpp/CP1']) {
    assert.equal(reasonOf(path), 'path_unknown', path)
  }
  assert.equal(reasonOf('/a/b', '/'), 'path_unknown')
})

test('[CWE-20] wrong identities are refused', () => {
  const long = 'x'.repeat(256)
  const segments = [
    '',
    '.',
    '..',
    '%2e%2E',
    '%',
    '%4',
    '%zz',
    '%ff',
    '%C3',
    'a%2Fb',
    'a%00',
    'a%0d%0a',
    '%7f',
    '%E2%80%AE',
    'a\\b',
    'a|b',
    'CP1/',
    long,
  ]
  for (const segment of segments) assert.equal(reasonOf(`/ocpp/${segment}`), 'identity_invalid', segment)
  assert.equal(reasonOf('/ocpp'), 'identity_invalid')
  assert.equal(reasonOf(`/ocpp/${long.slice(1)}`), long.slice(1))
  assert.equal(
    reasonOf(`/ocpp/${'%C3%BC'.repeat(128)}`),
    'identity_invalid',
    'bytes are counted, not characters',
  )
})

test('[RFC 9112 3.2] what is no plain origin form is request_malformed', () => {
  const targets = [
    '',
    '*',
    'http://h/ocpp/CP1',
    'CP1',
    '/ocpp/CP1?token=1',
    '/ocpp/CP1?',
    '/ocpp/CP1#x',
    '/ocpp/C P',
    '/ocpp/ü',
    '/ocpp/\u0000',
    `/ocpp/${'%41'.repeat(2000)}`,
  ]
  for (const target of targets) assert.equal(reasonOf(target), 'request_malformed', JSON.stringify(target))
})

test('[CWE-20] identity parsing never throws, and what it admits is a valid identity', () => {
  const piece = fc.constantFrom(
    '/',
    '%',
    '%2',
    '%2F',
    '%41',
    '%C3',
    '%BC',
    '.',
    '?',
    '#',
    'ocpp',
    'CP',
    '\u0000',
    'ü',
    ':',
  )
  const anything = fc.oneof(
    fc.string(),
    fc.array(piece).map((parts) => `/ocpp/${parts.join('')}`),
  )
  fc.assert(
    fc.property(anything, fc.constantFrom('/ocpp', '/', ''), (rawPath, listenerPath) => {
      const result = parseIdentity(rawPath, listenerPath)
      if (!result.ok) return
      assert.equal(identityProblem(result.identity.identity), null)
      assert.equal(decodeURIComponent(result.identity.encoded), result.identity.identity)
      assert.ok(rawPath.endsWith(`/${result.identity.encoded}`))
    }),
  )
})

test('[OCPP-J 3.1.1] every valid identity survives percent-encoding', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (identity) => {
      fc.pre(identityProblem(identity) === null)
      assert.equal(reasonOf(`/ocpp/${encodeURIComponent(identity)}`), identity)
    }),
  )
})
