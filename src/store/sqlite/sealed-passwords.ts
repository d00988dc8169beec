import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/** A password for the central system, as it is kept. */
export interface SealedPassword {
  readonly identity: string
  readonly sealed: string
}

/**
 * All of them, from a file that is only read: nothing is made or migrated, so that `check` may look, while a
 * proxy runs as well. Empty where there is nothing to be read.
 */
export function readSealedPasswords(path: string): readonly SealedPassword[] {
  try {
    const url = pathToFileURL(path)
    // Nobody has it open: then SQLite would make files beside it, even to read it.
    if (!existsSync(`${path}-wal`)) url.searchParams.set('immutable', '1')
    const connection = new DatabaseSync(url, { readOnly: true })
    try {
      const rows = connection
        .prepare('SELECT identity, upstream_secret FROM charge_points WHERE upstream_secret IS NOT NULL')
        .all()
      return rows.flatMap(({ identity, upstream_secret: sealed }) =>
        typeof identity === 'string' && typeof sealed === 'string' ? [{ identity, sealed }] : [],
      )
    } finally {
      connection.close()
    }
  } catch {
    return []
  }
}
