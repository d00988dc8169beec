import type { SecurityProfile } from './facts.ts'
import { admitted, refused, type Verdict } from './verdict.ts'

/** What the registry keeps about the profile of a charge point. */
export interface KeptProfile {
  readonly securityProfile: SecurityProfile | null
  readonly upgradeTo: SecurityProfile | null
}

/**
 * The listener of profile 0 asks nobody for proof: only charge points that the operator has marked as
 * migrating come in there, and none that has ever reached a higher profile (A00.FR.002, A05.FR.09).
 */
export function checkUnsecured(record: KeptProfile & { readonly migrating: boolean }): Verdict {
  const kept = checkProfile(0, record)
  if (!kept.ok || record.migrating) return kept
  return refused('profile_mismatch', 'came on profile 0 and is not marked as migrating')
}

/**
 * One profile per charge point (A00.FR.001, A00.FR.002). Lower than the kept one is never admitted
 * (A05.FR.09). Higher is admitted only when an upgrade was started: who overheard a profile 1
 * password could otherwise move the kept profile up, and lock the real charge point out.
 */
export function checkProfile(listenerProfile: SecurityProfile, record: KeptProfile): Verdict {
  const kept = record.securityProfile
  if (kept === null || kept === listenerProfile) return admitted
  if (listenerProfile < kept) {
    return refused(
      'profile_mismatch',
      `kept on profile ${kept}, came on the lower profile ${listenerProfile}`,
    )
  }
  if (record.upgradeTo !== null && record.upgradeTo >= listenerProfile) return admitted
  return refused(
    'profile_mismatch',
    `kept on profile ${kept}, came on profile ${listenerProfile} without an upgrade to it`,
  )
}

/** A05.FR.09: a success on `profile` shuts the one that is kept. */
export function movesRatchet(kept: SecurityProfile | null, profile: SecurityProfile): boolean {
  return kept !== null && profile > kept
}
