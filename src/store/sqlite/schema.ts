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
  `
  ALTER TABLE charge_points ADD COLUMN migrating INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE charge_points ADD COLUMN credential_change TEXT;
  -- When the last change began; it stays when that has ended, so that no other begins at the same time.
  ALTER TABLE charge_points ADD COLUMN credential_change_at INTEGER;
  CREATE INDEX charge_points_credential_change
    ON charge_points (credential_change_at, identity) WHERE credential_change IS NOT NULL;

  -- Refusals of strangers are one row a minute; others have no minute.
  ALTER TABLE rejections ADD COLUMN count INTEGER NOT NULL DEFAULT 1 CHECK (count > 0);
  ALTER TABLE rejections ADD COLUMN minute INTEGER;
  CREATE UNIQUE INDEX rejections_minute
    ON rejections (minute, address, listener, reason, mode, detail) WHERE minute IS NOT NULL;

  -- Bytes are counted, because length() of a text ends at its first NUL. Callers cut to less.
  CREATE TABLE security_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('charge-point', 'proxy')),
    type TEXT NOT NULL CHECK (length(CAST(type AS BLOB)) <= 200),
    identity TEXT CHECK (length(CAST(identity AS BLOB)) <= 1024),
    timestamp TEXT NOT NULL CHECK (length(CAST(timestamp AS BLOB)) <= 200),
    tech_info TEXT CHECK (length(CAST(tech_info AS BLOB)) <= 1024),
    reason TEXT CHECK (length(reason) <= 100),
    listener TEXT CHECK (length(CAST(listener AS BLOB)) <= 1024),
    address TEXT CHECK (length(CAST(address AS BLOB)) <= 200),
    -- SHA-256 over what makes a repetition of a charge point the same event; those of the proxy have none.
    repetition BLOB CHECK (length(repetition) = 32),
    CHECK ((repetition IS NULL) = (origin = 'proxy'))
  ) STRICT;
  CREATE UNIQUE INDEX security_events_repetition
    ON security_events (repetition) WHERE repetition IS NOT NULL;
  CREATE INDEX security_events_at ON security_events (at);
  CREATE INDEX security_events_identity ON security_events (identity) WHERE identity IS NOT NULL;
  CREATE INDEX security_events_type ON security_events (type);
  CREATE INDEX security_events_origin ON security_events (origin);

  CREATE TABLE event_cursors (
    reader TEXT PRIMARY KEY CHECK (length(CAST(reader AS BLOB)) BETWEEN 1 AND 1024),
    id INTEGER NOT NULL CHECK (id >= 0)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE campaigns (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE CHECK (length(CAST(id AS BLOB)) BETWEEN 1 AND 200),
    kind TEXT NOT NULL,
    to_profile INTEGER CHECK (to_profile BETWEEN 0 AND 3),
    settings TEXT NOT NULL,
    state TEXT NOT NULL,
    state_detail TEXT CHECK (length(CAST(state_detail AS BLOB)) <= 4096),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    finished_at INTEGER
  ) STRICT;

  CREATE TABLE campaign_items (
    campaign INTEGER NOT NULL,
    position INTEGER NOT NULL,
    identity TEXT NOT NULL CHECK (length(CAST(identity AS BLOB)) <= 1024),
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    detail TEXT CHECK (length(CAST(detail AS BLOB)) <= 4096),
    code TEXT CHECK (length(CAST(code AS BLOB)) <= 400),
    not_before INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (campaign, position)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX campaign_items_identity ON campaign_items (campaign, identity);
  CREATE INDEX campaign_items_state ON campaign_items (campaign, state, position, not_before);
  `,
  `
  CREATE TABLE denied_certificates (
    key TEXT PRIMARY KEY CHECK (length(CAST(key AS BLOB)) BETWEEN 1 AND 400),
    fingerprint TEXT CHECK (length(CAST(fingerprint AS BLOB)) = 64),
    serial_number TEXT CHECK (length(CAST(serial_number AS BLOB)) BETWEEN 1 AND 128),
    issuer TEXT CHECK (length(CAST(issuer AS BLOB)) <= 4000),
    note TEXT NOT NULL CHECK (length(CAST(note AS BLOB)) <= 2000),
    by TEXT NOT NULL,
    identity TEXT CHECK (length(CAST(identity AS BLOB)) <= 1024),
    at INTEGER NOT NULL,
    expires_at INTEGER,
    CHECK ((fingerprint IS NULL) <> (serial_number IS NULL))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX denied_certificates_expires_at
    ON denied_certificates (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX denied_certificates_identity
    ON denied_certificates (identity, key) WHERE identity IS NOT NULL;
  CREATE TABLE deny_revision (value INTEGER NOT NULL) STRICT;
  INSERT INTO deny_revision VALUES (0);

  CREATE TABLE ocsp_answers (
    key TEXT PRIMARY KEY CHECK (length(CAST(key AS BLOB)) BETWEEN 1 AND 200),
    answer BLOB NOT NULL CHECK (length(answer) <= 65536),
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ocsp_answers_until ON ocsp_answers (until);
  `,
  `
  -- What ends next; and of a charge point, the key that it was seen with last.
  CREATE INDEX certificate_keys_not_after ON certificate_keys (not_after, key_fingerprint);
  CREATE INDEX certificate_keys_seen ON certificate_keys (identity, last_seen_at, key_fingerprint);
  DROP INDEX certificate_keys_identity;
  `,
  `
  -- What was issued to charge points; those of the local authority make CRL and OCSP.
  CREATE TABLE issued_certificates (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    authority TEXT NOT NULL CHECK (length(CAST(authority AS BLOB)) <= 64),
    serial_number TEXT NOT NULL CHECK (length(CAST(serial_number AS BLOB)) <= 128),
    identity TEXT NOT NULL CHECK (length(CAST(identity AS BLOB)) <= 1024),
    subject TEXT NOT NULL CHECK (length(CAST(subject AS BLOB)) <= 4000),
    key_fingerprint TEXT NOT NULL,
    certificate_fingerprint TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revocation_reason TEXT,
    CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL))
  ) STRICT;
  CREATE UNIQUE INDEX issued_certificates_serial ON issued_certificates (authority, serial_number);
  CREATE UNIQUE INDEX issued_certificates_fingerprint ON issued_certificates (certificate_fingerprint);
  CREATE INDEX issued_certificates_identity ON issued_certificates (identity);
  CREATE INDEX issued_certificates_not_after ON issued_certificates (not_after);
  CREATE INDEX issued_certificates_revoked
    ON issued_certificates (authority, not_after) WHERE revoked_at IS NOT NULL;

  CREATE TABLE certificate_renewals (
    identity TEXT PRIMARY KEY CHECK (length(CAST(identity AS BLOB)) <= 1024),
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    origin TEXT NOT NULL,
    phase TEXT NOT NULL,
    csr TEXT NOT NULL CHECK (length(CAST(csr AS BLOB)) <= 22000),
    key_fingerprint TEXT NOT NULL,
    key_type TEXT NOT NULL,
    organization TEXT NOT NULL CHECK (length(CAST(organization AS BLOB)) <= 1024),
    serial_number TEXT NOT NULL CHECK (length(CAST(serial_number AS BLOB)) <= 1024),
    previous_fingerprint TEXT,
    max_chain_size INTEGER,
    chain TEXT CHECK (length(CAST(chain AS BLOB)) <= 65536),
    certificate_fingerprint TEXT,
    not_after INTEGER,
    attempts INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    next_attempt_at INTEGER,
    detail TEXT CHECK (length(CAST(detail AS BLOB)) <= 2000)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX certificate_renewals_key ON certificate_renewals (key_fingerprint);
  CREATE INDEX certificate_renewals_phase ON certificate_renewals (phase, identity);
  CREATE INDEX certificate_renewals_updated_at ON certificate_renewals (phase, updated_at);
  `,
  `
  -- JSON, and its state once more for lists.
  ALTER TABLE charge_points ADD COLUMN onboarding TEXT;
  ALTER TABLE charge_points ADD COLUMN onboarding_state TEXT
    CHECK ((onboarding_state IS NULL) = (onboarding IS NULL));
  CREATE INDEX charge_points_onboarding
    ON charge_points (identity, onboarding_state) WHERE onboarding_state IS NOT NULL;
  `,
  `
  -- What charge points told of their root certificates (M03): one list per type, as JSON.
  CREATE TABLE root_inventories (
    identity TEXT NOT NULL,
    certificate_type TEXT NOT NULL,
    reported_at INTEGER NOT NULL,
    roots TEXT NOT NULL CHECK (length(CAST(roots AS BLOB)) <= 1048576),
    PRIMARY KEY (identity, certificate_type)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE known_roots (
    fingerprint TEXT PRIMARY KEY CHECK (length(fingerprint) = 64),
    pem TEXT NOT NULL CHECK (length(CAST(pem AS BLOB)) <= 65536),
    subject TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE charge_points ADD COLUMN upgrade_opened TEXT;
  `,
  `
  -- Images that may be handed on (L01), and how the updates of charge points stand; both as JSON.
  CREATE TABLE firmware (
    name TEXT PRIMARY KEY CHECK (length(name) <= 64),
    entry TEXT NOT NULL CHECK (length(CAST(entry AS BLOB)) <= 131072)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE firmware_updates (
    identity TEXT PRIMARY KEY CHECK (length(CAST(identity AS BLOB)) <= 1024),
    state TEXT NOT NULL CHECK (length(CAST(state AS BLOB)) <= 8192)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE certificate_renewals ADD COLUMN certificate_type TEXT;
  `,
]
