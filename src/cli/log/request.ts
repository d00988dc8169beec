import type { CampaignRequest } from '../../campaigns/campaigns.ts'
import { logTypes } from '../../policy/charge-point-log.ts'
import { parseInteger, parseTime, usageError } from '../store-command.ts'

/** What can be said of a log beside its type, for one charge point and for a campaign. */
export interface LogRequestOptions {
  readonly location?: string
  readonly from?: string
  readonly until?: string
  readonly retries?: string
  readonly retryInterval?: string
}

/** As the admin API takes it; `option` is the one that names the type. Throws a usage error. */
export function logRequest(
  type: string,
  option: '--type' | '--log',
  { location, from, until, retries, retryInterval }: LogRequestOptions,
): NonNullable<CampaignRequest['log']> {
  const logType = logTypes.find((one) => one === type)
  if (logType === undefined) throw usageError(`${option} must be ${logTypes.join(' or ')}`)
  return {
    logType,
    ...(location === undefined ? {} : { location }),
    ...(from === undefined ? {} : { from: parseTime(from, '--from') }),
    ...(until === undefined ? {} : { to: parseTime(until, '--until') }),
    ...(retries === undefined ? {} : { retries: parseInteger(retries, '--retries', 0, 100) }),
    ...(retryInterval === undefined
      ? {}
      : { retryInterval: parseInteger(retryInterval, '--retry-interval', 0, 86_400) }),
  }
}
