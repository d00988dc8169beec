import type { Command } from 'commander'
import type { CampaignRequest } from '../../campaigns/campaigns.ts'
import { logTypes } from '../../policy/charge-point-log.ts'
import { type FirmwareRequestOptions, firmwareRequest } from '../firmware/request.ts'
import { type LogRequestOptions, logRequest } from '../log/request.ts'
import { usageError } from '../store-command.ts'

/** Options of `campaign create update-firmware` and `get-log`. */
export interface TaskOptions extends FirmwareRequestOptions, LogRequestOptions {
  readonly firmware?: string
  readonly log?: string
}

export function withTaskOptions(command: Command): Command {
  return command
    .option('--firmware <name>', 'of update-firmware: the image of the catalogue')
    .option(
      '--location <url>',
      'of update-firmware: the very one, where the location of the entry has a *; of get-log: where they upload to (default: to the proxy)',
    )
    .option('--at <time>', 'of update-firmware: fetch it not before this time')
    .option('--install-at <time>', 'of update-firmware: install it not before this time')
    .option('--retries <n>', 'how often each tries again to fetch the image, or to upload the log')
    .option('--retry-interval <seconds>', 'the time between two such tries')
    .option('--log <type>', `of get-log: ${logTypes.join(' or ')}`)
    .option('--from <time>', 'of get-log: entries from then on')
    .option('--until <time>', 'of get-log: entries until then')
}

/** Throws a usage error. */
export function taskOf(options: TaskOptions): Pick<CampaignRequest, 'firmware' | 'log'> {
  const { location, retries, retryInterval, firmware, log } = options
  const shared = [location, retries, retryInterval]
  if (firmware === undefined && log === undefined && shared.some((one) => one !== undefined))
    throw usageError('say which image by --firmware, or which log by --log')
  return { ...firmwareOf(options), ...logOf(options) }
}

function firmwareOf(options: TaskOptions): Pick<CampaignRequest, 'firmware'> {
  const { firmware: name, at, installAt } = options
  if (name === undefined) {
    if (at !== undefined || installAt !== undefined) throw usageError('say which image by --firmware')
    return {}
  }
  return { firmware: firmwareRequest(name, options) }
}

function logOf(options: TaskOptions): Pick<CampaignRequest, 'log'> {
  const { log, from, until } = options
  if (log === undefined) {
    if (from !== undefined || until !== undefined) throw usageError('say which log by --log')
    return {}
  }
  return { log: logRequest(log, '--log', options) }
}
