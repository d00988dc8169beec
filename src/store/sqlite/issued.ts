import type { SQLInputValue } from 'node:sqlite'
import type { IssuedRecord, Revocation } from '../../pki/authority/issued-index.ts'
import { ProxyError } from '../../policy/error.ts'
import { type RevocationReason, revocationReasons } from '../../policy/revocation-reasons.ts'
import type { IssuedCertificate, IssuedCertificates, IssuedQuery } from '../store.ts'
import type { Database } from './database.ts'
import { integer, integerOrNull, oneOf, type Row, text, textOrNull } from './rows.ts'

const insert = `
  INSERT INTO issued_certificates
    (authority, serial_number, identity, subject, key_fingerprint, certificate_fingerprint,
     not_before, not_after, issued_at)
  VALUES
    (:authority, :serialNumber, :identity, :subject, :keyFingerprint, :certificateFingerprint,
     :notBefore, :notAfter, :issuedAt)
  ON CONFLICT (authority, serial_number) DO NOTHING`

/** Superseded is said by the proxy itself, and says less than what an operator says. */
const revoke = `
  UPDATE issued_certificates SET
    revoked_at = coalesce(revoked_at, :at),
    revocation_reason =
      CASE WHEN revoked_at IS NULL OR revocation_reason = 'superseded' THEN :reason ELSE revocation_reason END
  WHERE certificate_fingerprint = :fingerprint`

const release = `
  UPDATE issued_certificates SET revoked_at = NULL, revocation_reason = NULL
  WHERE certificate_fingerprint = ? AND revoked_at IS NOT NULL`

const revokedSql = `
  SELECT serial_number, revoked_at, revocation_reason FROM issued_certificates
  WHERE authority = ? AND revoked_at IS NOT NULL AND not_after > ? ORDER BY number`

const reasons = Object.keys(revocationReasons) as readonly RevocationReason[]
/** Removed in one transaction. */
const pruneBatch = 5000

export function sqliteIssued(db: Database): IssuedCertificates {
  const byFingerprint = (fingerprint: string): Row | undefined =>
    db.statement('SELECT * FROM issued_certificates WHERE certificate_fingerprint = ?').get(fingerprint)

  return {
    record: (certificate) =>
      db.write('power-loss', () => {
        db.statement(insert).run(toValues(certificate))
        // RFC 5280 4.1.2.2: one number, one certificate.
        if (byFingerprint(certificate.certificateFingerprint) === undefined)
          throw new ProxyError(
            'serial_number_used',
            'operator',
            'the authority has used this serial number already',
          )
      }),

    find: async (authority, serialNumber) =>
      db.read(() => {
        const row = db
          .statement('SELECT * FROM issued_certificates WHERE authority = ? AND serial_number = ?')
          .get(authority, serialNumber)
        return row === undefined ? null : { revocation: revocationOf(row) }
      }),

    revoked: async (authority, now) =>
      db.read(() =>
        db
          .statement(revokedSql)
          .all(authority, now)
          .flatMap((row) => {
            const revocation = revocationOf(row)
            return revocation === null ? [] : [{ serialNumber: text(row, 'serial_number'), ...revocation }]
          }),
      ),

    list: async (query) => db.read(() => listPage(db, query)),

    byFingerprint: async (fingerprint) =>
      db.read(() => {
        const row = byFingerprint(fingerprint)
        return row === undefined ? null : toCertificate(row)
      }),

    revoke: (fingerprint, { at, reason }) =>
      db.write('power-loss', () => Number(db.statement(revoke).run({ fingerprint, at, reason }).changes) > 0),

    release: (fingerprint) =>
      db.write('power-loss', () => Number(db.statement(release).run(fingerprint).changes) > 0),

    prune: async (before) => {
      for (let removed = 0; ; ) {
        const changes = await db.write('process', () =>
          Number(db.statement(pruneSql).run(before, pruneBatch).changes),
        )
        removed += changes
        if (changes < pruneBatch) return removed
      }
    },
  }
}

const pruneSql = `
  DELETE FROM issued_certificates
  WHERE number IN (SELECT number FROM issued_certificates WHERE not_after < ? LIMIT ?)`

/** As SQL, for the plans of the tests, too. */
export function issuedSql(query: IssuedQuery): string {
  const conditions = ['number < :before']
  if (query.identity !== undefined) conditions.push('identity = :identity')
  if (query.revoked !== undefined) conditions.push(`+revoked_at IS ${query.revoked ? 'NOT ' : ''}NULL`)
  if (query.endsBefore !== undefined) conditions.push('+not_after < :endsBefore')
  return `SELECT * FROM issued_certificates WHERE ${conditions.join(' AND ')} ORDER BY number DESC LIMIT :limit`
}

function listPage(db: Database, query: IssuedQuery): IssuedCertificate[] {
  const values: Record<string, SQLInputValue> = {
    before: query.before ?? Number.MAX_SAFE_INTEGER,
    limit: Math.max(0, query.limit),
  }
  if (query.identity !== undefined) values.identity = query.identity
  if (query.endsBefore !== undefined) values.endsBefore = query.endsBefore
  return db.statement(issuedSql(query)).all(values).map(toCertificate)
}

function toValues(record: IssuedRecord): Record<string, SQLInputValue> {
  const { authority, serialNumber, identity, subject, keyFingerprint, certificateFingerprint } = record
  const { notBefore, notAfter, issuedAt } = record
  return {
    ...{ authority, serialNumber, identity, subject, keyFingerprint, certificateFingerprint },
    ...{ notBefore, notAfter, issuedAt },
  }
}

function revocationOf(row: Row): Revocation | null {
  const at = integerOrNull(row, 'revoked_at')
  const reason = oneOf(reasons, textOrNull(row, 'revocation_reason'), 'revocation_reason')
  return at === null ? null : { at, reason: reason ?? 'unspecified' }
}

function toCertificate(row: Row): IssuedCertificate {
  return {
    number: integer(row, 'number'),
    authority: text(row, 'authority'),
    serialNumber: text(row, 'serial_number'),
    identity: text(row, 'identity'),
    subject: text(row, 'subject'),
    keyFingerprint: text(row, 'key_fingerprint'),
    certificateFingerprint: text(row, 'certificate_fingerprint'),
    notBefore: integer(row, 'not_before'),
    notAfter: integer(row, 'not_after'),
    issuedAt: integer(row, 'issued_at'),
    revocation: revocationOf(row),
  }
}
