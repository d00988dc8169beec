import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { isBusy, storeError } from './errors.ts'
import { applicationId, migrations } from './schema.ts'

/** How sure a change must be when its promise is fulfilled. */
export type Durability =
  /** It survives a loss of power: the log is synced. */
  | 'power-loss'
  /** It survives the death of the process; a loss of power may take the last moments. */
  | 'process'

/** One open file: its statements and its transactions. Several processes may have it open at once. */
export interface Database {
  /** Prepared once, kept until the file is closed. */
  statement(sql: string): StatementSync
  read<Result>(body: () => Result): Result
  /** Runs `body` as one transaction; an exception undoes it. */
  write<Result>(durability: Durability, body: () => Result): Promise<Result>
  /** Throws unless the file that was opened is still there and can be written. */
  /** Another number whenever another connection has committed; ours do not count. */
  outsideVersion(): number
  check(): void
  close(): void
}

/** While opening, nobody waits for us: let SQLite wait for a lock. */
const openingBusyMs = 5000
/** SQLite blocks the event loop while it waits: that long at most; then we wait without blocking. */
const runningBusyMs = 10
const retryMs = 20
/** An import of another process may hold the lock for seconds. */
const patienceMs = 15_000

/** Opens or creates the file. Throws ProxyError (`store_…`). */
export function openDatabase(path: string): Database {
  createFile(path)
  let connection: DatabaseSync | undefined
  try {
    connection = new DatabaseSync(path, { timeout: openingBusyMs })
    prepareFile(connection, path)
    connection.exec(`PRAGMA busy_timeout = ${runningBusyMs}`)
    return databaseOf(connection, path)
  } catch (error) {
    connection?.close()
    throw storeError(error, path)
  }
}

/**
 * Credential hashes are in it: the file, and those that SQLite puts beside it, are the owner's. An
 * existing file is never opened here, because closing it again would drop the locks that another
 * connection of this process holds (POSIX advisory locks).
 */
function createFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
    const { mode, uid } = statSync(path)
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(path, 0o600)
  } catch (cause) {
    const message = `store ${path}: the file cannot be made or opened (${messageOf(cause)})`
    throw new ProxyError('store_cannot_open', 'operator', message, { cause })
  }
}

function prepareFile(connection: DatabaseSync, path: string): void {
  const isNew = numberOf(connection, 'SELECT count(*) FROM sqlite_schema') === 0
  const owner = numberOf(connection, 'PRAGMA application_id')
  if (!isNew && owner !== applicationId) {
    throw new ProxyError('store_foreign', 'operator', `store ${path}: the database of another program`)
  }
  connection.exec('PRAGMA journal_mode = WAL')
  connection.exec('PRAGMA synchronous = FULL')
  if (numberOf(connection, 'PRAGMA user_version') !== migrations.length) migrate(connection, path)
}

/** Two processes may start at once: the version is read again under the lock. */
function migrate(connection: DatabaseSync, path: string): void {
  connection.exec('BEGIN IMMEDIATE')
  try {
    const version = numberOf(connection, 'PRAGMA user_version')
    if (version > migrations.length) {
      const message = `store ${path}: written by a newer version (${version}, this one knows ${migrations.length})`
      throw new ProxyError('store_too_new', 'operator', message)
    }
    for (const step of migrations.slice(version)) connection.exec(step)
    connection.exec(`PRAGMA application_id = ${applicationId}`)
    connection.exec(`PRAGMA user_version = ${migrations.length}`)
    connection.exec('COMMIT')
  } catch (error) {
    connection.exec('ROLLBACK')
    throw error
  }
}

function numberOf(connection: DatabaseSync, sql: string): number {
  const row = connection.prepare(sql).get()
  const value = row === undefined ? undefined : Object.values(row)[0]
  return typeof value === 'number' ? value : 0
}

function databaseOf(connection: DatabaseSync, path: string): Database {
  const inode = statSync(path).ino
  const statements = new Map<string, StatementSync>()
  let synced = true

  function statement(sql: string): StatementSync {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const prepared = connection.prepare(sql)
    statements.set(sql, prepared)
    return prepared
  }

  /** False: another process is writing. SQLite takes the pragma outside of a transaction only. */
  function tryBegin(durability: Durability): boolean {
    const wanted = durability === 'power-loss'
    if (wanted !== synced) connection.exec(`PRAGMA synchronous = ${wanted ? 'FULL' : 'NORMAL'}`)
    synced = wanted
    try {
      statement('BEGIN IMMEDIATE').run()
      return true
    } catch (error) {
      if (isBusy(error)) return false
      throw error
    }
  }

  /** Nothing is awaited between BEGIN and COMMIT: no other writer of this process comes between. */
  function finish<Result>(body: () => Result): Result {
    try {
      const result = body()
      statement('COMMIT').run()
      return result
    } catch (error) {
      if (connection.isTransaction) statement('ROLLBACK').run()
      throw error
    }
  }

  async function write<Result>(durability: Durability, body: () => Result): Promise<Result> {
    try {
      for (let waited = 0; waited < patienceMs; waited += retryMs + runningBusyMs) {
        if (tryBegin(durability)) return finish(body)
        await delay(retryMs)
      }
    } catch (error) {
      throw storeError(error, path)
    }
    throw new ProxyError('store_busy', 'operator', `store ${path}: another process keeps it locked`)
  }

  function read<Result>(body: () => Result): Result {
    try {
      return body()
    } catch (error) {
      throw storeError(error, path)
    }
  }

  function check(): void {
    read(() => {
      if (statSync(path, { throwIfNoEntry: false })?.ino !== inode) {
        throw new ProxyError('store_gone', 'operator', `store ${path}: the file was removed or replaced`)
      }
      // Somebody else writing is no fault; a read-only or damaged file is, and a full disk shows only in a write.
      // The version is the smallest one, and is read under the lock: a newer program may just have set it.
      if (tryBegin('process')) {
        finish(() => connection.exec(`PRAGMA user_version = ${numberOf(connection, 'PRAGMA user_version')}`))
      }
    })
  }

  function close(): void {
    if (connection.isOpen) connection.close()
  }

  function outsideVersion(): number {
    return read(() => numberOf(connection, 'PRAGMA data_version'))
  }

  return { statement, read, write, outsideVersion, check, close }
}
