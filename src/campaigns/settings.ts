import { ProxyError } from '../policy/error.ts'
import type { CampaignSettings } from '../store/store.ts'
import type { CampaignSettingsRequest, Share } from './campaigns.ts'

/** Careful on purpose: a few go first, slowly, and nobody is disturbed who charges. */
export const defaultSettings = {
  canary: '1%',
  perMinute: 30,
  concurrency: 5,
  onlyIdle: true,
  attempts: 3,
  retryAfterMs: 60_000,
  timeoutMs: 300_000,
  maxFailures: '5%',
  reset: false,
  newPasswords: false,
} as const satisfies CampaignSettingsRequest

const dayMs = 86_400_000

/** Least and greatest value of each number. */
export const settingBounds = {
  perMinute: [1, 60_000],
  concurrency: [1, 1000],
  attempts: [1, 20],
  retryAfterMs: [1000, dayMs],
  timeoutMs: [5000, dayMs],
} as const

/**
 * The settings of a campaign over `total` charge points; shares become numbers, rounded up. A
 * `maxFailures` of 0 would stop before the first: it is at least 1. Throws ProxyError `campaign_invalid`.
 */
export function settingsFor(
  request: CampaignSettingsRequest,
  total: number,
  usual: { readonly timeoutMs?: number } = {},
): CampaignSettings {
  const numberOf = (name: keyof typeof settingBounds): number => {
    const value =
      request[name] ?? (name === 'timeoutMs' ? usual.timeoutMs : undefined) ?? defaultSettings[name]
    const [least, greatest] = settingBounds[name]
    if (Number.isSafeInteger(value) && value >= least && value <= greatest) return value
    throw invalid(`${name} must be a whole number from ${least} to ${greatest}`)
  }
  return {
    canary: Math.min(total, countOf(request.canary ?? defaultSettings.canary, total, 'canary')),
    perMinute: numberOf('perMinute'),
    concurrency: numberOf('concurrency'),
    onlyIdle: request.onlyIdle ?? defaultSettings.onlyIdle,
    attempts: numberOf('attempts'),
    retryAfterMs: numberOf('retryAfterMs'),
    timeoutMs: numberOf('timeoutMs'),
    maxFailures: Math.max(
      1,
      countOf(request.maxFailures ?? defaultSettings.maxFailures, total, 'maxFailures'),
    ),
    reset: request.reset ?? defaultSettings.reset,
    newPasswords: request.newPasswords ?? defaultSettings.newPasswords,
    ...(request.setCpoName === undefined ? {} : { setCpoName: request.setCpoName }),
    ...(request.reconnect === undefined ? {} : { reconnect: request.reconnect }),
  }
}

/** A number, or a percentage of `total`, rounded up. Throws ProxyError `campaign_invalid`. */
export function countOf(share: Share, total: number, name: string): number {
  if (typeof share === 'number') {
    if (Number.isSafeInteger(share) && share >= 0) return share
    throw invalid(`${name} must be a whole number or a percentage such as 5%`)
  }
  const percent = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(share)?.[1]
  if (percent === undefined || Number(percent) > 100) {
    throw invalid(`${name} must be a whole number or a percentage from 0% to 100%`)
  }
  // Less a hair: 7% of 100 must not become 8 by the rounding of fractions.
  return Math.max(0, Math.ceil((total * Number(percent)) / 100 - 1e-9))
}

export function invalid(message: string): ProxyError {
  return new ProxyError('campaign_invalid', 'operator', message)
}
