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

export const upgradePhases = ['offered', 'waiting', 'tried'] as const
export type UpgradePhase = (typeof upgradePhases)[number]

/** An upgrade that the proxy has opened: where to, and what to go back to when it failed (A05). */
export interface PendingUpgrade {
  readonly to: SecurityProfile
  readonly before: SecurityProfile | null
  readonly phase: UpgradePhase
  /** When it was opened, in milliseconds since the epoch. */
  readonly at: number
}

/** Null: none is under way, or it is an operator who has opened the higher profile. */
export function pendingUpgrade(record: {
  readonly upgradeTo: SecurityProfile | null
  readonly upgradeOpened: Omit<PendingUpgrade, 'to'> | null
}): PendingUpgrade | null {
  const { upgradeTo, upgradeOpened } = record
  return upgradeTo === null || upgradeOpened === null ? null : { to: upgradeTo, ...upgradeOpened }
}

/**
 * A charge point has come on a lower profile than the one that is open for it. One that has tried the
 * higher one stays where it is (A05.FR.08), and whoever got hold of a password of the lower profile must not
 * use the open door. One that may still have to restart for it is not to be shut out: for `openForMs`.
 */
export function upgradeIsOver({ phase, at }: PendingUpgrade, openForMs: number, now: number): boolean {
  return phase === 'tried' || now - at >= openForMs
}
