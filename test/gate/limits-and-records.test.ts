import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ListenerConfig } from '../../src/config/schema.ts'
import { AcceptLimits } from '../../src/gate/accept-limits.ts'
import { GateConnection } from '../../src/gate/connection.ts'
import type { LivePolicy } from '../../src/gate/listener.ts'
import { Refusals } from '../../src/gate/refusal.ts'
import { storedFacts } from '../../src/gate/stored-facts.ts'
import { isTrustedProxy } from '../../src/gate/trusted-proxy.ts'
import { httpView, statusHeaders } from '../../src/gate/upgrade-answer.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import type { SecurityProfile } from '../../src/policy/facts.ts'
import { reasonCodes, reasons } from '../../src/policy/reasons.ts'
import type { NewRejection } from '../../src/store/store.ts'
import { aChain, aHello, aLeaf, aRecord, factsWith } from './facts.ts'

const bounds = { connections: 3, handshakes: 2, perAddressPerMinute: 60, connectionsPerAddress: 2 }
const reasonOf = (verdict: ReturnType<AcceptLimits['entered']>) => (verdict.ok ? 'ok' : verdict.reason)

test('[CWE-770] so many connections in all, and per address; leaving makes room', () => {
  const limits = new AcceptLimits(bounds, () => 0)
  const begin = () => reasonOf(limits.connectionBegins())
  assert.deepEqual([begin(), begin(), begin(), begin()], ['ok', 'ok', 'ok', 'capacity'])
  for (let count = 0; count < 4; count += 1) limits.connectionEnded()
  assert.equal(limits.connections, 0)
  assert.equal(begin(), 'ok')

  const enter = (address: string) => reasonOf(limits.entered(address))
  assert.deepEqual(['192.0.2.1', '192.0.2.1', '192.0.2.1'].map(enter), ['ok', 'ok', 'capacity'])
  assert.equal(enter('192.0.2.2'), 'ok')
  for (const address of ['192.0.2.1', '192.0.2.1']) limits.left(address)
  assert.equal(enter('192.0.2.1'), 'ok')
})

test('[CWE-770] an IPv6 site is one address, an IPv4-mapped one is IPv4', () => {
  const limits = new AcceptLimits(bounds, () => 0)
  const enter = (address: string) => reasonOf(limits.entered(address))
  assert.deepEqual(['2001:db8::1', '2001:db8::2:3', '2001:db8::4'].map(enter), ['ok', 'ok', 'capacity'])
})

test('[CWE-307] a bucket a minute: a burst, then one for each second', () => {
  let now = 0
  const limits = new AcceptLimits(
    { ...bounds, perAddressPerMinute: 60, connections: 1000, connectionsPerAddress: 1000 },
    () => now,
  )
  const enter = (address = '192.0.2.1') => {
    const verdict = reasonOf(limits.entered(address))
    limits.left(address)
    return verdict
  }
  for (let count = 0; count < 60; count += 1) assert.equal(enter(), 'ok')
  assert.equal(enter(), 'rate_limited')
  assert.equal(enter('192.0.2.2'), 'ok')
  now = 999
  assert.equal(enter(), 'rate_limited')
  now = 1000
  assert.deepEqual([enter(), enter()], ['ok', 'rate_limited'])
  limits.setBounds({ ...bounds, perAddressPerMinute: 1 })
  now = 3_600_000
  assert.deepEqual([enter(), enter()], ['ok', 'rate_limited'], 'a lower rate empties full buckets')
})

test('[CWE-770] handshakes in flight', () => {
  const limits = new AcceptLimits(bounds, () => 0)
  const begin = () => reasonOf(limits.handshakeBegins())
  assert.deepEqual([begin(), begin(), begin()], ['ok', 'ok', 'capacity'])
  limits.handshakeEnded()
  assert.deepEqual([begin(), begin()], ['ok', 'capacity'])
})

test('which peers are trusted to say where a connection comes from', () => {
  const from = { from: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'fe80::1'] }
  for (const address of ['10.1.2.3', '192.0.2.7', '2001:db8::9', 'fe80::1', 'fe80::1%eth0'])
    assert.ok(isTrustedProxy(from, address), address)
  // '' is what Node says of a socket that is closed already.
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '', 'x', '10.0.0', '%'])
    assert.equal(isTrustedProxy(from, address), false, address)
  assert.equal(isTrustedProxy(true, ''), true)
  assert.equal(isTrustedProxy(false, '10.0.0.1'), false)
})

const listener = {
  name: 'tls',
  securityProfile: 2,
  path: '/ocpp',
  protocols: ['ocpp1.6'],
  tls: { legacy: true },
} as unknown as ListenerConfig

test('[A01.FR.08] a record holds no secret, whatever is known of the charge point', () => {
  const credential = { scheme: 'hmac-sha256', salt: 'S4LT', hash: 'H4SH' } as const
  const chargePoint = { ...aRecord, credential, upstreamSecret: 'SE4LED' }
  const tls = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    resumed: false,
    lane: 'modern',
  } as const
  const text = JSON.stringify(
    storedFacts(listener, factsWith({ chargePoint, hello: aHello, tls, chain: aChain })),
  )
  for (const secret of ['S4LT', 'H4SH', 'SE4LED']) assert.ok(!text.includes(secret), secret)
  assert.ok(text.includes('"serialNumber":"SN-1"') && text.includes('ocpp.example.com'))
})

test('[CWE-770] a record is small, whatever the peer sent', () => {
  const many = Array.from({ length: 8000 }, (_, index) => index)
  const hello = {
    ...aHello,
    cipherSuites: many,
    groups: many,
    signatureAlgorithms: many,
    versions: many,
    alpn: Array.from({ length: 5000 }, () => 'h2'),
  }
  const long = 'x'.repeat(100_000)
  const leaf = {
    ...aLeaf,
    subject: long,
    issuer: long,
    serialNumber: 'AB'.repeat(50_000),
    commonNames: [long],
    organizationNames: [long],
  }
  const facts = storedFacts(listener, factsWith({ hello, chain: { ...aChain, leaf, pathProblem: long } }))
  assert.ok(JSON.stringify(facts).length < 16_384, `${JSON.stringify(facts).length}`)
})

test('[A00.FR.323][A00.FR.408] a refusal is counted, is a security event, and is kept, its detail cut', () => {
  const metrics = createMetrics({ version: '1', node: '1', openssl: '1' }, { processMetrics: false })
  const kept: NewRejection[] = []
  const refusals = new Refusals({ metrics, recorder: { record: (one) => kept.push(one) }, now: () => 42 })
  const subject = {
    listener: { name: 'a', profile: 2 },
    address: '192.0.2.1',
    port: 1,
    identity: null,
    facts: {},
  } as const
  refusals.note(subject, 'tls_version', 'x'.repeat(10_000), 'report')
  assert.deepEqual(kept, [
    {
      at: 42,
      reason: 'tls_version',
      stage: 'tls',
      mode: 'report',
      event: 'InvalidTLSVersion',
      listener: 'a',
      profile: 2,
      address: '192.0.2.1',
      port: 1,
      identity: null,
      detail: 'x'.repeat(500),
      facts: {},
    },
  ])
})

const policyOf = (securityProfile: SecurityProfile) =>
  ({ listener: { ...listener, securityProfile } }) as unknown as LivePolicy

test('[CWE-204] outside, an unknown identity looks like a wrong password; on profile 0 like any other refusal', () => {
  for (const profile of [1, 2] as const) {
    const of = (reason: (typeof reasonCodes)[number]) => httpView(reason, policyOf(profile))
    assert.deepEqual(of('charge_point_unknown'), of('credentials_invalid'))
    assert.deepEqual(of('credentials_locked'), of('credentials_invalid'))
    assert.deepEqual(of('credentials_missing'), of('credentials_invalid'))
  }
  assert.deepEqual(httpView('charge_point_unknown', policyOf(3)), { kind: 'http', status: 404 })
  const onZero = ['charge_point_unknown', 'charge_point_blocked', 'profile_mismatch'] as const
  for (const reason of onZero) assert.deepEqual(httpView(reason, policyOf(0)), { kind: 'http', status: 404 })
})

test('every reason has an HTTP form once HTTP is spoken, and 401 asks for credentials', () => {
  for (const reason of reasonCodes) {
    const view = httpView(reason, policyOf(2))
    assert.equal(view.kind, 'http', reason)
    if (view.kind !== 'http') continue
    assert.ok(view.status >= 400 && view.status < 600)
    assert.equal('WWW-Authenticate' in statusHeaders(view), view.status === 401)
    if (reasons[reason].peer.kind === 'http' && reason !== 'charge_point_unknown')
      assert.deepEqual(view, reasons[reason].peer)
  }
})

test('a connection leaves once; what was promised to happen then happens once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('leave', 'gone'), { minLength: 1, maxLength: 5 }), (steps) => {
      let released = 0
      const connection = new GateConnection(listener, {} as never, factsWith().remote)
      connection.onLeave(() => {
        released += 1
      })
      connection.setDeadline(60_000, () => assert.fail('the deadline has gone'))
      for (const step of steps) connection[step]()
      assert.equal(released, 1)
      assert.ok(connection.isOver)
      assert.equal(connection.isSettled, steps.includes('leave'))
      assert.equal(connection.isGone, steps.includes('gone'))
    }),
  )
})
