import { ProxyError } from '../../policy/error.ts'
import { unknownChargePoint } from '../charge-point-record.ts'
import {
  type FirmwareEntry,
  type FirmwareStore,
  maxFirmwareEntries,
  parseFirmwareEntry,
  parseFirmwareUpdate,
} from '../firmware.ts'
import type { Database } from './database.ts'
import { parseJson, type Row } from './rows.ts'

const put = `
  INSERT INTO firmware (name, entry) VALUES (:name, :entry)
  ON CONFLICT (name) DO UPDATE SET entry = excluded.entry`

const setUpdate = `
  INSERT INTO firmware_updates (identity, state) VALUES (:identity, :state)
  ON CONFLICT (identity) DO UPDATE SET state = excluded.state`

/** The firmware catalogue, and the updates of charge points (L01). */
export function sqliteFirmware(db: Database): FirmwareStore {
  return {
    put: (entry) =>
      db.write('power-loss', () => {
        const others = db.statement('SELECT count(*) AS count FROM firmware WHERE name <> ?').get(entry.name)
        if (Number(others?.count) >= maxFirmwareEntries) throw firmwareFull()
        db.statement(put).run({ name: entry.name, entry: JSON.stringify(entry) })
      }),

    get: async (name) =>
      db.read(() => {
        const row = db.statement('SELECT entry FROM firmware WHERE name = ?').get(name)
        return row === undefined ? null : toEntry(row)
      }),

    list: async () =>
      db.read(() => db.statement('SELECT entry FROM firmware ORDER BY name').all().map(toEntry)),

    remove: (name) =>
      db.write(
        'power-loss',
        () => db.statement('DELETE FROM firmware WHERE name = ?').run(name).changes === 1,
      ),

    updateOf: async (identity) =>
      db.read(() => {
        const row = db.statement('SELECT state FROM firmware_updates WHERE identity = ?').get(identity)
        return row === undefined ? null : parseFirmwareUpdate(identity, jsonOf(row))
      }),

    setUpdate: (update) =>
      db.write('power-loss', () => {
        const known = db.statement('SELECT 1 FROM charge_points WHERE identity = ?').get(update.identity)
        // Removed meanwhile: what is kept of nobody would be kept for ever.
        if (known === undefined) throw unknownChargePoint(update.identity)
        db.statement(setUpdate).run({ identity: update.identity, state: JSON.stringify(update) })
      }),
  }
}

export function firmwareFull(): ProxyError {
  return new ProxyError(
    'firmware_full',
    'operator',
    `the catalogue holds ${maxFirmwareEntries} entries already`,
  )
}

function toEntry(row: Row): FirmwareEntry {
  const entry = parseFirmwareEntry(parseJson(row, 'entry'))
  if (entry !== null) return entry
  throw new ProxyError('store_corrupt', 'operator', 'the store holds an unexpected value in firmware')
}

/** What cannot be read is not known: the charge point tells again. */
function jsonOf(row: Row): unknown {
  try {
    return parseJson(row, 'state')
  } catch {
    return null
  }
}
