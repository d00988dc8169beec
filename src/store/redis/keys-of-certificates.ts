import type { CertificateKeyRecord, Registry } from '../store.ts'
import type { RegistryKeys } from './charge-points.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { checkFence, type FenceOf } from './fence.ts'
import { parseObject } from './json.ts'
import { textsOf } from './pages.ts'
import { type Transaction, transact } from './transaction.ts'

const pageSize = 500

/** Which identity a public key serves (A00.FR.427, A00.FR.429). */
export function redisKeys(
  connection: RedisConnection,
  keys: RegistryKeys,
  fenceOf: FenceOf,
): Pick<Registry, 'claimKey' | 'keyOwner' | 'keysOf' | 'listExpiringKeys'> {
  async function find(fingerprint: string): Promise<CertificateKeyRecord | null> {
    const text = await connection.run((client) => client.hget(keys.keys, fingerprint))
    return text === null ? null : parseKey(text)
  }

  return {
    // The first who comes owns the key; its owner refreshes it; for others nothing changes.
    claimKey: (identity, key, now) =>
      transact(connection, async (transaction) => {
        const text = await transaction.get(keys.keys, key.keyFingerprint)
        const known = text === null ? null : parseKey(text)
        if (known !== null && known.identity !== identity) return known.identity
        const fence = fenceOf?.(identity)
        // It has the key as before: that it was seen with it again is all that is not written.
        if (known !== null && fence === 'unleased') return identity
        await checkFence(transaction, keys, identity, fenceOf)
        const firstSeenAt = known?.firstSeenAt ?? now
        const record: CertificateKeyRecord = { ...key, identity, firstSeenAt, lastSeenAt: now }
        transaction.set(keys.keys, key.keyFingerprint, JSON.stringify(record))
        const last = await transaction.get(keys.lastKey, identity)
        if (last !== null && last !== key.keyFingerprint) transaction.score(keys.expiring, last, null)
        transaction.set(keys.lastKey, identity, key.keyFingerprint)
        transaction.score(keys.expiring, key.keyFingerprint, key.notAfter)
        if (known === null) transaction.write(['SADD', keys.keysOf(identity), key.keyFingerprint])
        return identity
      }),

    keyOwner: async (fingerprint) => (await find(fingerprint))?.identity ?? null,

    async listExpiringKeys({ before, after, limit }) {
      const found: CertificateKeyRecord[] = []
      // Those that end at once stand in order of their fingerprints, some of them before `after`.
      for (let offset = 0; found.length < limit; offset += pageSize) {
        const page = await connection.run((client) =>
          client.zrangebyscore(
            keys.expiring,
            after?.notAfter ?? '-inf',
            `(${before}`,
            'LIMIT',
            offset,
            pageSize,
          ),
        )
        for (const text of await textsOf(connection, keys.keys, page)) {
          const key = parseKey(text)
          const isAfter =
            after === undefined ||
            key.notAfter > after.notAfter ||
            (key.notAfter === after.notAfter && key.keyFingerprint > after.keyFingerprint)
          if (isAfter && found.length < limit) found.push(key)
        }
        if (page.length < pageSize) break
      }
      return found
    },

    async keysOf(identity) {
      const fingerprints = await connection.run((client) => client.smembers(keys.keysOf(identity)))
      if (fingerprints.length === 0) return []
      const texts = await connection.run((client) => client.hmget(keys.keys, ...fingerprints))
      return texts
        .flatMap((text) => (text === null ? [] : [parseKey(text)]))
        .filter((record) => record.identity === identity)
        .sort((a, b) => b.lastSeenAt - a.lastSeenAt || (a.keyFingerprint < b.keyFingerprint ? -1 : 1))
    },
  }
}

/** Inside of a transaction: the keys of a charge point are free again, one that was bound just now as well. */
export async function removeKeys(
  transaction: Transaction,
  keys: RegistryKeys,
  identity: string,
): Promise<void> {
  const fingerprints = await transaction.members(keys.keysOf(identity))
  for (const fingerprint of fingerprints) {
    transaction.set(keys.keys, fingerprint, null)
    transaction.score(keys.expiring, fingerprint, null)
  }
  if (fingerprints.length > 0) transaction.write(['DEL', keys.keysOf(identity)])
  transaction.set(keys.lastKey, identity, null)
}

function parseKey(text: string): CertificateKeyRecord {
  const { keyFingerprint, identity, certificateFingerprint, subject, notAfter, firstSeenAt, lastSeenAt } =
    parseObject(text, 'a key')
  if (typeof keyFingerprint !== 'string' || typeof identity !== 'string') throw corrupt('a key')
  if (typeof certificateFingerprint !== 'string' || typeof subject !== 'string') throw corrupt('a key')
  if (typeof notAfter !== 'number' || typeof firstSeenAt !== 'number' || typeof lastSeenAt !== 'number') {
    throw corrupt('a key')
  }
  return { keyFingerprint, identity, certificateFingerprint, subject, notAfter, firstSeenAt, lastSeenAt }
}
