import { rootCertificateTypes } from '../../policy/root-certificate.ts'
import { unknownChargePoint } from '../charge-point-record.ts'
import { parseInstalledRoots } from '../root-inventory.ts'
import { type KnownRoot, maxKnownRoots, type RootInventory, type RootStore } from '../roots.ts'
import type { RegistryKeys } from './charge-points.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { checkFence, type FenceOf } from './fence.ts'
import { parseObject } from './json.ts'
import { textsOf } from './pages.ts'
import { transact } from './transaction.ts'

/** Roots of charge points: what they told of, and the certificates that operators gave. In the part of the registry. */
export function redisRoots(
  connection: RedisConnection,
  keys: RegistryKeys,
  fenceOf: FenceOf = null,
): RootStore {
  const { inventories, known, used } = keys.roots

  return {
    async inventory(identity) {
      const types = [...rootCertificateTypes].sort()
      const fields = types.map((type) => inventoryField(identity, type))
      return (await textsOf(connection, inventories, fields)).flatMap((text) => parseInventory(text) ?? [])
    },

    replaceInventory: (identity, inventory) =>
      transact(connection, async (transaction) => {
        await checkFence(transaction, keys, identity, fenceOf)
        // Removed meanwhile: what is kept of nobody would be kept for ever.
        if ((await transaction.get(keys.records, identity)) === null) throw unknownChargePoint(identity)
        const field = inventoryField(identity, inventory.certificateType)
        transaction.set(inventories, field, JSON.stringify(inventory))
      }),

    async addKnown(root) {
      await transact(connection, async (transaction) => {
        const text = await transaction.get(known, root.fingerprint)
        const before = text === null ? null : parseKnown(text)
        const kept = before === null ? root : { ...before, usedAt: Math.max(before.usedAt, root.usedAt) }
        transaction.set(known, root.fingerprint, JSON.stringify(kept))
        transaction.score(used, root.fingerprint, kept.usedAt)
      })
      const surplus = await connection.run((client) => client.zrange(used, 0, `${-maxKnownRoots - 1}`))
      if (surplus.length === 0) return
      await transact(connection, async (transaction) => {
        for (const fingerprint of surplus) {
          transaction.set(known, fingerprint, null)
          transaction.score(used, fingerprint, null)
        }
      })
    },

    async known() {
      const all = await connection.run((client) => client.zrange(used, 0, '-1'))
      const roots = (await textsOf(connection, known, all)).map(parseKnown)
      return roots.sort((a, b) => b.usedAt - a.usedAt || (a.fingerprint < b.fingerprint ? -1 : 1))
    },
  }
}

/** Of the hash of inventories. */
export const inventoryField = (identity: string, type: string) => `${type} ${identity}`

/** null: it cannot be read. Then it is not known, and the charge point can be asked again. */
function parseInventory(text: string): RootInventory | null {
  try {
    const { certificateType, reportedAt, roots } = parseObject(text, 'an inventory of roots')
    const type = rootCertificateTypes.find((one) => one === certificateType)
    const installed = parseInstalledRoots(roots)
    if (type === undefined || installed === null || typeof reportedAt !== 'number') return null
    return { certificateType: type, reportedAt, roots: installed }
  } catch {
    return null
  }
}

function parseKnown(text: string): KnownRoot {
  const { fingerprint, pem, subject, notAfter, usedAt } = parseObject(text, 'a root')
  if (typeof fingerprint !== 'string' || typeof pem !== 'string' || typeof subject !== 'string') {
    throw corrupt('a root')
  }
  if (typeof notAfter !== 'number' || typeof usedAt !== 'number') throw corrupt('a root')
  return { fingerprint, pem, subject, notAfter, usedAt }
}
