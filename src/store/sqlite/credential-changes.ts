import type { SQLInputValue } from 'node:sqlite'
import { unknownChargePoint } from '../charge-point-record.ts'
import {
  beginChange,
  type CredentialState,
  changeAtSuccess,
  startOfChange,
  stepChange,
} from '../credential-change.ts'
import type { ChargePointRecord, Registry, SuccessfulConnection } from '../store.ts'
import { chargePointColumns, credentialValues, toRecord } from './charge-point-row.ts'
import type { Database } from './database.ts'
import { integerOrNull } from './rows.ts'

/** Changes of passwords (A01). Each step reads and writes in one transaction, and outlives a loss of power. */

const columns = chargePointColumns.join(', ')
const find = `SELECT ${columns}, credential_change_at FROM charge_points WHERE identity = ?`

const save = `
  UPDATE charge_points SET
    credential = :credential, upstream_secret = :upstreamSecret, credential_change = :change,
    credential_change_at = coalesce(:startedAt, credential_change_at), updated_at = :now
  WHERE identity = :identity`

const open = `
  SELECT ${columns} FROM charge_points
  WHERE credential_change IS NOT NULL AND credential_change_at < ?
  ORDER BY credential_change_at, identity`

export function sqliteCredentialChanges(
  db: Database,
): Pick<Registry, 'beginCredentialChange' | 'stepCredentialChange' | 'listCredentialChanges'> {
  return {
    beginCredentialChange: (identity, change, now) =>
      db.write('power-loss', () => {
        const row = db.statement(find).get(identity)
        if (row === undefined) throw unknownChargePoint(identity)
        const startedAt = startOfChange(now, integerOrNull(row, 'credential_change_at'))
        const state = beginChange(toRecord(row), change, startedAt)
        db.statement(save).run({ ...valuesOf(identity, state, now), startedAt })
        return state.credentialChange
      }),

    stepCredentialChange: (identity, startedAt, step, now, seen) =>
      db.write('power-loss', () => {
        const row = db.statement(find).get(identity)
        const state = row === undefined ? null : stepChange(toRecord(row), startedAt, step, now, seen)
        if (state === null) return false
        db.statement(save).run(valuesOf(identity, state, now))
        return true
      }),

    listCredentialChanges: async (before, limit) =>
      db.read(() => {
        const found: ChargePointRecord[] = []
        // A change that cannot be read is none; it must not stand in the way of those after it.
        for (const row of db.statement(open).iterate(before)) {
          if (found.length >= limit) break
          const record = toRecord(row)
          if (record.credentialChange !== null) found.push(record)
        }
        return found
      }),
  }
}

/** Inside of the transaction of a login: the offered password becomes the only one, or the old one was seen. */
export function settleAtSuccess(db: Database, identity: string, seen: SuccessfulConnection): void {
  if (seen.credential === null) return
  const row = db.statement(find).get(identity)
  if (row === undefined) return
  const record = toRecord(row)
  const state = changeAtSuccess(record, seen)
  if (state === null) return
  const now = state.credentialChange === null ? seen.at : record.updatedAt
  db.statement(save).run(valuesOf(identity, state, now))
}

function valuesOf(identity: string, state: CredentialState, now: number): Record<string, SQLInputValue> {
  return { identity, ...credentialValues(state), startedAt: null, now }
}
