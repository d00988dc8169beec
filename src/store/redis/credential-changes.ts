import { unknownChargePoint } from '../charge-point-record.ts'
import { beginChange, startOfChange, stepChange } from '../credential-change.ts'
import type { ChargePointRecord, Registry } from '../store.ts'
import { parseChargePoint } from './charge-point-value.ts'
import type { ChargePointTable, RegistryKeys } from './charge-points.ts'
import type { RedisConnection } from './client.ts'
import type { Transaction } from './transaction.ts'

const pageSize = 200

/** A transaction about one charge point. */
export type ChangeOne = <Result>(
  identity: string,
  body: (transaction: Transaction) => Promise<Result>,
) => Promise<Result>

/** Changes of passwords (A01): each step reads and writes in one transaction. */
export function redisCredentialChanges(
  connection: RedisConnection,
  keys: RegistryKeys,
  table: ChargePointTable,
  changeOne: ChangeOne,
): Pick<Registry, 'beginCredentialChange' | 'stepCredentialChange' | 'listCredentialChanges'> {
  return {
    beginCredentialChange: (identity, change, now) =>
      changeOne(identity, async (transaction) => {
        const before = await table.find(transaction, identity)
        if (before === null) throw unknownChargePoint(identity)
        const startedAt = startOfChange(now, before.lastChangeAt)
        const state = beginChange(before.record, change, startedAt)
        const record = { ...before.record, ...state, updatedAt: now }
        await table.save(transaction, before, { record, lastChangeAt: startedAt })
        return state.credentialChange
      }),

    stepCredentialChange: (identity, startedAt, step, now, seen) =>
      changeOne(identity, async (transaction) => {
        const before = await table.find(transaction, identity)
        const state = before === null ? null : stepChange(before.record, startedAt, step, now, seen)
        if (before === null || state === null) return false
        const record = { ...before.record, ...state, updatedAt: now }
        await table.save(transaction, before, { ...before, record })
        return true
      }),

    async listCredentialChanges(before, limit) {
      const found: ChargePointRecord[] = []
      for (let offset = 0; found.length < limit; offset += pageSize) {
        const page = await connection.run((client) =>
          client.zrangebyscore(keys.changes, '-inf', `(${before}`, 'LIMIT', offset, pageSize),
        )
        if (page.length === 0) break
        const texts = await connection.run((client) => client.hmget(keys.records, ...page))
        for (const text of texts) {
          const record = text === null ? null : parseChargePoint(text).record
          // A change that cannot be read is none; it must not stand in the way of those after it.
          if (record?.credentialChange && found.length < limit) found.push(record)
        }
        if (page.length < pageSize) break
      }
      return found
    },
  }
}
