/** Charge points that still have what their manufacturer gave them (A00.FR.406, A00.FR.801 to 806). */

/**
 * What it comes with: the manufacturer's certificate or password, or (edition 4, A00.FR.430) a certificate
 * of its own that has expired.
 */
export type OnboardingVia = 'certificate' | 'password' | 'expired-certificate'

/** expected: not seen so far. running: it is being given its credentials. failed: the last try was for nothing. */
export type OnboardingState = 'expected' | 'running' | 'failed'

/** While a charge point has one, nothing of it reaches the central system. Times are milliseconds since the epoch. */
export interface Onboarding {
  readonly via: OnboardingVia
  readonly state: OnboardingState
  /** How far it is, or why it failed; for people, never a secret. */
  readonly detail: string | null
  /** Tells it from an earlier one of the same charge point. */
  readonly expectedAt: number
  /** When it came into its state. */
  readonly since: number
  /** Tries that failed, one after the other. */
  readonly failures: number
  /** No next try before this; null: at once. */
  readonly notBefore: number | null
  /** SHA-256 of the one factory certificate that is good; null: each that names the registered serial number. */
  readonly certificate: string | null
  /** Salt of the factory password's hash, once it was seen: a login with any other password is no factory one. */
  readonly factorySalt: string | null
}

/** A charge point that is to come with its factory credentials. */
export function expectedOnboarding(via: OnboardingVia, certificate: string | null, now: number): Onboarding {
  return {
    via,
    state: 'expected',
    detail: null,
    expectedAt: now,
    since: now,
    failures: 0,
    notBefore: null,
    certificate,
    factorySalt: null,
  }
}
