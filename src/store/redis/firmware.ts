import { ProxyError } from '../../policy/error.ts'
import { unknownChargePoint } from '../charge-point-record.ts'
import {
  type FirmwareEntry,
  type FirmwareStore,
  maxFirmwareEntries,
  parseFirmwareEntry,
  parseFirmwareUpdate,
} from '../firmware.ts'
import type { RegistryKeys } from './charge-points.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { checkFence, type FenceOf } from './fence.ts'
import { parseObject } from './json.ts'
import { transact } from './transaction.ts'

/** The firmware catalogue, and the updates of charge points (L01). In the part of the registry. */
export function redisFirmware(
  connection: RedisConnection,
  keys: RegistryKeys,
  fenceOf: FenceOf = null,
): FirmwareStore {
  const { entries, updates } = keys.firmware

  return {
    put: (entry) =>
      transact(connection, async (transaction) => {
        if ((await transaction.get(entries, entry.name)) === null) {
          const count = await connection.run((client) => client.hlen(entries))
          if (count >= maxFirmwareEntries) {
            const message = `the catalogue holds ${maxFirmwareEntries} entries already`
            throw new ProxyError('firmware_full', 'operator', message)
          }
        }
        transaction.set(entries, entry.name, JSON.stringify(entry))
      }),

    async get(name) {
      const text = await connection.run((client) => client.hget(entries, name))
      return text === null ? null : parseEntry(text)
    },

    async list() {
      const all = await connection.run((client) => client.hvals(entries))
      return all.map(parseEntry).sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    remove: (name) =>
      transact(connection, async (transaction) => {
        if ((await transaction.get(entries, name)) === null) return false
        transaction.set(entries, name, null)
        return true
      }),

    async updateOf(identity) {
      const text = await connection.run((client) => client.hget(updates, identity))
      return text === null ? null : parseUpdate(identity, text)
    },

    setUpdate: (update) =>
      transact(connection, async (transaction) => {
        await checkFence(transaction, keys, update.identity, fenceOf)
        // Removed meanwhile: what is kept of nobody would be kept for ever.
        if ((await transaction.get(keys.records, update.identity)) === null)
          throw unknownChargePoint(update.identity)
        transaction.set(updates, update.identity, JSON.stringify(update))
      }),
  }
}

function parseEntry(text: string): FirmwareEntry {
  const entry = parseFirmwareEntry(parseObject(text, 'a firmware entry'))
  if (entry === null) throw corrupt('a firmware entry')
  return entry
}

/** What cannot be read is not known: the charge point tells again. */
function parseUpdate(identity: string, text: string) {
  try {
    return parseFirmwareUpdate(identity, parseObject(text, 'a firmware update'))
  } catch {
    return null
  }
}
