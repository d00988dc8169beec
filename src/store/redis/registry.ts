import { rootCertificateTypes } from '../../policy/root-certificate.ts'
import {
  afterSuccess,
  chargePointExists,
  isVisit,
  newRecord,
  patched,
  unknownChargePoint,
  upgradeStep,
} from '../charge-point-record.ts'
import { stepOnboarding } from '../onboarding.ts'
import type { ChargePointQuery, ChargePointRecord, Registry } from '../store.ts'
import { parseChargePoint } from './charge-point-value.ts'
import { type ChargePointTable, chargePointTable, type RegistryKeys } from './charge-points.ts'
import type { RedisConnection } from './client.ts'
import { redisCredentialChanges } from './credential-changes.ts'
import { checkFence, type FenceOf } from './fence.ts'
import { redisKeys, removeKeys } from './keys-of-certificates.ts'
import { lexPage } from './pages.ts'
import { removeRenewal } from './renewals.ts'
import { inventoryField } from './roots.ts'
import { type Transaction, transact } from './transaction.ts'

/** Records of one read. */
const pageSize = 500

export function redisRegistry(
  connection: RedisConnection,
  keys: RegistryKeys,
  now: () => number,
  fenceOf: FenceOf = null,
): Registry {
  const table = chargePointTable(keys)
  const change = <Result>(body: (transaction: Transaction) => Promise<Result>) => transact(connection, body)
  const changeOne = <Result>(identity: string, body: (transaction: Transaction) => Promise<Result>) =>
    change(async (transaction) => {
      await checkFence(transaction, keys, identity, fenceOf)
      return body(transaction)
    })

  async function get(identity: string): Promise<ChargePointRecord | null> {
    const text = await connection.run((client) => client.hget(keys.records, identity))
    return text === null ? null : parseChargePoint(text).record
  }

  return {
    ...redisKeys(connection, keys, fenceOf),
    ...redisCredentialChanges(connection, keys, table, changeOne),
    get,

    async getAll(identities) {
      const found: (ChargePointRecord | null)[] = []
      for (let at = 0; at < identities.length; at += pageSize) {
        const page = identities.slice(at, at + pageSize).map((identity) => identity.toWellFormed())
        const texts = await connection.run((client) => client.hmget(keys.records, ...page))
        for (const text of texts) found.push(text === null ? null : recordOf(text))
      }
      return found
    },

    async findBySerialNumber(serialNumber) {
      const identity = await connection.run((client) => client.hget(keys.serials, serialNumber))
      const record = identity === null ? null : await get(identity)
      // Between the two reads it may have got another one.
      return record?.serialNumber === serialNumber ? record : null
    },

    list: (query) => listPage(connection, keys, query),
    count: () => connection.run((client) => client.hlen(keys.records)),

    add: (identity, fields) =>
      change(async (transaction) => {
        if ((await table.find(transaction, identity)) !== null) throw chargePointExists(identity)
        const record = newRecord(identity, fields, now())
        await table.save(transaction, null, { record, lastChangeAt: null })
        return record
      }),

    update: (identity, patch) =>
      changeOne(identity, async (transaction) => {
        const before = await table.find(transaction, identity)
        if (before === null) throw unknownChargePoint(identity)
        const record = patched(before.record, patch, now())
        await table.save(transaction, before, { ...before, record })
        return record
      }),

    addAll: (entries) => change((transaction) => addAll(transaction, table, keys, entries, now())),

    remove: (identity) =>
      change(async (transaction) => {
        const kept = await table.find(transaction, identity)
        await removeKeys(transaction, keys, identity)
        await removeRenewal(transaction, keys.renewals, identity)
        for (const type of rootCertificateTypes) {
          transaction.set(keys.roots.inventories, inventoryField(identity, type), null)
        }
        transaction.set(keys.firmware.updates, identity, null)
        if (kept !== null) await table.remove(transaction, kept)
        return kept !== null
      }),

    stepUpgrade: (identity, upgrade, step, at) =>
      changeOne(identity, async (transaction) => {
        const before = await table.find(transaction, identity)
        const patch = before === null ? null : upgradeStep(before.record, upgrade, step)
        if (before === null || patch === null) return false
        const record = patched(before.record, patch, at)
        await table.save(transaction, before, { ...before, record })
        return true
      }),

    stepOnboarding: (identity, expectedAt, step, at) =>
      changeOne(identity, async (transaction) => {
        const before = await table.find(transaction, identity)
        const onboarding = stepOnboarding(before?.record.onboarding ?? null, expectedAt, step, at)
        if (before === null || onboarding === null) return false
        const record = { ...before.record, onboarding, updatedAt: at }
        await table.save(transaction, before, { ...before, record })
        return true
      }),

    recordSuccess: (identity, seen) =>
      change(async (transaction) => {
        const before = await table.find(transaction, identity)
        if (before === null) throw unknownChargePoint(identity)
        if (seen.fence !== 'unleased' || !isVisit(before.record, seen)) {
          const { fence } = seen
          await checkFence(transaction, keys, identity, fence === undefined ? null : () => fence)
        } else if ((before.record.lastSeenAt ?? 0) > seen.at) {
          // Seen elsewhere since, where it may have come with something else.
          return
        }
        const after = { ...before, record: afterSuccess(before.record, seen) }
        await table.save(transaction, before, after, false)
      }),
  }
}

async function addAll(
  transaction: Transaction,
  table: ChargePointTable,
  keys: RegistryKeys,
  entries: Parameters<Registry['addAll']>[0],
  at: number,
): Promise<number> {
  const found = await table.findAll(
    transaction,
    entries.map(({ identity }) => identity),
  )
  await transaction.getAll(
    keys.serials,
    entries.flatMap(({ fields }) => fields.serialNumber ?? []),
  )
  // Serial numbers that move inside of one import must be free before they are given anew.
  for (const [index, { fields }] of entries.entries()) {
    const record = found[index]?.record
    if (record === undefined || fields.serialNumber === undefined) continue
    if (fields.serialNumber !== record.serialNumber) await table.freeSerialNumber(transaction, record)
  }
  for (const { identity, fields } of entries) {
    // Read again, because one identity may stand in it twice.
    const before = await table.find(transaction, identity)
    const record = before === null ? newRecord(identity, fields, at) : patched(before.record, fields, at)
    await table.save(transaction, before, { lastChangeAt: before?.lastChangeAt ?? null, record })
  }
  return entries.length
}

function listPage(
  connection: RedisConnection,
  keys: RegistryKeys,
  query: ChargePointQuery,
): Promise<readonly ChargePointRecord[]> {
  const { after, limit, blocked, securityProfile, onboarding } = query
  const isFiltered = blocked !== undefined || securityProfile !== undefined || onboarding !== undefined
  const table = { records: keys.records, ids: keys.identities, parse: recordOf }
  return lexPage(connection, table, after, limit, isFiltered ? (record) => fits(record, query) : null)
}

const recordOf = (text: string): ChargePointRecord => parseChargePoint(text).record

function fits(record: ChargePointRecord, query: ChargePointQuery): boolean {
  const { blocked, securityProfile, onboarding } = query
  if (blocked !== undefined && record.blocked !== blocked) return false
  if (securityProfile !== undefined && record.securityProfile !== securityProfile) return false
  if (onboarding === undefined) return true
  return record.onboarding !== null && (onboarding === 'any' || record.onboarding.state === onboarding)
}
