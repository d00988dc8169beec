import { ProxyError } from '../../policy/error.ts'
import type { CertificateKeyRecord, ExpiringKeyQuery, Registry } from '../store.ts'
import type { Database } from './database.ts'
import { integer, type Row, text } from './rows.ts'

/** Which identity a public key serves (A00.FR.427, A00.FR.429). */

/** The first who comes owns the key; its owner refreshes it; for others nothing changes. */
const claim = `
  INSERT INTO certificate_keys
    (key_fingerprint, identity, certificate_fingerprint, subject, not_after, first_seen_at, last_seen_at)
  VALUES (:key, :identity, :certificate, :subject, :notAfter, :now, :now)
  ON CONFLICT (key_fingerprint) DO UPDATE SET
    certificate_fingerprint = excluded.certificate_fingerprint, subject = excluded.subject,
    not_after = excluded.not_after, last_seen_at = excluded.last_seen_at
  WHERE identity = excluded.identity`

/** After a renewal the old key stays bound to its charge point, and its end is nobody's concern any more. */
export const expiringSql = `
  SELECT * FROM certificate_keys AS k
  WHERE (not_after, key_fingerprint) > (:notAfter, :key) AND not_after < :before
    AND NOT EXISTS (
      SELECT 1 FROM certificate_keys AS newer WHERE newer.identity = k.identity
        AND (newer.last_seen_at, newer.key_fingerprint) > (k.last_seen_at, k.key_fingerprint))
  ORDER BY not_after, key_fingerprint LIMIT :limit`

export function sqliteKeys(
  db: Database,
): Pick<Registry, 'claimKey' | 'keyOwner' | 'keysOf' | 'listExpiringKeys'> {
  function ownerOf(keyFingerprint: string): string | null {
    const row = db
      .statement('SELECT identity FROM certificate_keys WHERE key_fingerprint = ?')
      .get(keyFingerprint)
    return row === undefined ? null : text(row, 'identity')
  }

  return {
    claimKey: async (identity, key, now) => {
      // A new binding must outlive a loss of power; that it was seen again need not.
      const isNew = db.read(() => ownerOf(key.keyFingerprint)) === null
      return db.write(isNew ? 'power-loss' : 'process', () => {
        db.statement(claim).run({
          key: key.keyFingerprint,
          identity,
          certificate: key.certificateFingerprint,
          subject: key.subject,
          notAfter: key.notAfter,
          now,
        })
        const owner = ownerOf(key.keyFingerprint)
        if (owner === null) throw new ProxyError('store_corrupt', 'operator', 'a claimed key was not kept')
        return owner
      })
    },

    keyOwner: async (keyFingerprint) => db.read(() => ownerOf(keyFingerprint)),

    keysOf: async (identity) =>
      db.read(() =>
        db
          .statement(
            'SELECT * FROM certificate_keys WHERE identity = ? ORDER BY last_seen_at DESC, key_fingerprint',
          )
          .all(identity)
          .map(toKey),
      ),

    listExpiringKeys: async ({ before, after, limit }: ExpiringKeyQuery) =>
      db.read(() =>
        db
          .statement(expiringSql)
          .all({
            before,
            limit,
            notAfter: after?.notAfter ?? Number.MIN_SAFE_INTEGER,
            key: after?.keyFingerprint ?? '',
          })
          .map(toKey),
      ),
  }
}

function toKey(row: Row): CertificateKeyRecord {
  return {
    keyFingerprint: text(row, 'key_fingerprint'),
    identity: text(row, 'identity'),
    certificateFingerprint: text(row, 'certificate_fingerprint'),
    subject: text(row, 'subject'),
    notAfter: integer(row, 'not_after'),
    firstSeenAt: integer(row, 'first_seen_at'),
    lastSeenAt: integer(row, 'last_seen_at'),
  }
}
