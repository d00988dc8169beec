import type {
  CertificateKeyRecord,
  ChargePointRecord,
  CredentialChange,
  Onboarding,
} from '../../store/store.ts'
import { fields, table, time } from '../output.ts'

// The command line and the admin API show the same.
export { chargePointView } from '../../admin/charge-point-view.ts'

export function chargePointTable(records: readonly ChargePointRecord[]): string {
  const header = [
    'IDENTITY',
    'SERIAL',
    'PROFILE',
    'UPGRADE',
    'LEGACY',
    'MIGRATING',
    'BLOCKED',
    'ONBOARDING',
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
    yes(record.migrating),
    yes(record.blocked),
    record.onboarding?.state ?? '-',
    record.credentialChange === null ? yes(record.credential !== null) : record.credentialChange.phase,
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
    ['migrating', record.migrating ? 'yes: admitted on profile 0 without authentication' : '-'],
    ['blocked', yes(record.blocked)],
    ['onboarding', onboardingWords(record.onboarding)],
    ['password', passwordWords(record)],
    ['password change', changeWords(record.credentialChange)],
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

const viaWords = {
  certificate: 'by factory certificate',
  password: 'by factory password',
  'expired-certificate': 'by its expired certificate',
} as const satisfies Record<Onboarding['via'], string>

/** A00.FR.806: nothing of it reaches the central system while there is one. */
function onboardingWords(onboarding: Onboarding | null): string {
  if (onboarding === null) return '-'
  const { via, state, since, detail, failures, notBefore, certificate } = onboarding
  const only = certificate === null ? '' : ` ${certificate}`
  const why = detail === null ? '' : `: ${detail}`
  const next = notBefore === null ? '' : `, next try from ${time(notBefore)} on`
  const tries = failures === 0 ? '' : ` (failed ${failures} times${next})`
  return `${state} since ${time(since)}, ${viaWords[via]}${only}${why}${tries}`
}

const originWords = {
  operator: 'the operator',
  campaign: 'a campaign',
  onboarding: 'its onboarding',
  'central-system': 'the central system',
} as const satisfies Record<CredentialChange['origin'], string>

function changeWords(change: CredentialChange | null): string {
  if (change === null) return '-'
  const { phase, origin, startedAt, answeredAt, oldSeenAt } = change
  const answered = answeredAt === null ? '' : `, answered ${time(answeredAt)}`
  const old = oldSeenAt === null ? '' : `, logged in with the old one ${time(oldSeenAt)}`
  return `${phase} since ${time(startedAt)} by ${originWords[origin]}${answered}${old}`
}

function yes(value: boolean): string {
  return value ? 'yes' : '-'
}
