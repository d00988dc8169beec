import type { SecurityProfile } from '../policy/facts.ts'

/** What a charge point has in store for a security profile. */
export interface ProfileMeans {
  readonly password: boolean
  readonly roots: boolean
  readonly certificate: boolean
  /** Whether it knows an address for this profile. */
  readonly address: boolean
}

export type ProfileDecision =
  | { readonly ok: true; readonly profile: SecurityProfile }
  | { readonly ok: false; readonly why: string }

/** ChangeConfiguration(SecurityProfile) as the charge point judges it (A05.FR.01 to A05.FR.05). */
export function decideProfileChange(
  current: SecurityProfile,
  value: string,
  meansOf: (profile: SecurityProfile) => ProfileMeans,
): ProfileDecision {
  const profile = profileOf(value)
  if (profile === null) return { ok: false, why: 'not a security profile' }
  if (profile <= current) return { ok: false, why: 'not higher than the present profile (A05.FR.01)' }
  const means = meansOf(profile)
  const why = missingMeans(profile, means) ?? (means.address ? null : 'no address for this profile')
  return why === null ? { ok: true, profile } : { ok: false, why }
}

/** What a charge point lacks for a profile, its address aside; null: nothing. */
export function missingMeans(profile: SecurityProfile, means: ProfileMeans): string | null {
  if ((profile === 1 || profile === 2) && !means.password) return 'no password (A05.FR.02)'
  if (profile >= 2 && !means.roots) return 'no root certificate (A05.FR.03)'
  return profile === 3 && !means.certificate ? 'no certificate (A05.FR.04)' : null
}

/** null: not one of 0 to 3. */
export function profileOf(value: string): SecurityProfile | null {
  switch (value) {
    case '0':
      return 0
    case '1':
      return 1
    case '2':
      return 2
    case '3':
      return 3
    default:
      return null
  }
}
