import {
  chargePointExists,
  newRecord,
  patched,
  serialNumberTaken,
  unknownChargePoint,
  upgradeStep,
} from '../charge-point-record.ts'
import type {
  ChargePointPatch,
  ChargePointQuery,
  ChargePointRecord,
  Registry,
  SuccessfulConnection,
} from '../store.ts'
import { chargePointColumns, toRecord, toValues } from './charge-point-row.ts'
import { settleAtSuccess, sqliteCredentialChanges } from './credential-changes.ts'
import type { Database } from './database.ts'
import { isUniqueViolation } from './errors.ts'
import { sqliteKeys } from './keys.ts'
import { onboardAtSuccess, sqliteOnboarding } from './onboarding.ts'
import { integer, textOrNull } from './rows.ts'

const columns = chargePointColumns.join(', ')
const placeholders = chargePointColumns.map(() => '?').join(', ')
const assignments = chargePointColumns.map((column) => `${column} = excluded.${column}`).join(', ')

const select = `SELECT ${columns} FROM charge_points`
const insert = `INSERT INTO charge_points (${columns}) VALUES (${placeholders})`
const upsert = `${insert} ON CONFLICT (identity) DO UPDATE SET ${assignments}`

/**
 * A05.FR.09: the kept profile never goes down here, and an upgrade ends when it is reached. Profile 0
 * proves nothing: kept from a stranger's visit, it would shut the other profiles to the real one (A00.FR.002).
 */
const success = `
  UPDATE charge_points SET
    security_profile = CASE WHEN :profile = 0 THEN security_profile
      ELSE max(coalesce(security_profile, :profile), :profile) END,
    upgrade_to = CASE WHEN upgrade_to <= :profile THEN NULL ELSE upgrade_to END,
    upgrade_opened = CASE WHEN upgrade_to <= :profile THEN NULL ELSE upgrade_opened END,
    last_seen_at = :at, last_address = :address, last_tls = :tls,
    password_form = coalesce(:form, password_form),
    offers_mandatory_suites = coalesce(:mandatory, offers_mandatory_suites)
  WHERE identity = :identity
  RETURNING credential_change IS NOT NULL AS changing, onboarding`

/** Does a login step the ratchet, or may it settle a change of password or an onboarding? The whole record is not needed for that. */
const moving = `
  SELECT (security_profile IS NOT NULL AND security_profile < ?2) OR credential_change IS NOT NULL
    OR onboarding IS NOT NULL AS moves
  FROM charge_points WHERE identity = ?1`

export function sqliteRegistry(db: Database, now: () => number): Registry {
  function find(identity: string): ChargePointRecord | null {
    const row = db.statement(`${select} WHERE identity = ?`).get(identity)
    return row === undefined ? null : toRecord(row)
  }

  function save(record: ChargePointRecord, sql: string): ChargePointRecord {
    try {
      db.statement(sql).run(...toValues(record))
      return record
    } catch (error) {
      if (!isUniqueViolation(error) || record.serialNumber === null) throw error
      throw serialNumberTaken(record.serialNumber, ownerOf(record.serialNumber))
    }
  }

  function ownerOf(serialNumber: string): string | null {
    const row = db.statement('SELECT identity FROM charge_points WHERE serial_number = ?').get(serialNumber)
    return row === undefined ? null : textOrNull(row, 'identity')
  }

  /** Serial numbers that move inside of one import must be free before they are given anew. */
  function freeSerialNumber(identity: string, fields: ChargePointPatch): void {
    if (fields.serialNumber === undefined) return
    db.statement(
      'UPDATE charge_points SET serial_number = NULL WHERE identity = ? AND serial_number IS NOT ?',
    ).run(identity, fields.serialNumber)
  }

  return {
    ...sqliteKeys(db),
    ...sqliteCredentialChanges(db),
    ...sqliteOnboarding(db),

    get: async (identity) => db.read(() => find(identity)),
    getAll: async (identities) => db.read(() => identities.map(find)),

    findBySerialNumber: async (serialNumber) =>
      db.read(() => {
        const row = db.statement(`${select} WHERE serial_number = ?`).get(serialNumber)
        return row === undefined ? null : toRecord(row)
      }),

    list: async (query) => db.read(() => listPage(db, query)),

    count: async () =>
      db.read(() => {
        const row = db.statement('SELECT count(*) AS total FROM charge_points').get()
        return row === undefined ? 0 : integer(row, 'total')
      }),

    add: (identity, fields) =>
      db.write('power-loss', () => {
        if (find(identity) !== null) throw chargePointExists(identity)
        return save(newRecord(identity, fields, now()), insert)
      }),

    update: (identity, patch) =>
      db.write('power-loss', () => {
        const record = find(identity)
        if (record === null) throw unknownChargePoint(identity)
        return save(patched(record, patch, now()), upsert)
      }),

    stepUpgrade: (identity, upgrade, step, at) =>
      db.write('power-loss', () => {
        const record = find(identity)
        const patch = record === null ? null : upgradeStep(record, upgrade, step)
        if (record === null || patch === null) return false
        save(patched(record, patch, at), upsert)
        return true
      }),

    addAll: (entries) =>
      db.write('power-loss', () => {
        const at = now()
        for (const { identity, fields } of entries) freeSerialNumber(identity, fields)
        for (const { identity, fields } of entries) {
          const record = find(identity)
          save(record === null ? newRecord(identity, fields, at) : patched(record, fields, at), upsert)
        }
        return entries.length
      }),

    remove: (identity) =>
      db.write('power-loss', () => {
        db.statement('DELETE FROM certificate_keys WHERE identity = ?').run(identity)
        db.statement('DELETE FROM certificate_renewals WHERE identity = ?').run(identity)
        db.statement('DELETE FROM root_inventories WHERE identity = ?').run(identity)
        db.statement('DELETE FROM firmware_updates WHERE identity = ?').run(identity)
        return db.statement('DELETE FROM charge_points WHERE identity = ?').run(identity).changes === 1
      }),

    recordSuccess: async (identity, seen) => {
      // A step of the ratchet or of a password must outlive a loss of power. When it was last seen, and
      // where it started, need not: a whole fleet that comes at once would wait for a disk sync each.
      const moves = db.read(() => db.statement(moving).get(identity, seen.profile))?.moves === 1
      const begins = seen.onboarding?.kind === 'begins'
      await db.write(moves || begins ? 'power-loss' : 'process', () => {
        const row = db.statement(success).get({
          identity,
          // As on profile 0: nothing is proven that the profile could be kept by.
          profile: begins ? 0 : seen.profile,
          at: seen.at,
          address: seen.address,
          tls: seen.tls,
          form: seen.passwordForm,
          mandatory: seen.offersMandatorySuites === null ? null : Number(seen.offersMandatorySuites),
        })
        if (row === undefined) throw unknownChargePoint(identity)
        if (row.changing === 1) settleAtSuccess(db, identity, seen)
        onboardAtSuccess(db, identity, row, seen)
        if (seen.upstreamSecret !== undefined) keepSecret(db, identity, seen.upstreamSecret)
      })
    },
  }
}

/** After the change was settled: that may have put the refused one in place. */
function keepSecret(
  db: Database,
  identity: string,
  { refused, taken }: NonNullable<SuccessfulConnection['upstreamSecret']>,
): void {
  db.statement(
    'UPDATE charge_points SET upstream_secret = ? WHERE identity = ? AND upstream_secret IS ?',
  ).run(taken, identity, refused)
}

function listPage(db: Database, query: ChargePointQuery): ChargePointRecord[] {
  const conditions = ['identity > :after']
  const values: Record<string, string | number> = {
    after: query.after ?? '',
    limit: Math.max(0, query.limit),
  }
  if (query.blocked !== undefined) {
    conditions.push('blocked = :blocked')
    values.blocked = Number(query.blocked)
  }
  if (query.securityProfile !== undefined) {
    conditions.push('security_profile = :profile')
    values.profile = query.securityProfile
  }
  if (query.onboarding !== undefined) {
    conditions.push('onboarding_state IS NOT NULL')
    if (query.onboarding !== 'any') {
      conditions.push('onboarding_state = :onboarding')
      values.onboarding = query.onboarding
    }
  }
  const sql = `${select} WHERE ${conditions.join(' AND ')} ORDER BY identity LIMIT :limit`
  return db.statement(sql).all(values).map(toRecord)
}
