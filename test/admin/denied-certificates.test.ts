import assert from 'node:assert/strict'
import { test } from 'node:test'
import { issued } from '../store/contract/issued.ts'
import { setUp } from './setting.ts'

const fingerprint = 'ab'.repeat(32)
const claim = (certificateFingerprint: string, key: string) => ({
  keyFingerprint: key,
  certificateFingerprint,
  subject: 'CN=SN-1',
  notAfter: Date.now() + 1000,
})

test('[A00.FR.702] a certificate is denied, listed and allowed again; each is an event', async (t) => {
  const { ask, store, notes, denyListChanges } = await setUp(t)
  const colons = fingerprint.toUpperCase().replace(/(..)(?!$)/g, '$1:')
  const denied = await ask('POST', '/denied-certificates', { body: { fingerprint: colons, note: 'stolen' } })
  assert.equal(denied.status, 201)
  const key = `fingerprint:${fingerprint}`
  const entry = { key, fingerprint, serialNumber: null, issuer: null, note: 'stolen', by: 'operator' }
  assert.partialDeepStrictEqual(denied.body, { items: [{ ...entry, identity: null, expiresAt: null }] })
  assert.equal(denyListChanges.count, 1, 'sessions are judged at once')
  assert.equal((await store.denied.find({ fingerprint, serialNumber: '1', issuer: 'x' }))?.note, 'stolen')

  const listed = await ask('GET', '/denied-certificates')
  assert.partialDeepStrictEqual(listed.body, { items: [entry], next: null })
  const allowed = await ask('DELETE', `/denied-certificates/${encodeURIComponent(key)}`)
  assert.partialDeepStrictEqual([allowed.status, allowed.body], [200, entry])
  assert.equal(denyListChanges.count, 2)
  assert.equal((await ask('DELETE', `/denied-certificates/${encodeURIComponent(key)}`)).status, 404)
  assert.deepEqual(
    notes.filter(({ type }) => type.startsWith('Certificate')).map(({ type, techInfo }) => [type, techInfo]),
    [
      ['CertificateDenied', `${key}: stolen`],
      ['CertificateAllowed', `${key}: stolen`],
    ],
  )
  const audited = notes.filter(({ type }) => type === 'ReconfigurationOfSecurityParameters')
  assert.equal(audited.length, 3, 'and the audit has the one that failed')
})

test('[A00.FR.702] by charge point: every certificate that it has shown', async (t) => {
  const { ask, store, notes } = await setUp(t)
  await store.registry.add('CP1', {})
  const none = await ask('POST', '/denied-certificates', { body: { identity: 'CP1' } })
  assert.partialDeepStrictEqual([none.status, none.body], [422, { error: 'certificate_unknown' }])
  assert.equal((await ask('POST', '/denied-certificates', { body: { identity: 'CP9' } })).status, 404)
  await store.registry.claimKey('CP1', claim(fingerprint, 'k1'), 1)
  await store.registry.claimKey('CP1', claim('cd'.repeat(32), 'k2'), 2)
  const denied = await ask('POST', '/denied-certificates', { body: { identity: 'CP1' } })
  assert.equal(denied.body.items.length, 2)
  assert.ok(denied.body.items.every((one: { identity: string }) => one.identity === 'CP1'))
  const mine = await ask('GET', '/denied-certificates?identity=CP1&limit=1')
  assert.equal(mine.body.items.length, 1)
  const rest = await ask('GET', `/denied-certificates?identity=CP1&after=${mine.body.next}`)
  assert.deepEqual([rest.body.items.length, rest.body.next], [1, null])
  assert.equal(
    notes.filter(({ type, identity }) => type === 'CertificateDenied' && identity === 'CP1').length,
    2,
  )
})

test('[A00.FR.702] [A00.FR.704] what was given to a charge point and not seen so far goes with it, and on the CRL', async (t) => {
  const { ask, store } = await setUp(t)
  await store.registry.add('CP1', {})
  const [renewed, shown, given, ended] = ['1a', '2b', '3c', '4d'].map((two) => two.repeat(32)) as [
    string,
    string,
    string,
    string,
  ]
  await store.registry.claimKey('CP1', claim(renewed, 'k1'), 1)
  await store.registry.claimKey('CP1', claim(shown, 'k2'), 2)
  for (const fingerprint of [renewed, shown, given, ended])
    await store.issued.record({
      ...issued(fingerprint.slice(0, 2).toUpperCase()),
      certificateFingerprint: fingerprint,
      notAfter: fingerprint === ended ? 1 : Date.now() + 60_000,
    })
  await store.denied.add({
    target: { kind: 'fingerprint', fingerprint: renewed },
    ...({ note: 'renewed', by: 'superseded', identity: 'CP1', at: 1, expiresAt: null } as const),
  })
  await store.issued.revoke(renewed, { at: 1, reason: 'superseded' })
  const onCrl = async () => (await store.issued.revoked('a1', Date.now())).map((one) => one.serialNumber)

  const denied = await ask('POST', '/denied-certificates', { body: { identity: 'CP1' } })
  const items: readonly { readonly key: string; readonly fingerprint: string }[] = denied.body.items
  assert.deepEqual(items.map(({ fingerprint }) => fingerprint).sort(), [shown, given])
  assert.deepEqual((await onCrl()).sort(), ['1A', '2B', '3C'])
  for (const { key } of items)
    assert.equal((await ask('DELETE', `/denied-certificates/${encodeURIComponent(key)}`)).status, 200)
  assert.deepEqual(await onCrl(), ['1A'], 'what was renewed stays retired')
  assert.equal(await store.denied.count(), 1)
})

test('[CWE-20] what names no certificate, or two, is refused', async (t) => {
  const { ask, store, denyListChanges } = await setUp(t)
  for (const body of [
    {},
    { note: 'x' },
    { fingerprint: 'ab' },
    { serialNumber: 'xyz' },
    { serialNumber: '0' },
    { fingerprint, serialNumber: '1' },
    { fingerprint, issuer: 'CN=a' },
  ]) {
    assert.equal((await ask('POST', '/denied-certificates', { body })).status, 422, JSON.stringify(body))
  }
  for (const body of [{ fingerprint: 1 }, { fingerprint, more: 1 }, { fingerprint, note: 'x'.repeat(501) }])
    assert.equal((await ask('POST', '/denied-certificates', { body })).status, 400, JSON.stringify(body))
  assert.equal((await ask('DELETE', '/denied-certificates/fingerprint')).status, 404)
  assert.deepEqual([await store.denied.count(), denyListChanges.count], [0, 0])
})
