import type { SecurityProfile } from '../../policy/facts.ts'
import type { CertificateKeyRecord, ChargePointRecord, RootInventory } from '../../store/store.ts'
import type { AskedProfile } from './request.ts'

/** What may become of the security profile of a charge point (A00.FR.005, A05). Pure. */

/** The profile that nobody may lower: the kept one, or that of the session where it is higher. */
export function presentProfile(record: Pick<ChargePointRecord, 'securityProfile'>, session: SecurityProfile) {
  const kept = record.securityProfile ?? 0
  return kept > session ? kept : session
}

export interface UpgradeFacts {
  readonly record: Pick<ChargePointRecord, 'credential' | 'credentialChange' | 'serialNumber'>
  /** Profiles that a listener serves. */
  readonly served: ReadonlySet<SecurityProfile>
  readonly now: number
  /** It gets a password before it is asked for the profile. */
  readonly hasNewPassword?: boolean
}

/**
 * What is missing for profile `to`; null: nothing that the proxy could know of. The charge point looks
 * at its own side (A05.FR.02 to A05.FR.04).
 */
export function missingFor(
  to: SecurityProfile,
  { record, served, hasNewPassword = false }: UpgradeFacts,
): string | null {
  if (!served.has(to)) return `no listener of security profile ${to} is configured`
  const hasPassword = hasNewPassword || record.credential !== null || record.credentialChange !== null
  // A05.FR.02
  if ((to === 1 || to === 2) && !hasPassword)
    return 'no password of this charge point is stored: rotate or set it first'
  // A00.FR.405
  if (to === 3 && record.serialNumber === null) {
    return 'the serial number that its certificate must name is not registered'
  }
  return null
}

const centralSystemRoot = 'CentralSystemRootCertificate'

/** A05.FR.03, from what the charge point has told of its roots (M03); null: it has one, or was never asked. */
export function rootMissing(to: SecurityProfile, inventories: readonly RootInventory[]): string | null {
  if (to < 2) return null
  const roots = inventories.find(({ certificateType }) => certificateType === centralSystemRoot)?.roots
  if (roots === undefined || roots.length > 0) return null
  return 'it has told that it holds no CentralSystemRootCertificate: install one, or ask it again'
}

/** Nobody is kept from a higher profile because we never asked; who is refused there may want to know. */
export function unknownRoots(to: SecurityProfile, inventories: readonly RootInventory[]): string | null {
  const isKnown = inventories.some(({ certificateType }) => certificateType === centralSystemRoot)
  return to < 2 || isKnown ? null : 'whether it holds a CentralSystemRootCertificate is not known (A05.FR.03)'
}

/** A05.FR.04; null: it has shown one that is still valid. */
export function certificateMissing(keys: readonly CertificateKeyRecord[], now: number): string | null {
  if (keys.some(({ notAfter }) => notAfter > now)) return null
  return keys.length === 0
    ? 'no certificate of this charge point is known: install one first'
    : 'the certificates of this charge point that are known have expired: renew one first'
}

export type RequestVerdict =
  /** It goes on as it is. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly detail: string }
  /** It goes on once the higher profile is admitted. */
  | { readonly kind: 'raise' | 'lower'; readonly to: SecurityProfile }

/** What becomes of a CALL of the central system that asks for `asked`, over a charge point on `present`. */
export function judgeRequest(
  asked: readonly AskedProfile[],
  present: SecurityProfile,
  { mayLower }: { readonly mayLower: boolean },
): RequestVerdict {
  let to: SecurityProfile | null = null
  for (const profile of asked) {
    if (profile === null) return { kind: 'refuse', detail: 'the value is no security profile' }
    if (to !== null && to !== profile) return { kind: 'refuse', detail: 'it names several security profiles' }
    to = profile
  }
  if (to === null) return { kind: 'pass' }
  if (to > present) return { kind: 'raise', to }
  // Edition 4: 3 to 2, and never below.
  if (mayLower && present === 3 && to === 2) return { kind: 'lower', to }
  const how = to === present ? 'is the present one' : 'is lower than the present one'
  return { kind: 'refuse', detail: `profile ${to} ${how}, ${present}` }
}
