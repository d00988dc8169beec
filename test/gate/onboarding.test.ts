import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  changedMeanwhile,
  entryOf,
  mayBeServed,
  mayEnter,
  type Proven,
  standingOf,
} from '../../src/gate/onboarding.ts'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import type { CertificateKeyRecord, ChargePointRecord, RenewalRecord } from '../../src/store/store.ts'
import { aChain, aLeaf, aRecord } from './facts.ts'

type Settings = Parameters<typeof entryOf>[1]
const settings = (more: object = {}) =>
  ({
    edition: 4,
    onboarding: { sessions: 2, unknownChargePoints: 'refuse', expiredCertificates: 'admit' },
    certificateAuthority: {},
    admission: { checks: {} },
    ...more,
  }) as unknown as Settings

const factory = { ...aChain, anchor: 'factory' } as const
const [valid, late] = [aLeaf.notAfter - 1, aLeaf.notAfter]
const expected = expectedOnboarding('certificate', null, 1)
const inOnboarding: ChargePointRecord = { ...aRecord, onboarding: expected }
const proven: Proven = { profile: 3, entry: 'factory-certificate', fingerprint: 'aa', credential: null }

test('[A00.FR.406] [A00.FR.430] which certificates are good for onboarding', () => {
  assert.equal(entryOf(factory, settings(), valid), 'factory-certificate')
  assert.equal(entryOf(factory, settings({ onboarding: undefined }), valid), null)
  assert.equal(entryOf({ ...aChain, anchor: null }, settings(), late), null)
  assert.equal(entryOf(aChain, settings(), valid), null)
  assert.equal(entryOf(aChain, settings(), late), 'expired-certificate')
  for (const more of [
    { edition: 3 },
    { certificateAuthority: undefined },
    { onboarding: { expiredCertificates: 'refuse' } },
    // Admitted to everything, as the operator has it.
    { admission: { checks: { client_cert_expired: 'report' } } },
  ])
    assert.equal(entryOf(aChain, settings(more), late), null, JSON.stringify(more))
})

test('[A00.FR.405] an unknown serial number is learned only where an operator said so', async () => {
  const nobody = {
    registry: { findBySerialNumber: async () => null, keysOf: async () => [] },
    renewals: { get: async () => null },
  }
  const learn = settings({ onboarding: { unknownChargePoints: 'learn', expiredCertificates: 'admit' } })
  const enter = (entry: 'factory-certificate' | 'expired-certificate', config: Settings) =>
    mayEnter(entry, factory, config, nobody, valid)
  const refused = { ok: false, reason: 'client_cert_common_name' } as const
  assert.partialDeepStrictEqual(await enter('factory-certificate', settings()), refused)
  assert.deepEqual(await enter('factory-certificate', learn), { ok: true })
  assert.partialDeepStrictEqual(await enter('expired-certificate', learn), refused)
})

test('[A00.FR.430] [A02.FR.08] an expired certificate is good as long as it is the one that was seen last', async () => {
  const key = (certificate: string, lastSeenAt: number, keyFingerprint = `key of ${certificate}`) =>
    ({
      certificateFingerprint: certificate,
      keyFingerprint,
      firstSeenAt: 1,
      lastSeenAt,
    }) as CertificateKeyRecord
  const enter = (keys: readonly CertificateKeyRecord[], renewal: Partial<RenewalRecord> | null = null) =>
    mayEnter(
      'expired-certificate',
      aChain,
      settings(),
      {
        registry: { findBySerialNumber: async () => aRecord, keysOf: async () => keys },
        renewals: { get: async () => renewal as RenewalRecord | null },
      },
      late,
    )
  const own = key(aLeaf.fingerprint, 5, aLeaf.keyFingerprint)
  const newer = key('newer', 9)
  const refused = { ok: false, reason: 'client_cert_expired' } as const
  // Nothing is known: the registry was made anew.
  assert.deepEqual(await enter([]), { ok: true })
  assert.deepEqual(await enter([own]), { ok: true })
  assert.partialDeepStrictEqual(await enter([newer, own]), refused)
  assert.partialDeepStrictEqual(await enter([newer]), refused)
  // Taken, and not come with so far.
  const taken = key('newer', 1)
  for (const phase of ['issued', 'sent', 'accepted', 'refused'] as const)
    assert.deepEqual(await enter([taken, own], { certificateFingerprint: 'newer', phase }), { ok: true })
  assert.partialDeepStrictEqual(
    await enter([taken, own], { certificateFingerprint: 'newer', phase: 'seen' }),
    refused,
  )
  // Asked for again after it was seen, with the same key.
  assert.partialDeepStrictEqual(
    await enter([newer, own], { certificateFingerprint: 'newer', phase: 'issued' }),
    refused,
  )
  assert.partialDeepStrictEqual(
    await enter([newer, own], { certificateFingerprint: 'newest', phase: 'accepted' }),
    refused,
  )
  // A charge point that keeps its key.
  assert.deepEqual(await enter([key('newer', 9, aLeaf.keyFingerprint)]), { ok: true })
})

test('[A00.FR.406] [CWE-367] an onboarding that has ended since the handshake lets nobody in any more', () => {
  const now = standingOf(inOnboarding, proven, settings(), valid)
  assert.deepEqual(now, {
    stage: 'onboarding',
    seen: { kind: 'begins', via: 'certificate', factorySalt: null },
    verdict: { ok: true },
  })
  assert.deepEqual(
    mayBeServed(now, 3, settings(), () => true),
    { ok: true },
  )
  const later = standingOf(aRecord, proven, settings(), valid)
  assert.partialDeepStrictEqual(
    mayBeServed(later, 3, settings(), () => true),
    {
      ok: false,
      reason: 'client_cert_organization',
    },
  )
})

test('[A00.FR.806] without the section, or without room, nobody is served in onboarding', () => {
  const standing = standingOf(inOnboarding, proven, settings(), valid)
  const without = mayBeServed(standing, 2, settings({ onboarding: undefined }), () => true)
  assert.partialDeepStrictEqual(without, { ok: false, reason: 'credentials_invalid' })
  const crowded = mayBeServed(standing, 3, settings(), () => false)
  assert.partialDeepStrictEqual(crowded, { ok: false, reason: 'capacity' })
  const served = standingOf(aRecord, { ...proven, entry: null }, settings({ onboarding: undefined }), valid)
  assert.deepEqual(
    mayBeServed(served, 3, settings({ onboarding: undefined }), () => false),
    { ok: true },
  )
  assert.deepEqual(
    ([0, 1, 2, 3] as const).map((profile) => changedMeanwhile(profile).reason),
    ['profile_mismatch', 'credentials_invalid', 'credentials_invalid', 'client_cert_organization'],
  )
})
