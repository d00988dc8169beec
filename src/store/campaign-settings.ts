import { parseCampaignRoot } from './campaign-root.ts'
import { parseCampaignFirmware, parseCampaignLog } from './campaign-tasks.ts'
import type { CampaignSettings } from './campaigns.ts'

/** Reads stored settings; null when they are none that can be followed. Total: never throws. */
export function parseCampaignSettings(value: unknown): CampaignSettings | null {
  if (typeof value !== 'object' || value === null) return null
  const given = value as Record<string, unknown>
  const canary = count(given.canary)
  const perMinute = count(given.perMinute)
  const concurrency = count(given.concurrency)
  const attempts = count(given.attempts)
  const retryAfterMs = count(given.retryAfterMs)
  const timeoutMs = count(given.timeoutMs)
  const maxFailures = count(given.maxFailures)
  const { onlyIdle, reset, newPasswords, setCpoName, reconnect } = given
  if (canary === null || perMinute === null || concurrency === null || attempts === null) return null
  if (retryAfterMs === null || timeoutMs === null || maxFailures === null) return null
  if (typeof onlyIdle !== 'boolean' || !isFlag(reset) || !isFlag(newPasswords)) return null
  if (!isFlag(setCpoName) || !isFlag(reconnect)) return null
  const root = given.root === undefined ? undefined : parseCampaignRoot(given.root)
  const firmware = given.firmware === undefined ? undefined : parseCampaignFirmware(given.firmware)
  const log = given.log === undefined ? undefined : parseCampaignLog(given.log)
  if (root === null || firmware === null || log === null) return null
  return {
    canary,
    perMinute,
    concurrency,
    onlyIdle,
    attempts,
    retryAfterMs,
    timeoutMs,
    maxFailures,
    ...(reset === undefined ? {} : { reset }),
    ...(newPasswords === undefined ? {} : { newPasswords }),
    ...(setCpoName === undefined ? {} : { setCpoName }),
    ...(reconnect === undefined ? {} : { reconnect }),
    ...(root === undefined ? {} : { root }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(log === undefined ? {} : { log }),
  }
}

/** Settings of later versions, which older campaigns do not have. */
function isFlag(value: unknown): value is boolean | undefined {
  return value === undefined || typeof value === 'boolean'
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}
