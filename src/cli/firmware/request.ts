import type { CampaignRequest } from '../../campaigns/campaigns.ts'
import { parseInteger, parseTime } from '../store-command.ts'

/** What can be said of an update beside its image, for one charge point and for a campaign. */
export interface FirmwareRequestOptions {
  readonly location?: string
  readonly at?: string
  readonly installAt?: string
  readonly retries?: string
  readonly retryInterval?: string
}

/** As the admin API takes it. Throws a usage error. */
export function firmwareRequest(
  name: string,
  { location, at, installAt, retries, retryInterval }: FirmwareRequestOptions,
): NonNullable<CampaignRequest['firmware']> {
  return {
    name,
    ...(location === undefined ? {} : { location }),
    ...(at === undefined ? {} : { retrieveAt: parseTime(at, '--at') }),
    ...(installAt === undefined ? {} : { installAt: parseTime(installAt, '--install-at') }),
    ...(retries === undefined ? {} : { retries: parseInteger(retries, '--retries', 0, 1000) }),
    ...(retryInterval === undefined
      ? {}
      : { retryInterval: parseInteger(retryInterval, '--retry-interval', 0, 86_400) }),
  }
}
