import type { Config } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'
import { messageOf } from '../policy/error.ts'
import { openLogArchive } from '../store/files/log-archive.ts'
import type { LogArchive } from '../store/store.ts'

/** The folder that the process began with, and the bounds of the last reload. Throws ProxyError `logs_cannot_open`. */
export function chargePointLogsOf(config: () => Config): LogArchive | null {
  const first = config().chargePointLogs
  if (first === undefined) return null
  return openLogArchive(first.folder, { settings: () => config().chargePointLogs ?? first, now: Date.now })
}

/** Never rejected: a disk that fails is told of. */
export async function pruneLogs(logs: LogArchive | null, log: Logger): Promise<void> {
  try {
    await logs?.prune()
  } catch (error) {
    log.error({ err: messageOf(error) }, 'old logs of charge points cannot be removed')
  }
}
