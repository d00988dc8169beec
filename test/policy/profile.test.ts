import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SecurityProfile } from '../../src/policy/facts.ts'
import { checkProfile, checkUnsecured } from '../../src/policy/profile.ts'

const profiles: readonly SecurityProfile[] = [0, 1, 2, 3]

function isAdmitted(
  listener: SecurityProfile,
  kept: SecurityProfile | null,
  upgradeTo: SecurityProfile | null,
) {
  const verdict = checkProfile(listener, { securityProfile: kept, upgradeTo })
  if (!verdict.ok) assert.equal(verdict.reason, 'profile_mismatch')
  return verdict.ok
}

test('[A00.FR.001] the first connection and the kept profile are admitted', () => {
  for (const profile of profiles) {
    assert.ok(isAdmitted(profile, null, null))
    assert.ok(isAdmitted(profile, profile, null))
  }
})

test('[A05.FR.09] a lower profile is refused, an upgrade under way or not', () => {
  for (const kept of profiles) {
    for (const lower of profiles.filter((profile) => profile < kept)) {
      for (const upgradeTo of [null, ...profiles]) assert.equal(isAdmitted(lower, kept, upgradeTo), false)
    }
  }
})

test('[A00.FR.002] a higher profile is refused unless an upgrade to it was started', () => {
  assert.equal(isAdmitted(2, 1, null), false)
  assert.equal(isAdmitted(3, 1, 2), false)
  assert.ok(isAdmitted(2, 1, 2))
  assert.ok(isAdmitted(2, 1, 3))
  assert.ok(isAdmitted(3, 2, 3))
})

test('[A00.FR.002][CWE-306] profile 0 is for charge points that are marked and never reached another', () => {
  for (const upgradeTo of [null, ...profiles]) {
    for (const securityProfile of [null, ...profiles]) {
      const neverHigher = securityProfile === null || securityProfile === 0
      const marked = checkUnsecured({ securityProfile, upgradeTo, migrating: true })
      assert.equal(marked.ok, neverHigher, `marked, kept on ${securityProfile}`)
      const unmarked = checkUnsecured({ securityProfile, upgradeTo, migrating: false })
      assert.ok(!unmarked.ok && unmarked.reason === 'profile_mismatch', `not marked, on ${securityProfile}`)
    }
  }
})
