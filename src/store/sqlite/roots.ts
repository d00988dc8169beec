import { rootCertificateTypes } from '../../policy/root-certificate.ts'
import { unknownChargePoint } from '../charge-point-record.ts'
import { parseInstalledRoots } from '../root-inventory.ts'
import { maxKnownRoots, type RootInventory, type RootStore } from '../roots.ts'
import type { Database } from './database.ts'
import { integer, parseJson, type Row, text } from './rows.ts'

const replace = `
  INSERT INTO root_inventories (identity, certificate_type, reported_at, roots)
  VALUES (:identity, :type, :reportedAt, :roots)
  ON CONFLICT (identity, certificate_type) DO UPDATE SET
    reported_at = excluded.reported_at, roots = excluded.roots`

const addKnown = `
  INSERT INTO known_roots (fingerprint, pem, subject, not_after, used_at)
  VALUES (:fingerprint, :pem, :subject, :notAfter, :usedAt)
  ON CONFLICT (fingerprint) DO UPDATE SET used_at = max(used_at, excluded.used_at)`

const trim = `
  DELETE FROM known_roots WHERE fingerprint NOT IN
    (SELECT fingerprint FROM known_roots ORDER BY used_at DESC, fingerprint LIMIT ${maxKnownRoots})`

/** Roots of charge points: what they told of, and the certificates that operators gave. */
export function sqliteRoots(db: Database): RootStore {
  return {
    inventory: async (identity) =>
      db.read(() =>
        db
          .statement('SELECT * FROM root_inventories WHERE identity = ? ORDER BY certificate_type')
          .all(identity)
          .flatMap((row) => toInventory(row) ?? []),
      ),

    replaceInventory: (identity, { certificateType, reportedAt, roots }) =>
      db.write('power-loss', () => {
        const known = db.statement('SELECT 1 FROM charge_points WHERE identity = ?').get(identity)
        // Removed meanwhile: what is kept of nobody would be kept for ever.
        if (known === undefined) throw unknownChargePoint(identity)
        db.statement(replace).run({
          identity,
          type: certificateType,
          reportedAt,
          roots: JSON.stringify(roots),
        })
      }),

    addKnown: ({ fingerprint, pem, subject, notAfter, usedAt }) =>
      db.write('power-loss', () => {
        db.statement(addKnown).run({ fingerprint, pem, subject, notAfter, usedAt })
        db.statement(trim).run()
      }),

    known: async () =>
      db.read(() =>
        db
          .statement('SELECT * FROM known_roots ORDER BY used_at DESC, fingerprint')
          .all()
          .map((row) => ({
            fingerprint: text(row, 'fingerprint'),
            pem: text(row, 'pem'),
            subject: text(row, 'subject'),
            notAfter: integer(row, 'not_after'),
            usedAt: integer(row, 'used_at'),
          })),
      ),
  }
}

/** null: it cannot be read. Then it is not known, and the charge point can be asked again. */
function toInventory(row: Row): RootInventory | null {
  const certificateType = rootCertificateTypes.find((known) => known === row['certificate_type'])
  const roots = parseInstalledRoots(listOf(row))
  if (certificateType === undefined || roots === null) return null
  return { certificateType, reportedAt: integer(row, 'reported_at'), roots }
}

function listOf(row: Row): unknown {
  try {
    return parseJson(row, 'roots')
  } catch {
    return null
  }
}
