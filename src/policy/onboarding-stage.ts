import type { SecurityProfile } from './facts.ts'
import type { Onboarding, OnboardingVia } from './onboarding.ts'
import { admitted, refused, type Verdict } from './verdict.ts'

/** Which connections are for onboarding, and which end it (A00.FR.406, A00.FR.806). Pure. */

/** A certificate that is good for onboarding only: below a manufacturer's root, or past its notAfter (edition 4). */
export type OnboardingEntry = 'factory-certificate' | 'expired-certificate'

/** operation: with the central system. onboarding: with the proxy only. */
export type Stage = 'operation' | 'onboarding'

export interface OnboardingLogin {
  readonly profile: SecurityProfile
  readonly entry: OnboardingEntry | null
  /** Salt of the hash of the password that it logged in with; null: it had none. */
  readonly salt: string | null
  /** It is a password that was offered and is used for the first time (A01). */
  readonly isNext: boolean
}

export interface OnboardingVerdict {
  readonly stage: Stage
  /** What this connection has proven ends the onboarding that is under way. */
  readonly isOver: boolean
  /** By what it came; null: it is no connection for onboarding. */
  readonly via: OnboardingVia | null
  /** Salt of the factory password, where it was that. */
  readonly factorySalt: string | null
}

const operation: OnboardingVerdict = Object.freeze({
  stage: 'operation',
  isOver: false,
  via: null,
  factorySalt: null,
})

/**
 * What a login that was proven is good for. `endOnProfile`: the profile that has to be reached first;
 * null: any.
 */
export function onboardingVerdict(
  onboarding: Onboarding | null,
  { profile, entry, salt, isNext }: OnboardingLogin,
  endOnProfile: SecurityProfile | null,
): OnboardingVerdict {
  const held = (via: OnboardingVia, factorySalt: string | null = null): OnboardingVerdict => ({
    stage: 'onboarding',
    isOver: false,
    via,
    factorySalt,
  })
  if (entry !== null) return held(entry === 'factory-certificate' ? 'certificate' : entry)
  if (onboarding === null) return operation
  // A valid certificate of the operator: there is nothing better.
  if (profile === 3) return { ...operation, isOver: true }
  // Nobody has proven anything (profile 0), so the onboarding stands.
  if (profile === 0) return held(onboarding.via)
  // It is the certificate that is to be replaced; the password is one of the operator.
  if (onboarding.via !== 'password') return operation
  const isFactory = !isNext && (onboarding.factorySalt === null || onboarding.factorySalt === salt)
  if (isFactory) return held('password', salt)
  if (endOnProfile !== null && profile < endOnProfile) return held('password')
  return { ...operation, isOver: true }
}

/**
 * Whether a certificate of this kind may come in now. The refusals are of the registered charge point,
 * and not to be switched: what a manufacturer signed is good for nothing else (A00.FR.406).
 */
export function checkEntry(
  entry: OnboardingEntry,
  { identity, onboarding }: { readonly identity: string; readonly onboarding: Onboarding | null },
  fingerprint: string,
  now: number,
): Verdict {
  switch (entry) {
    case 'factory-certificate': {
      if (onboarding?.via !== 'certificate') {
        const detail = `a factory certificate, and ${JSON.stringify(identity)} is not registered for onboarding by one`
        return refused('client_cert_organization', detail)
      }
      const { certificate } = onboarding
      if (certificate === null || certificate === fingerprint) return admitted
      return refused('client_cert_organization', 'another factory certificate is registered for it')
    }
    case 'expired-certificate': {
      // It keeps what it has to say (transactions) while it is not connected: no try, no connection.
      const notBefore = onboarding?.notBefore ?? null
      if (notBefore === null || now >= notBefore) return admitted
      const detail = `it has expired, the last renewal failed, and the next try is from ${new Date(notBefore).toISOString()} on`
      return refused('client_cert_expired', detail)
    }
    default:
      return entry satisfies never
  }
}
