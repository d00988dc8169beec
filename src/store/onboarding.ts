import {
  expectedOnboarding,
  type Onboarding,
  type OnboardingState,
  type OnboardingVia,
} from '../policy/onboarding.ts'

export type { Onboarding, OnboardingState, OnboardingVia } from '../policy/onboarding.ts'

/**
 * How a charge point that still has what its manufacturer gave it gets credentials of the operator
 * (A00.FR.406, A00.FR.801 to 806), for every store the same. Pure; each store makes it atomic.
 */

/** What a connection says about an onboarding. */
export type OnboardingSeen =
  /** It came with what onboarding is for. `factorySalt`: of the password that it logged in with. */
  | { readonly kind: 'begins'; readonly via: OnboardingVia; readonly factorySalt: string | null }
  /** It came with credentials of the operator: the onboarding of this `expectedAt` is done. */
  | { readonly kind: 'over'; readonly expectedAt: number }

/** What a step may set. */
export type OnboardingStep = Partial<Pick<Onboarding, 'state' | 'detail' | 'failures' | 'notBefore'>>

/** Longer reasons are cut. */
const maxDetail = 500

/** The onboarding after a connection, at `at`; null: there is none (any more). */
export function onboardingAtSuccess(
  present: Onboarding | null,
  seen: OnboardingSeen,
  at: number,
): Onboarding | null {
  switch (seen.kind) {
    case 'over':
      // One that was asked for meanwhile is not done by a connection of before.
      return present?.expectedAt === seen.expectedAt ? null : present
    case 'begins': {
      // Nobody expects it any more: only an expired certificate needs no word of an operator.
      if (present === null && seen.via !== 'expired-certificate') return null
      const base = present ?? expectedOnboarding(seen.via, null, at)
      const factorySalt = base.factorySalt ?? seen.factorySalt
      // After a failure its next try begins when it may, and not with the connection.
      const entered = base.state === 'expected' ? { state: 'running' as const, since: at } : {}
      return { ...base, factorySalt, ...entered }
    }
    default:
      return seen satisfies never
  }
}

/** Null: the onboarding of this `expectedAt` is not the present one. */
export function stepOnboarding(
  present: Onboarding | null,
  expectedAt: number,
  step: OnboardingStep,
  now: number,
): Onboarding | null {
  if (present?.expectedAt !== expectedAt) return null
  const detail = step.detail === undefined ? present.detail : (step.detail?.slice(0, maxDetail) ?? null)
  const isSame = step.state === undefined || step.state === present.state
  return { ...present, ...step, detail, since: isSame ? present.since : now }
}

const vias: readonly OnboardingVia[] = ['certificate', 'password', 'expired-certificate']
const states: readonly OnboardingState[] = ['expected', 'running', 'failed']

/**
 * Reads a stored one. What cannot be read stays an onboarding by password: closed, because a factory
 * password must not count as one of the operator. Total: never throws.
 */
export function parseOnboarding(value: unknown): Onboarding {
  if (typeof value !== 'object' || value === null) return unreadable
  const given = value as Record<string, unknown>
  const via = vias.find((known) => known === given.via)
  const state = states.find((known) => known === given.state)
  const { detail, expectedAt, since, failures, notBefore, certificate, factorySalt } = given
  if (via === undefined || state === undefined) return unreadable
  if (!isInteger(expectedAt) || !isInteger(since) || !isInteger(failures)) return unreadable
  if (notBefore !== null && !isInteger(notBefore)) return unreadable
  if (!isTextOrNull(detail) || !isTextOrNull(certificate) || !isTextOrNull(factorySalt)) return unreadable
  return { via, state, detail, expectedAt, since, failures, notBefore, certificate, factorySalt }
}

const unreadable: Onboarding = Object.freeze({
  ...expectedOnboarding('password', null, 0),
  state: 'failed',
  detail: 'what is stored of the onboarding cannot be read: set it anew',
})

function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}
