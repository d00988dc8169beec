import type { SecurityProfile } from '../../policy/facts.ts'
import type { Onboarding } from '../../store/store.ts'

/** What an onboarding does next. Pure. */

export type OnboardingStep =
  /** A01: its factory password is replaced. */
  | { readonly kind: 'password' }
  /** A02: CpoName, then a certificate of the operator; on profile 3 it then has to come with it. */
  | { readonly kind: 'certificate' }
  /** A05, with a new password first where it still has the factory one. */
  | { readonly kind: 'profile'; readonly to: 2 | 3; readonly newPassword: boolean }
  | { readonly kind: 'impossible'; readonly detail: string }

export interface OnboardingFacts {
  /** Of its present connection. */
  readonly profile: SecurityProfile
  /** It has logged in with the password of its manufacturer. */
  readonly hasFactoryPassword: boolean
  /** It got a certificate in this try. */
  readonly hasNewCertificate: boolean
  /** null: the profile that it comes on. */
  readonly endOnProfile: SecurityProfile | null
  /** Profiles that a listener serves. */
  readonly served: ReadonlySet<SecurityProfile>
}

/** One step at a time, because each of them ends the connection; after a restart it begins where it stands. */
export function nextStep(facts: OnboardingFacts): OnboardingStep {
  const { profile, hasFactoryPassword, hasNewCertificate, served } = facts
  if (profile === 0) return { kind: 'impossible', detail: 'on profile 0 nobody proves anything (A00.FR.806)' }
  if (profile === 3) return { kind: 'certificate' }
  const end = facts.endOnProfile ?? profile
  // Certificates and passwords are better sent over TLS: first there.
  const isSecured = profile === 2 || !served.has(2)
  if (end > profile && !isSecured) return { kind: 'profile', to: 2, newPassword: hasFactoryPassword }
  if (hasFactoryPassword || end <= profile) return { kind: 'password' }
  if (end === 2) return { kind: 'profile', to: 2, newPassword: false }
  return hasNewCertificate ? { kind: 'profile', to: 3, newPassword: false } : { kind: 'certificate' }
}

/** For operators, while it is under way. */
export function wordsOf(step: OnboardingStep): string {
  switch (step.kind) {
    case 'password':
      return 'gets a new password (A01)'
    case 'certificate':
      return 'gets a certificate of the operator (A02)'
    case 'profile':
      return `goes to profile ${step.to} (A05)${step.newPassword ? ', with a new password' : ''}`
    case 'impossible':
      return step.detail
    default:
      return step satisfies never
  }
}

/** Milliseconds until the next try after so many failures: doubled with each. */
export function retryDelay(failures: number, { initial, max }: { initial: number; max: number }): number {
  return Math.min(max, initial * 2 ** Math.min(30, Math.max(0, failures - 1)))
}

/** Seconds until the next BootNotification: at the least `bootInterval`, and not before the next try. */
export function bootSeconds(onboarding: Onboarding | null, bootIntervalMs: number, now: number): number {
  const untilTry = (onboarding?.notBefore ?? 0) - now
  return Math.max(1, Math.ceil(Math.max(bootIntervalMs, untilTry) / 1000))
}
