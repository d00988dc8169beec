import { ProxyError } from '../../policy/error.ts'
import { cutText } from '../../policy/security-event-types.ts'
import { type RenewalPhase, renewalPhases } from '../renewals.ts'
import type { NewRenewal, RenewalPatch, RenewalRecord, Renewals } from '../store.ts'
import type { RegistryKeys } from './charge-points.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { checkFence, type FenceOf } from './fence.ts'
import { parseObject } from './json.ts'
import { lexPage, pruneByScore } from './pages.ts'
import { type Transaction, transact } from './transaction.ts'

/** In UTF-16 units. */
const maxDetail = 500

/** In the part of the registry: a renewal goes with its charge point. */
export function redisRenewals(
  connection: RedisConnection,
  registry: RegistryKeys,
  fenceOf: FenceOf = null,
): Renewals {
  const { renewals: keys } = registry
  const table = { records: keys.records, ids: keys.ids, parse }

  async function find(transaction: Transaction, identity: string): Promise<RenewalRecord | null> {
    const text = await transaction.get(keys.records, identity)
    return text === null ? null : parse(text)
  }

  function save(transaction: Transaction, before: RenewalRecord | null, after: RenewalRecord): void {
    const { identity, phase, updatedAt } = after
    if (before !== null && before.phase !== phase)
      transaction.score(keys.inPhase(before.phase), identity, null)
    transaction.score(keys.inPhase(phase), identity, updatedAt)
    transaction.score(keys.ids, identity, 0)
    transaction.set(keys.records, identity, JSON.stringify(after))
  }

  return {
    async get(identity) {
      const text = await connection.run((client) => client.hget(keys.records, identity))
      return text === null ? null : parse(text)
    },

    begin: (renewal, now) =>
      transact(connection, async (transaction) => {
        await checkFence(transaction, registry, renewal.identity, fenceOf)
        const before = await find(transaction, renewal.identity)
        const owner = await transaction.get(keys.keys, renewal.keyFingerprint)
        if (owner !== null && owner !== renewal.identity) {
          throw new ProxyError(
            'key_taken',
            'charge-point',
            'the key is in the request of another charge point',
          )
        }
        if (before !== null) transaction.set(keys.keys, before.keyFingerprint, null)
        transaction.set(keys.keys, renewal.keyFingerprint, renewal.identity)
        const after = newRenewal(renewal, before, now)
        save(transaction, before, after)
        return after
      }),

    step: (identity, startedAt, patch, now) =>
      transact(connection, async (transaction) => {
        await checkFence(transaction, registry, identity, fenceOf)
        const before = await find(transaction, identity)
        if (before === null || before.startedAt !== startedAt) return null
        const after = patched(before, patch, now)
        save(transaction, before, after)
        return after
      }),

    list: ({ phase, after, limit }) => {
      const fits = phase === undefined ? null : (renewal: RenewalRecord) => renewal.phase === phase
      return lexPage(connection, table, after, limit, fits)
    },

    async counts() {
      const totals = await Promise.all(
        renewalPhases.map((phase) => connection.run((client) => client.zcard(keys.inPhase(phase)))),
      )
      return Object.fromEntries(renewalPhases.map((phase, index) => [phase, totals[index] ?? 0])) as Record<
        RenewalPhase,
        number
      >
    },

    keyOwner: (fingerprint) => connection.run((client) => client.hget(keys.keys, fingerprint)),

    async prune(before) {
      let removed = 0
      for (const phase of ['seen', 'refused', 'failed'] as const) {
        removed += await pruneByScore(connection, keys.inPhase(phase), before, (identities) =>
          transact(connection, async (transaction) => {
            let ended = 0
            for (const identity of identities) {
              const renewal = await find(transaction, identity)
              // Another has begun since it was looked for.
              if (renewal !== null && (renewal.phase !== phase || renewal.updatedAt >= before)) continue
              transaction.score(keys.inPhase(phase), identity, null)
              if (renewal === null) continue
              await removeRenewal(transaction, keys, identity)
              ended += 1
            }
            return ended
          }),
        )
      }
      return removed
    },
  }
}

/** Inside of a transaction: the renewal of a charge point goes, with its key. */
export async function removeRenewal(
  transaction: Transaction,
  keys: RegistryKeys['renewals'],
  identity: string,
): Promise<void> {
  const text = await transaction.get(keys.records, identity)
  if (text === null) return
  const { phase, keyFingerprint } = parse(text)
  transaction.set(keys.records, identity, null)
  transaction.set(keys.keys, keyFingerprint, null)
  transaction.score(keys.ids, identity, null)
  transaction.score(keys.inPhase(phase), identity, null)
}

/** A clock that stands or goes back must not give two renewals the same beginning. */
function newRenewal(renewal: NewRenewal, before: RenewalRecord | null, now: number): RenewalRecord {
  return {
    ...renewal,
    startedAt: before === null ? now : Math.max(before.startedAt + 1, now),
    updatedAt: now,
    phase: 'pending',
    chain: null,
    certificateFingerprint: null,
    notAfter: null,
    attempts: 0,
    deliveries: 0,
    nextAttemptAt: null,
    detail: null,
  }
}

/** A field that is present and undefined changes nothing. */
function patched(record: RenewalRecord, patch: RenewalPatch, now: number): RenewalRecord {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
  const merged: RenewalRecord = { ...record, ...given, updatedAt: now }
  return { ...merged, detail: merged.detail === null ? null : cutText(merged.detail, maxDetail) }
}

function parse(text: string): RenewalRecord {
  const value = parseObject(text, 'a renewal')
  const { identity, startedAt, updatedAt, phase, csr, keyFingerprint } = value
  const texts = [identity, csr, keyFingerprint]
  if (typeof startedAt !== 'number' || typeof updatedAt !== 'number') throw corrupt('a renewal')
  if (texts.some((one) => typeof one !== 'string')) throw corrupt('a renewal')
  if (!renewalPhases.some((known) => known === phase)) throw corrupt('a renewal')
  // What another version has written does not have it.
  return { certificateType: null, ...value } as unknown as RenewalRecord
}
