import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sqliteCampaigns } from './sqlite/campaigns.ts'
import { openDatabase } from './sqlite/database.ts'
import { sqliteDenyList } from './sqlite/deny-list.ts'
import { sqliteFirmware } from './sqlite/firmware.ts'
import { sqliteIssued } from './sqlite/issued.ts'
import { sqliteOcspAnswers } from './sqlite/ocsp-answers.ts'
import { sqliteRegistry } from './sqlite/registry.ts'
import { sqliteRejections } from './sqlite/rejections.ts'
import { sqliteRenewals } from './sqlite/renewals.ts'
import { sqliteRoots } from './sqlite/roots.ts'
import { sqliteSecurityEvents } from './sqlite/security-events.ts'
import type { Store } from './store.ts'

export interface SqliteOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/**
 * The store in one SQLite file (WAL): no server, and the command line may use it while the proxy
 * runs. Makes the folder and the file when they are missing. Throws ProxyError `store_cannot_open`,
 * `store_foreign`, `store_corrupt`, `store_too_new`, `store_read_only`, `store_full` or `store_busy`.
 */
export function openSqliteStore(path: string, options: SqliteOptions = {}): Store {
  const now = options.now ?? Date.now
  const db = openDatabase(path)
  return {
    registry: sqliteRegistry(db, now),
    rejections: sqliteRejections(db),
    events: sqliteSecurityEvents(db),
    campaigns: sqliteCampaigns(db),
    denied: sqliteDenyList(db),
    ocspAnswers: sqliteOcspAnswers(db),
    issued: sqliteIssued(db),
    renewals: sqliteRenewals(db),
    roots: sqliteRoots(db),
    firmware: sqliteFirmware(db),
    check: async () => db.check(),
    outsideVersion: () => db.outsideVersion(),
    async freeBytes() {
      const { bavail, bsize } = await statfs(dirname(path))
      return bavail * bsize
    },
    close: async () => db.close(),
  }
}
