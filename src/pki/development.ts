import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { ProxyError } from '../policy/error.ts'
import { certificateFacts } from './certificate.ts'
import { bundle, type Entry, entries } from './development-set.ts'
import { readIfPresent, writeAtomically } from './files.ts'
import { privateKeyPem } from './keys.ts'
import { type Credentials, dayMs, issueChargePoint, issueRoot, issueServer } from './profiles.ts'

const manufacturer = 'Example Manufacturer'

/**
 * The development PKI: what `npm start` and the demo need, made in one call and kept in a folder.
 * The RSA and the ECDSA half have a root each, because a charge point that knows RSA only cannot
 * verify an ECDSA signature of its root (A00.FR.317, 318).
 */
export interface DevelopmentRequest {
  readonly directory: string
  /** Names and addresses of the proxy; the first becomes the CN (A00.FR.510). */
  readonly names: readonly string[]
  /** O of everything but the factory's certificates (A00.FR.404, 509). */
  readonly organization: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Makes everything anew, valid or not. */
  readonly force?: boolean
}

export interface DevelopmentFile {
  readonly file: string
  readonly action: 'kept' | 'created' | 'renewed' | 'repaired'
  readonly subject: string
  /** Milliseconds since the epoch. */
  readonly notAfter: number
}

/**
 * Makes or completes the development PKI in `directory`: what is valid is kept, what expired is
 * renewed, what is missing, unreadable or does not fit together is repaired. Returns what was done,
 * in the order of issuing. Throws ProxyError `development_pki_names`, errors of issuing and of the
 * file system.
 */
export async function initDevelopmentPki(request: DevelopmentRequest): Promise<readonly DevelopmentFile[]> {
  if (request.names.length === 0 || request.names.includes('')) {
    throw new ProxyError(
      'development_pki_names',
      'operator',
      'at least one name is needed, and none may be empty',
    )
  }
  await mkdir(request.directory, { recursive: true })
  const made = new Map<string, Credentials>()
  const files: DevelopmentFile[] = []
  for (const entry of entries) {
    const issuer = entry.issuer === null ? null : (made.get(entry.issuer) ?? null)
    const { credentials, action } = await ensure(entry, issuer, request)
    made.set(entry.name, credentials)
    files.push(describe(`${entry.name}.pem`, action, credentials))
  }
  await ensureBundle(request, made)
  return files
}

async function ensure(
  entry: Entry,
  issuer: Credentials | null,
  request: DevelopmentRequest,
): Promise<{ credentials: Credentials; action: DevelopmentFile['action'] }> {
  const path = join(request.directory, entry.name)
  const [certificate, key] = await Promise.all([readIfPresent(`${path}.pem`), readIfPresent(`${path}.key`)])
  const found = parse(certificate, key)
  const whole = found !== null && fits(found, entry, issuer, request)
  if (whole && request.force !== true && isCurrent(found, request.now))
    return { credentials: found, action: 'kept' }
  const credentials = await make(entry, issuer, request)
  // The key first: a certificate without its key looks complete to whoever comes next, the other way round does not.
  await writeAtomically(`${path}.key`, privateKeyPem(credentials.privateKey), 0o600)
  await writeAtomically(`${path}.pem`, credentials.certificate.toString(), 0o644)
  if (certificate === null && key === null) return { credentials, action: 'created' }
  return { credentials, action: whole || request.force === true ? 'renewed' : 'repaired' }
}

function parse(certificate: string | null, key: string | null): Credentials | null {
  if (certificate === null || key === null) return null
  try {
    const found = { certificate: new X509Certificate(certificate), privateKey: createPrivateKey(key) }
    return found.certificate.checkPrivateKey(found.privateKey) ? found : null
  } catch {
    return null
  }
}

/** Is this what would be made now, dates and key apart? */
function fits(
  found: Credentials,
  entry: Entry,
  issuer: Credentials | null,
  request: DevelopmentRequest,
): boolean {
  const { certificate } = found
  const signer = (issuer ?? found).certificate
  if (!certificate.checkIssued(signer) || !certificate.verify(signer.publicKey)) return false
  const facts = certificateFacts(certificate)
  if (facts.organizationNames[0] !== organizationOf(entry, request)) return false
  if (facts.commonNames[0] !== (entry.role === 'server' ? request.names[0] : entry.commonName)) return false
  return entry.role !== 'server' || sameNames(certificate, request.names)
}

function sameNames(certificate: X509Certificate, names: readonly string[]): boolean {
  const count = (certificate.subjectAltName ?? '').split(', ').length
  const covers = (name: string): boolean =>
    (isIP(name) === 0 ? certificate.checkHost(name, { subject: 'never' }) : certificate.checkIP(name)) !==
    undefined
  return count === names.length && names.every(covers)
}

function isCurrent({ certificate }: Credentials, now: number): boolean {
  return certificate.validFromDate.getTime() <= now && now < certificate.validToDate.getTime()
}

async function make(
  entry: Entry,
  issuer: Credentials | null,
  request: DevelopmentRequest,
): Promise<Credentials> {
  const organization = organizationOf(entry, request)
  const profile = { keys: entry.key, now: request.now, days: entry.days }
  if (issuer === null) return issueRoot(entry.commonName, organization, profile)
  // Nothing outlives its issuer, or the path would break before the certificate says so.
  const last = issuer.certificate.validToDate.getTime()
  const days = Math.min(entry.days, (last - request.now) / dayMs)
  if (entry.role === 'server') return issueServer(issuer, request.names, organization, { ...profile, days })
  return issueChargePoint(issuer, entry.commonName, organization, { ...profile, days })
}

function organizationOf(entry: Entry, request: DevelopmentRequest): string {
  return entry.factory === true ? manufacturer : request.organization
}

async function ensureBundle(
  request: DevelopmentRequest,
  made: ReadonlyMap<string, Credentials>,
): Promise<void> {
  const path = join(request.directory, bundle.name)
  const text = bundle.of.map((name) => made.get(name)?.certificate.toString() ?? '').join('')
  if ((await readIfPresent(path)) !== text) await writeAtomically(path, text, 0o644)
}

function describe(
  file: string,
  action: DevelopmentFile['action'],
  { certificate }: Credentials,
): DevelopmentFile {
  const { subject, notAfter } = certificateFacts(certificate)
  return { file, action, subject, notAfter }
}
