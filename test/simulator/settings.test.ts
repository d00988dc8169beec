import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backoffDelay } from '../../src/simulator/backoff.ts'
import { basicAuthorization, keyFromHex, passwordFromFile } from '../../src/simulator/credentials.ts'
import { redactMessage } from '../../src/simulator/redact.ts'
import { decideProfileChange, type ProfileMeans } from '../../src/simulator/security-settings.ts'

const everything: ProfileMeans = { password: true, roots: true, certificate: true, address: true }

test('[A05.FR.01] [A05.FR.02] [A05.FR.03] [A05.FR.04] what a charge point lacks keeps it on its profile', () => {
  const decide = (current: 0 | 1 | 2 | 3, value: string, lacks: Partial<ProfileMeans> = {}) => {
    const decision = decideProfileChange(current, value, () => ({ ...everything, ...lacks }))
    return decision.ok ? decision.profile : decision.why
  }
  assert.equal(decide(0, '1'), 1)
  assert.equal(decide(1, '3'), 3)
  for (const [current, value] of [
    [1, '1'],
    [2, '1'],
    [3, '0'],
  ] as const) {
    assert.match(String(decide(current, value)), /A05\.FR\.01/)
  }
  assert.match(String(decide(0, '1', { password: false })), /A05\.FR\.02/)
  assert.equal(decide(2, '3', { password: false }), 3)
  assert.match(String(decide(1, '2', { roots: false })), /A05\.FR\.03/)
  assert.match(String(decide(2, '3', { certificate: false })), /A05\.FR\.04/)
  for (const value of ['', '4', '-1', '01', '2 ', 'two'])
    assert.equal(decide(0, value), 'not a security profile')
})

test('[A00.FR.205] a password file: keys in hex are decoded, text loses its line end, bytes stay', () => {
  const hex = '00ff'.repeat(8)
  assert.deepEqual(passwordFromFile(Buffer.from(`${hex}\n`)), { bytes: Buffer.from(hex, 'hex'), form: 'raw' })
  const upper = passwordFromFile(Buffer.from(hex.toUpperCase()), 'hex-lower')
  assert.deepEqual(upper, { bytes: Buffer.from(hex, 'hex'), form: 'hex-lower' })
  assert.deepEqual(passwordFromFile(Buffer.from(hex), 'text'), { bytes: Buffer.from(hex), form: 'text' })
  assert.deepEqual(passwordFromFile(Buffer.from('correct horse\r\n')), {
    bytes: Buffer.from('correct horse'),
    form: 'text',
  })
  const binary = Buffer.from('000102030405060708090a0b0c0d0d0a', 'hex')
  assert.deepEqual(passwordFromFile(binary, 'raw'), { bytes: binary, form: 'raw' })
  assert.equal(keyFromHex('00'.repeat(15)), null)
  assert.equal(keyFromHex('00'.repeat(21)), null)
  assert.equal(keyFromHex(`${'00'.repeat(16)}0`), null)
})

test('[A00.FR.204] any key and any identity come out of the Basic header as they went in', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array({ minLength: 16, maxLength: 20 }),
      (user, bytes) => {
        const header = basicAuthorization(user, { bytes, form: 'raw' })
        const decoded = Buffer.from(header.slice('Basic '.length), 'base64')
        assert.deepEqual(decoded, Buffer.concat([Buffer.from(`${user}:`), bytes]))
      },
    ),
  )
})

test('back-off doubles, has a ceiling, and half of it is chance', () => {
  const backoff = { initialMs: 100, maxMs: 1000 }
  assert.deepEqual(
    [0, 1, 2, 3, 4, 1000].map((failures) => backoffDelay(failures, backoff, () => 1)),
    [100, 200, 400, 800, 1000, 1000],
  )
  assert.equal(
    backoffDelay(4, backoff, () => 0),
    500,
  )
})

test('[A01.FR.09] passwords and URL credentials are taken out of what is logged', () => {
  const secret = '00112233445566778899aabbccddeeff'
  const change = redactMessage(
    {
      kind: 'call',
      id: '1',
      action: 'ChangeConfiguration',
      payload: { key: 'authorizationKEY', value: secret },
    },
    'ChangeConfiguration',
  )
  const told = redactMessage(
    { kind: 'result', id: '1', payload: { configurationKey: [{ key: 'AuthorizationKey', value: secret }] } },
    'GetConfiguration',
  )
  const upload = redactMessage(
    { kind: 'call', id: '1', action: 'GetDiagnostics', payload: { location: `ftp://user:${secret}@host/x` } },
    'GetDiagnostics',
  )
  for (const logged of [change, told, upload]) assert.ok(!JSON.stringify(logged).includes(secret))
  const plain = {
    kind: 'call',
    id: '1',
    action: 'ChangeConfiguration',
    payload: { key: 'A', value: 'b' },
  } as const
  assert.deepEqual(redactMessage(plain, 'ChangeConfiguration'), plain)
})
