import type { CertificateKeyRecord, ChargePointRecord } from '../../store/store.ts'
import { fields, table, time } from '../output.ts'

/** A charge point as operators see it: that there is a password, never its hash (A01.FR.09). */
export function chargePointView({ credential, upstreamSecret, ...record }: ChargePointRecord) {
  return {
    ...record,
    createdAt: time(record.createdAt),
    updatedAt: time(record.updatedAt),
    lastSeenAt: record.lastSeenAt === null ? null : time(record.lastSeenAt),
    password: credential?.scheme ?? null,
    upstreamPassword: upstreamSecret !== null,
  }
}

export function chargePointTable(records: readonly ChargePointRecord[]): string {
  const header = [
    'IDENTITY',
    'SERIAL',
    'PROFILE',
    'UPGRADE',
    'LEGACY',
    'BLOCKED',
    'PASSWORD',
    'LAST SEEN',
    'TLS',
  ]
  const rows = records.map((record) => [
    record.identity,
    record.serialNumber ?? '-',
    String(record.securityProfile ?? '-'),
    String(record.upgradeTo ?? '-'),
    yes(record.legacyTls),
    yes(record.blocked),
    yes(record.credential !== null),
    time(record.lastSeenAt),
    record.lastTls ?? '-',
  ])
  return table(header, rows)
}

export function chargePointDetails(record: ChargePointRecord): string {
  return fields([
    ['identity', record.identity],
    ['serial number', record.serialNumber ?? '-'],
    ['security profile', record.securityProfile === null ? 'not seen yet' : String(record.securityProfile)],
    ['upgrade to', String(record.upgradeTo ?? '-')],
    ['legacy TLS', yes(record.legacyTls)],
    ['blocked', yes(record.blocked)],
    ['password', passwordWords(record)],
    ['upstream password', yes(record.upstreamSecret !== null)],
    ['learned', yes(record.learned)],
    ['added', time(record.createdAt)],
    ['changed', time(record.updatedAt)],
    [
      'last seen',
      `${time(record.lastSeenAt, 'never')}${record.lastAddress === null ? '' : ` from ${record.lastAddress}`}`,
    ],
    ['last TLS', record.lastTls ?? '-'],
    [
      'mandatory suites',
      record.offersMandatorySuites === null ? 'not seen yet' : yes(record.offersMandatorySuites),
    ],
  ])
}

export function keyView(key: CertificateKeyRecord) {
  return {
    ...key,
    notAfter: time(key.notAfter),
    firstSeenAt: time(key.firstSeenAt),
    lastSeenAt: time(key.lastSeenAt),
  }
}

export function keyTable(keys: readonly CertificateKeyRecord[]): string {
  const rows = keys.map((key) => [key.keyFingerprint, key.subject, time(key.notAfter), time(key.lastSeenAt)])
  return table(['KEY (SHA-256)', 'SUBJECT', 'VALID UNTIL', 'LAST SEEN'], rows)
}

function passwordWords({ credential, passwordForm }: ChargePointRecord): string {
  if (credential === null) return 'none'
  const kind = credential.scheme === 'scrypt' ? 'set (text)' : 'set (random key)'
  return passwordForm === null ? kind : `${kind}, last sent as ${passwordForm}`
}

function yes(value: boolean): string {
  return value ? 'yes' : '-'
}
