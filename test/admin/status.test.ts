import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CertificateStatus } from '../../src/admin/deps.ts'
import { setUp } from './setting.ts'

const day = 86_400_000

test('[design 11] the posture of the fleet is told', async (t) => {
  const clock = { now: Date.UTC(2026, 0, 2) }
  const { ask, store, connect } = await setUp(t, {
    deps: { now: () => clock.now, startedAt: Date.UTC(2026, 0, 1) },
  })
  const add = (identity: string, fields: object) => store.registry.add(identity, fields)
  await add('CP1', { securityProfile: 2, lastTls: 'TLSv1.3 TLS_AES_128_GCM_SHA256', lastSeenAt: 1 })
  await add('CP2', { securityProfile: 2, lastTls: 'TLSv1.2 X', upgradeTo: 3, lastSeenAt: 1 })
  await add('CP3', { securityProfile: 1, blocked: true, legacyTls: true, lastSeenAt: 1 })
  await add('CP4', { learned: true, migrating: true, lastTls: 'evil __proto__' })
  connect('CP1')
  connect('CP3', { profile: 1, listener: 'plain' })
  const { body } = await ask('GET', '/status')
  assert.deepEqual(body, {
    version: '1.2.3',
    startedAt: '2026-01-01T00:00:00.000Z',
    uptimeSeconds: 86_400,
    connected: { total: 2, byProfile: { 1: 1, 2: 1 }, byListener: { test: 1, plain: 1 } },
    chargePoints: {
      registered: 4,
      blocked: 1,
      learned: 1,
      migrating: 1,
      legacyTls: 1,
      upgrading: 1,
      changingPassword: 0,
      neverSeen: 1,
      byProfile: { 1: 1, 2: 2, unknown: 1 },
      byTls: { 'TLSv1.3': 1, 'TLSv1.2': 1, none: 2 },
    },
  })
  await add('CP5', {})
  assert.equal((await ask('GET', '/status')).body.chargePoints.registered, 4, 'counted a moment ago')
  clock.now += 30_000
  assert.equal((await ask('GET', '/status')).body.chargePoints.registered, 5)
})

test('the posture is counted over all pages of the registry', async (t) => {
  const { ask, store } = await setUp(t)
  await store.registry.addAll(
    Array.from({ length: 2001 }, (_, i) => ({ identity: `CP${i}`, fields: { securityProfile: 1 as const } })),
  )
  assert.deepEqual((await ask('GET', '/status')).body.chargePoints.byProfile, { 1: 2001 })
})

test('[design 11] certificates: the next to end first', async (t) => {
  const now = Date.UTC(2026, 0, 1)
  const certificate = (role: CertificateStatus['role'], notAfter: number): CertificateStatus => ({
    role,
    listener: 'mutual-tls',
    subject: 'O=Example CPO\nCN=x',
    issuer: 'CN=y',
    serialNumber: '0A',
    fingerprint: 'AB:CD',
    keyType: 'ec',
    notBefore: 0,
    notAfter,
  })
  const list = [certificate('trust', now + 10 * day), certificate('server', now - 1)]
  const { ask } = await setUp(t, { deps: { now: () => now, certificates: () => list } })
  const { items, next } = (await ask('GET', '/certificates')).body
  assert.equal(next, null)
  assert.deepEqual(
    items.map(({ role, daysLeft }: { role: string; daysLeft: number }) => [role, daysLeft]),
    [
      ['server', -1],
      ['trust', 10],
    ],
  )
  assert.deepEqual(items[1], {
    ...certificate('trust', 0),
    subject: 'O=Example CPO, CN=x',
    notBefore: '1970-01-01T00:00:00.000Z',
    notAfter: '2026-01-11T00:00:00.000Z',
    daysLeft: 10,
  })
})
