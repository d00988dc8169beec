import { keptLocationProblem, type LogType, logTypes } from '../policy/charge-point-log.ts'
import { isFirmwareName, maxLocation } from '../policy/firmware.ts'

/** What an update-firmware campaign is about. Times are RFC 3339. */
export interface CampaignFirmware {
  /** Of the entry in the catalogue. */
  readonly name: string
  /** Where its location has a `*`: the very one. */
  readonly location?: string
  /** Left out: at once. */
  readonly retrieveAt?: string
  /** Left out: when the charge point can. */
  readonly installAt?: string
  readonly retries?: number
  /** Seconds. */
  readonly retryInterval?: number
}

/** What a get-log campaign is about. Times are RFC 3339. */
export interface CampaignLog {
  readonly logType: LogType
  /** Entries from then on, and until then. Left out: all that there are. */
  readonly from?: string
  readonly to?: string
  /** URL that they upload to; left out: to us. It is stored and shown, so it holds no password. */
  readonly location?: string
  readonly retries?: number
  /** Seconds. */
  readonly retryInterval?: number
}

/** A stored task; null: it cannot be followed. Total: never throws. */
export function parseCampaignFirmware(value: unknown): CampaignFirmware | null {
  if (typeof value !== 'object' || value === null) return null
  const { name, location, retrieveAt, installAt, retries, retryInterval } = value as Record<string, unknown>
  if (typeof name !== 'string' || !isFirmwareName(name)) return null
  if (location !== undefined && (typeof location !== 'string' || location.length > maxLocation)) return null
  if (!isTime(retrieveAt) || !isTime(installAt) || !isCount(retries) || !isCount(retryInterval)) return null
  return {
    name,
    ...(location === undefined ? {} : { location }),
    ...(retrieveAt === undefined ? {} : { retrieveAt }),
    ...(installAt === undefined ? {} : { installAt }),
    ...(retries === undefined ? {} : { retries }),
    ...(retryInterval === undefined ? {} : { retryInterval }),
  }
}

/** A stored task; null: it cannot be followed. Total: never throws. */
export function parseCampaignLog(value: unknown): CampaignLog | null {
  if (typeof value !== 'object' || value === null) return null
  const { logType, from, to, location, retries, retryInterval } = value as Record<string, unknown>
  const type = logTypes.find((one) => one === logType)
  if (type === undefined || !isTime(from) || !isTime(to)) return null
  if (location !== undefined && (typeof location !== 'string' || keptLocationProblem(location) !== null))
    return null
  if (!isCount(retries) || !isCount(retryInterval)) return null
  return {
    logType: type,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(location === undefined ? {} : { location }),
    ...(retries === undefined ? {} : { retries }),
    ...(retryInterval === undefined ? {} : { retryInterval }),
  }
}

function isTime(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))
}

function isCount(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
}
