import { parseCredentialHash } from './credential-hash.ts'
import type { ChargePointRecord, CredentialChange, CredentialStep, SuccessfulConnection } from './store.ts'

/** How a change of password goes on (A01), for every store the same. Pure; each store makes it atomic. */

/** What a change of password moves. */
export type CredentialState = Pick<ChargePointRecord, 'credential' | 'upstreamSecret' | 'credentialChange'>

const phases: readonly CredentialChange['phase'][] = ['offered', 'accepted', 'reboot-required']
const origins: readonly CredentialChange['origin'][] = [
  'operator',
  'campaign',
  'onboarding',
  'central-system',
]

/** Reads a stored change; null when it is none that can be checked here. Total: never throws. */
export function parseCredentialChange(value: unknown): CredentialChange | null {
  if (typeof value !== 'object' || value === null) return null
  const given = value as Record<string, unknown>
  const { startedAt, nextUpstreamSecret, answeredAt, oldSeenAt } = given
  const next = parseCredentialHash(given.next)
  const phase = phases.find((known) => known === given.phase)
  const origin = origins.find((known) => known === given.origin)
  if (next === null || phase === undefined || origin === undefined || !isTime(startedAt)) return null
  if (nextUpstreamSecret !== null && typeof nextUpstreamSecret !== 'string') return null
  if (!isTimeOrNull(answeredAt) || !isTimeOrNull(oldSeenAt)) return null
  return { next, nextUpstreamSecret, phase, origin, startedAt, answeredAt, oldSeenAt }
}

/** A clock that was set back by more than this is believed: a grace must not end in its old future. */
const backwardsMs = 60_000

/**
 * When a change begins: now, but never the time of the one before it (`last`), because that tells
 * them apart.
 */
export function startOfChange(now: number, last: number | null): number {
  return last !== null && last >= now && last - now < backwardsMs ? last + 1 : now
}

/** Offers another password. What the one before it came to decides which is the old one now. */
export function beginChange(
  record: CredentialState,
  change: Pick<CredentialChange, 'next' | 'nextUpstreamSecret' | 'origin'>,
  startedAt: number,
): CredentialState & { readonly credentialChange: CredentialChange } {
  const { next, nextUpstreamSecret, origin } = change
  const base = isInUse(record.credentialChange) ? promoted(record, record.credentialChange) : record
  return {
    credential: base.credential,
    upstreamSecret: base.upstreamSecret,
    credentialChange: {
      next,
      nextUpstreamSecret,
      phase: 'offered',
      origin,
      startedAt,
      answeredAt: null,
      oldSeenAt: null,
    },
  }
}

/**
 * Does the charge point use the offered password as far as we know? One that waits for a reboot, or
 * that came back with the old one after it had accepted, does not yet: the old one must stay.
 */
function isInUse(change: CredentialChange | null): change is CredentialChange {
  if (change?.phase !== 'accepted') return false
  return change.oldSeenAt === null || change.oldSeenAt < (change.answeredAt ?? 0)
}

/** Null: the change that began at `startedAt` is not the present one, or does not stand as it was `seen`. */
export function stepChange(
  record: CredentialState,
  startedAt: number,
  step: CredentialStep,
  now: number,
  seen?: Pick<CredentialChange, 'phase' | 'oldSeenAt'>,
): CredentialState | null {
  const change = record.credentialChange
  if (change?.startedAt !== startedAt) return null
  if (seen !== undefined && (change.phase !== seen.phase || change.oldSeenAt !== seen.oldSeenAt)) return null
  const { credential, upstreamSecret } = record
  switch (step) {
    case 'accepted':
    case 'reboot-required': {
      const answeredAt = change.answeredAt ?? now
      return { credential, upstreamSecret, credentialChange: { ...change, phase: step, answeredAt } }
    }
    case 'promote':
      return promoted(record, change)
    case 'revert':
      return { credential, upstreamSecret, credentialChange: null }
    default:
      return step satisfies never
  }
}

/** What a login means for a change that is under way; null: nothing. */
export function changeAtSuccess(
  record: CredentialState,
  seen: Pick<SuccessfulConnection, 'credential' | 'changeStartedAt' | 'at'>,
): CredentialState | null {
  const change = record.credentialChange
  if (change === null || seen.credential === null) return null
  if (seen.changeStartedAt !== undefined && seen.changeStartedAt !== change.startedAt) return null
  switch (seen.credential) {
    case 'next':
      return promoted(record, change)
    case 'current': {
      const { credential, upstreamSecret } = record
      return { credential, upstreamSecret, credentialChange: { ...change, oldSeenAt: seen.at } }
    }
    default:
      return seen.credential satisfies never
  }
}

/** A01.FR.03: the new password is the only one from here on. */
function promoted(record: CredentialState, change: CredentialChange): CredentialState {
  return {
    credential: change.next,
    upstreamSecret: change.nextUpstreamSecret ?? record.upstreamSecret,
    credentialChange: null,
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function isTimeOrNull(value: unknown): value is number | null {
  return value === null || isTime(value)
}
