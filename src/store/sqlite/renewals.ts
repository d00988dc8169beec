import type { SQLInputValue } from 'node:sqlite'
import { type RenewalPhase, renewalOrigins, renewalPhases } from '../../policy/certificate-renewal.ts'
import { ProxyError } from '../../policy/error.ts'
import { cutText } from '../../policy/security-event-types.ts'
import type { NewRenewal, RenewalPatch, RenewalQuery, RenewalRecord, Renewals } from '../store.ts'
import type { Database } from './database.ts'
import { isUniqueViolation } from './errors.ts'
import { integer, integerOrNull, oneOf, type Row, text, textOrNull } from './rows.ts'

/** In UTF-16 units. */
const maxDetail = 500

/** A clock that stands or goes back must not give two renewals the same beginning. */
const begin = `
  INSERT INTO certificate_renewals
    (identity, started_at, updated_at, origin, phase, csr, key_fingerprint, key_type, organization, serial_number,
     previous_fingerprint, max_chain_size, certificate_type, attempts, deliveries)
  VALUES
    (:identity, :now, :now, :origin, 'pending', :csr, :keyFingerprint, :keyType, :organization, :serialNumber,
     :previousFingerprint, :maxChainSize, :certificateType, 0, 0)
  ON CONFLICT (identity) DO UPDATE SET
    started_at = max(started_at + 1, excluded.started_at), updated_at = excluded.updated_at,
    origin = excluded.origin, phase = 'pending', csr = excluded.csr, key_fingerprint = excluded.key_fingerprint,
    key_type = excluded.key_type, organization = excluded.organization, serial_number = excluded.serial_number,
    previous_fingerprint = excluded.previous_fingerprint, max_chain_size = excluded.max_chain_size,
    certificate_type = excluded.certificate_type,
    chain = NULL, certificate_fingerprint = NULL, not_after = NULL, attempts = 0, deliveries = 0,
    next_attempt_at = NULL, detail = NULL`

const columns: Readonly<Record<keyof RenewalPatch, string>> = {
  phase: 'phase',
  certificateType: 'certificate_type',
  chain: 'chain',
  certificateFingerprint: 'certificate_fingerprint',
  notAfter: 'not_after',
  attempts: 'attempts',
  deliveries: 'deliveries',
  nextAttemptAt: 'next_attempt_at',
  detail: 'detail',
}

const keyTypes = ['rsa', 'ec'] as const
const certificateTypes = ['ChargingStationCertificate'] as const

/** A renewal is what a restart goes on with: all of it outlives a loss of power. */
export function sqliteRenewals(db: Database): Renewals {
  const find = (identity: string): RenewalRecord | null => {
    const row = db.statement('SELECT * FROM certificate_renewals WHERE identity = ?').get(identity)
    return row === undefined ? null : toRenewal(row)
  }

  function insert(renewal: NewRenewal, now: number): RenewalRecord {
    const { identity, origin, csr, keyFingerprint, keyType, organization, serialNumber } = renewal
    const { previousFingerprint, maxChainSize, certificateType } = renewal
    try {
      db.statement(begin).run({
        ...{ identity, origin, csr, keyFingerprint, keyType, organization, serialNumber, now },
        ...{ previousFingerprint, maxChainSize, certificateType },
      })
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      throw new ProxyError('key_taken', 'charge-point', 'the key is in the request of another charge point')
    }
    return find(identity) ?? lost()
  }

  function update(identity: string, startedAt: number, patch: RenewalPatch, now: number): boolean {
    const keys = (Object.keys(columns) as (keyof RenewalPatch)[]).filter((key) => patch[key] !== undefined)
    const values: Record<string, SQLInputValue> = { identity, startedAt, now }
    for (const key of keys) values[key] = patch[key] ?? null
    if (typeof patch.detail === 'string') values.detail = cutText(patch.detail, maxDetail)
    const sets = ['updated_at = :now', ...keys.map((key) => `${columns[key]} = :${key}`)]
    const sql = `UPDATE certificate_renewals SET ${sets.join(', ')} WHERE identity = :identity AND started_at = :startedAt`
    return Number(db.statement(sql).run(values).changes) > 0
  }

  return {
    get: async (identity) => db.read(() => find(identity)),
    begin: (renewal, now) => db.write('power-loss', () => insert(renewal, now)),
    step: (identity, startedAt, patch, now) =>
      db.write('power-loss', () => (update(identity, startedAt, patch, now) ? find(identity) : null)),
    list: async (query) => db.read(() => listPage(db, query)),
    counts: async () => db.read(() => countsOf(db)),
    keyOwner: async (keyFingerprint) =>
      db.read(() => {
        const sql = 'SELECT identity FROM certificate_renewals WHERE key_fingerprint = ?'
        const row = db.statement(sql).get(keyFingerprint)
        return row === undefined ? null : text(row, 'identity')
      }),
    prune: (before) => db.write('process', () => Number(db.statement(pruneSql).run(before).changes)),
  }
}

const pruneSql = `
  DELETE FROM certificate_renewals WHERE phase IN ('seen', 'refused', 'failed') AND updated_at < ?`

/** As SQL, for the plans of the tests, too. */
export function renewalsSql({ phase }: RenewalQuery): string {
  const where = phase === undefined ? '' : ' AND phase = :phase'
  return `SELECT * FROM certificate_renewals WHERE identity > :after${where} ORDER BY identity LIMIT :limit`
}

function listPage(db: Database, query: RenewalQuery): RenewalRecord[] {
  const { phase, after = '', limit } = query
  const values = { after, limit: Math.max(0, limit), ...(phase === undefined ? {} : { phase }) }
  return db.statement(renewalsSql(query)).all(values).map(toRenewal)
}

function countsOf(db: Database): Record<RenewalPhase, number> {
  const counts = Object.fromEntries(renewalPhases.map((phase) => [phase, 0])) as Record<RenewalPhase, number>
  const sql = 'SELECT phase, count(*) AS total FROM certificate_renewals GROUP BY phase'
  for (const row of db.statement(sql).all()) {
    const phase = oneOf(renewalPhases, text(row, 'phase'), 'phase')
    if (phase !== null) counts[phase] = integer(row, 'total')
  }
  return counts
}

function toRenewal(row: Row): RenewalRecord {
  return {
    identity: text(row, 'identity'),
    startedAt: integer(row, 'started_at'),
    updatedAt: integer(row, 'updated_at'),
    origin: oneOf(renewalOrigins, text(row, 'origin'), 'origin') ?? lost(),
    phase: oneOf(renewalPhases, text(row, 'phase'), 'phase') ?? lost(),
    csr: text(row, 'csr'),
    keyFingerprint: text(row, 'key_fingerprint'),
    keyType: oneOf(keyTypes, text(row, 'key_type'), 'key_type') ?? lost(),
    organization: text(row, 'organization'),
    serialNumber: text(row, 'serial_number'),
    previousFingerprint: textOrNull(row, 'previous_fingerprint'),
    maxChainSize: integerOrNull(row, 'max_chain_size'),
    certificateType: oneOf(certificateTypes, textOrNull(row, 'certificate_type'), 'certificate_type'),
    chain: textOrNull(row, 'chain'),
    certificateFingerprint: textOrNull(row, 'certificate_fingerprint'),
    notAfter: integerOrNull(row, 'not_after'),
    attempts: integer(row, 'attempts'),
    deliveries: integer(row, 'deliveries'),
    nextAttemptAt: integerOrNull(row, 'next_attempt_at'),
    detail: textOrNull(row, 'detail'),
  }
}

function lost(): never {
  throw new ProxyError('store_corrupt', 'operator', 'a renewal of a certificate was not kept')
}
