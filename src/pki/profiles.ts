import type { KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type IssueRequest, issueCertificate } from './issue.ts'
import { generateKey, type KeyPair, type KeySpec } from './keys.ts'
import { backdateMs, dayMs } from './times.ts'

export { backdateMs, dayMs }

/** The certificate profiles of the white paper (A00.FR.507 to 512), for whoever issues. */

/** A certificate with its private key: an authority, a server or a charge point. */
export interface Credentials {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
}

/** What every profile asks for. `keys` may be made already; `overrides` win over the profile. */
export interface ProfileRequest {
  readonly keys: KeyPair | KeySpec
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly days: number
  readonly overrides?: Partial<IssueRequest>
}

/** A self-signed root. */
export async function issueRoot(
  name: string,
  organization: string,
  request: ProfileRequest,
): Promise<Credentials> {
  const subject = [
    ['O', organization],
    ['CN', name],
  ] as const
  return issueAs(null, request, { subject, ca: {}, keyUsage: ['keyCertSign', 'cRLSign'] })
}

/** A subordinate authority that issues to end entities only. */
export async function issueIntermediate(
  issuer: Credentials,
  name: string,
  organization: string,
  request: ProfileRequest,
): Promise<Credentials> {
  const subject = [
    ['O', organization],
    ['CN', name],
  ] as const
  return issueAs(issuer, request, { subject, ca: { pathLength: 0 }, keyUsage: ['keyCertSign', 'cRLSign'] })
}

/** What a certificate says by its profile; dates, key and issuer come to it. */
export type CertificateProfile = Pick<IssueRequest, 'subject' | 'keyUsage' | 'dnsNames' | 'ipAddresses'>

/**
 * A central system's certificate: the CN is the first name (A00.FR.510). The names are alternative
 * names as well, because Node and browsers read nothing else.
 */
export function serverProfile(
  names: readonly string[],
  organization: string,
  key: KeyObject,
): CertificateProfile {
  return {
    subject: [
      ['O', organization],
      ['CN', names[0] ?? 'localhost'],
    ],
    // The TLS_RSA suites of A00.FR.317 encrypt to the key; every other suite signs with it.
    keyUsage:
      key.asymmetricKeyType === 'rsa' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
  }
}

/** A charge point's certificate: the CN is its serial number (A00.FR.405), O its owner (A00.FR.404). */
export function chargePointProfile(serialNumber: string, organization: string): CertificateProfile {
  return {
    subject: [
      ['O', organization],
      ['CN', serialNumber],
    ],
    keyUsage: ['digitalSignature'],
  }
}

/** See `serverProfile`. */
export async function issueServer(
  issuer: Credentials,
  names: readonly string[],
  organization: string,
  request: ProfileRequest,
): Promise<Credentials> {
  const keys = await keysOf(request.keys)
  return issueAs(issuer, { ...request, keys }, serverProfile(names, organization, keys.publicKey))
}

/** See `chargePointProfile`. */
export async function issueChargePoint(
  issuer: Credentials,
  serialNumber: string,
  organization: string,
  request: ProfileRequest,
): Promise<Credentials> {
  return issueAs(issuer, request, chargePointProfile(serialNumber, organization))
}

async function issueAs(
  issuer: Credentials | null,
  request: ProfileRequest,
  profile: Pick<IssueRequest, 'subject'> & Partial<IssueRequest>,
): Promise<Credentials> {
  const keys = await keysOf(request.keys)
  const certificate = await issueCertificate({
    publicKey: keys.publicKey,
    issuer: issuer
      ? { certificate: issuer.certificate, key: issuer.privateKey }
      : { certificate: null, key: keys.privateKey },
    notBefore: request.now - backdateMs,
    notAfter: request.now + request.days * dayMs,
    ...profile,
    ...request.overrides,
  })
  return { certificate, privateKey: keys.privateKey }
}

async function keysOf(keys: KeyPair | KeySpec): Promise<KeyPair> {
  return 'type' in keys ? generateKey(keys) : keys
}
