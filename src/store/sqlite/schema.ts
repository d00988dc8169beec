/**
 * The tables, as steps from one `user_version` to the next. A step that was released is never
 * changed; a new one is added at the end.
 */

/** "OCPP": tells our file from another program's (SQLite, PRAGMA application_id). */
export const applicationId = 0x4f435050

export const migrations: readonly string[] = [
  `
  CREATE TABLE charge_points (
    identity TEXT PRIMARY KEY,
    serial_number TEXT,
    security_profile INTEGER CHECK (security_profile BETWEEN 0 AND 3),
    upgrade_to INTEGER CHECK (upgrade_to BETWEEN 0 AND 3),
    legacy_tls INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    credential TEXT,
    password_form TEXT,
    upstream_secret TEXT,
    learned INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    last_address TEXT,
    last_tls TEXT,
    offers_mandatory_suites INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX charge_points_serial_number
    ON charge_points (serial_number) WHERE serial_number IS NOT NULL;

  CREATE TABLE certificate_keys (
    key_fingerprint TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    certificate_fingerprint TEXT NOT NULL,
    subject TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX certificate_keys_identity ON certificate_keys (identity);

  -- AUTOINCREMENT: an id is never given twice, so a cursor stays right when old records go.
  CREATE TABLE rejections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    stage TEXT NOT NULL,
    mode TEXT NOT NULL,
    event TEXT,
    listener TEXT NOT NULL,
    profile INTEGER NOT NULL,
    address TEXT NOT NULL,
    port INTEGER NOT NULL,
    identity TEXT,
    detail TEXT NOT NULL,
    facts TEXT NOT NULL
  ) STRICT;
  CREATE INDEX rejections_at ON rejections (at, reason, mode);
  CREATE INDEX rejections_identity ON rejections (identity) WHERE identity IS NOT NULL;
  CREATE INDEX rejections_address ON rejections (address);
  CREATE INDEX rejections_reason ON rejections (reason);
  `,
]
