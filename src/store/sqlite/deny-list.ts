import { ProxyError } from '../../policy/error.ts'
import { boundedEntry, denyKey, keysOf } from '../deny-key.ts'
import { type DenyEntry, type DenyList, type DenyTarget, denyOrigins } from '../deny-list.ts'
import type { Database } from './database.ts'
import { integer, integerOrNull, oneOf, type Row, text, textOrNull } from './rows.ts'

/** What the operator denied stays the operator's, and has no end. */
const insert = `
  INSERT INTO denied_certificates (key, fingerprint, serial_number, issuer, note, by, identity, at, expires_at)
  VALUES (:key, :fingerprint, :serialNumber, :issuer, :note, :by, :identity, :at, :expiresAt)
  ON CONFLICT (key) DO UPDATE SET
    note = excluded.note, by = excluded.by, expires_at = excluded.expires_at,
    identity = coalesce(excluded.identity, identity)
  WHERE by <> 'operator' OR excluded.by = 'operator'`

const changed = 'UPDATE deny_revision SET value = value + 1'

export function sqliteDenyList(db: Database): DenyList {
  const byKey = (key: string): Row | undefined =>
    db.statement('SELECT * FROM denied_certificates WHERE key = ?').get(key)

  return {
    add: async (entry) => {
      const { target, ...rest } = boundedEntry(entry)
      return db.write('power-loss', () => {
        db.statement(insert).run({ ...rest, ...columnsOf(target) })
        db.statement(changed).run()
        const row = byKey(rest.key)
        if (row === undefined) throw new ProxyError('store_corrupt', 'operator', 'a denial was not kept')
        return toEntry(row)
      })
    },

    remove: async (target) => {
      const key = denyKey(target)
      return db.write('power-loss', () => {
        const { changes } = db.statement('DELETE FROM denied_certificates WHERE key = ?').run(key)
        if (Number(changes) > 0) db.statement(changed).run()
        return Number(changes) > 0
      })
    },

    find: async (subject) =>
      db.read(() => {
        for (const key of keysOf(subject)) {
          const row = byKey(key)
          if (row !== undefined) return toEntry(row)
        }
        return null
      }),

    get: async (key) =>
      db.read(() => {
        const row = byKey(key)
        return row === undefined ? null : toEntry(row)
      }),

    list: async ({ after = '', identity, limit }) =>
      db.read(() => {
        const where = identity === undefined ? '' : ' AND identity = :identity'
        const values = { after, limit: Math.max(0, limit), ...(identity === undefined ? {} : { identity }) }
        const sql = `SELECT * FROM denied_certificates WHERE key > :after${where} ORDER BY key LIMIT :limit`
        return db.statement(sql).all(values).map(toEntry)
      }),

    count: async () =>
      db.read(() => numberOf(db.statement('SELECT count(*) AS value FROM denied_certificates').get())),

    revision: async () => db.read(() => numberOf(db.statement('SELECT value FROM deny_revision').get())),

    // An entry that goes denies nobody who could come: that is no change.
    prune: (before) =>
      db.write('process', () =>
        Number(db.statement('DELETE FROM denied_certificates WHERE expires_at < ?').run(before).changes),
      ),
  }
}

function numberOf(row: Row | undefined): number {
  return row === undefined ? 0 : integer(row, 'value')
}

function columnsOf(target: DenyTarget): Record<'fingerprint' | 'serialNumber' | 'issuer', string | null> {
  return target.kind === 'fingerprint'
    ? { fingerprint: target.fingerprint, serialNumber: null, issuer: null }
    : { fingerprint: null, serialNumber: target.serialNumber, issuer: target.issuer }
}

function toEntry(row: Row): DenyEntry {
  const fingerprint = textOrNull(row, 'fingerprint')
  return {
    key: text(row, 'key'),
    target:
      fingerprint === null
        ? { kind: 'serial', serialNumber: text(row, 'serial_number'), issuer: textOrNull(row, 'issuer') }
        : { kind: 'fingerprint', fingerprint },
    note: text(row, 'note'),
    by: oneOf(denyOrigins, text(row, 'by'), 'by') ?? 'operator',
    identity: textOrNull(row, 'identity'),
    at: integer(row, 'at'),
    expiresAt: integerOrNull(row, 'expires_at'),
  }
}
