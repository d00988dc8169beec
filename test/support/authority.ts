import { createPublicKey, X509Certificate } from 'node:crypto'
import type { IssueRequest, KeyUsage, SignatureHash, SubjectAttribute } from '../../src/pki/issue.ts'
import { generateKey, type KeyPair, type KeySpec, privateKeyPem } from '../../src/pki/keys.ts'
import {
  type Credentials,
  dayMs,
  issueChargePoint,
  issueIntermediate,
  issueRoot,
  issueServer,
  type ProfileRequest,
} from '../../src/pki/profiles.ts'
import { withSerialNumber } from '../../src/pki/wrong-certificates.ts'
import { secret } from './secrets.ts'

/**
 * An in-memory PKI for tests. RSA keys are slow to make and are shared within a process where that
 * cannot matter; EC keys are always new.
 */

/** What a test hands to node:tls: PEM strings. `chain` is the leaf and its intermediates, without the root. */
export interface Issued {
  readonly certificate: string
  readonly key: string
  readonly chain: string
  readonly x509: X509Certificate
  readonly credentials: Credentials
}

export type KeyChoice = 'ecdsa' | 'rsa' | KeySpec | KeyPair

export interface ChargePointOptions {
  /** Serial number, or several CNs. Default SN-0001. */
  readonly cn?: string | readonly string[]
  /** Default Example CPO. */
  readonly o?: string | readonly string[]
  readonly key?: KeyChoice
  /** RSA modulus; the same as key: { type: 'rsa', bits }. */
  readonly bits?: number
  readonly days?: number
  readonly notBefore?: number
  readonly notAfter?: number
  /** Dotted OIDs; clientAuth is 1.3.6.1.5.5.7.3.2, serverAuth 1.3.6.1.5.5.7.3.1. */
  readonly eku?: readonly string[]
  /** null: no key usage extension. */
  readonly ku?: readonly KeyUsage[] | null
  /** Hexadecimal; a number makes a one-byte serial number, zero and negative ones too (not under a PSS issuer). */
  readonly serial?: string | number
  readonly signatureHash?: SignatureHash
  readonly rsaPadding?: 'pkcs1' | 'pss'
  readonly subject?: readonly SubjectAttribute[]
  readonly overrides?: Partial<IssueRequest>
}

export interface AuthorityOptions {
  readonly name?: string
  readonly o?: string
  readonly key?: KeyChoice
  readonly days?: number
  readonly notBefore?: number
  readonly notAfter?: number
  readonly overrides?: Partial<IssueRequest>
}

export interface Authority {
  /** The authority's certificate and key as PEM. */
  readonly certificate: string
  readonly key: string
  readonly x509: X509Certificate
  readonly credentials: Credentials
  server(kind?: 'rsa' | 'ecdsa', names?: readonly string[], options?: AuthorityOptions): Promise<Issued>
  chargePoint(options?: ChargePointOptions): Promise<Issued>
  intermediate(options?: AuthorityOptions): Promise<Authority>
}

export const defaultOrganization = 'Example CPO'
export const defaultSerialNumber = 'SN-0001'

/** A root of its own. `shared` ones may be had from `sharedAuthority`. */
export async function makeAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  const request = await requestOf(options, 3650, `root ${options.name}`)
  const root = await issueRoot(options.name ?? 'Example CPO root', options.o ?? defaultOrganization, request)
  return authorityOf(root, [])
}

const shared = new Map<string, Promise<Authority>>()

/** One root per name and kind in this process: for tests that only need some authority. */
export function sharedAuthority(
  kind: 'ecdsa' | 'rsa' = 'ecdsa',
  name = 'Example CPO root',
): Promise<Authority> {
  const id = `${kind} ${name}`
  const known = shared.get(id) ?? makeAuthority({ name, key: kind })
  shared.set(id, known)
  return known
}

function authorityOf(self: Credentials, above: readonly string[]): Authority {
  const issue = (leaf: Credentials): Issued => issuedOf(leaf, above)
  return {
    certificate: self.certificate.toString(),
    key: secret('private key', privateKeyPem(self.privateKey)),
    x509: self.certificate,
    credentials: self,
    async server(kind = 'ecdsa', names = ['localhost', '127.0.0.1'], options = {}) {
      const request = await requestOf({ key: kind, ...options }, 365, 'server')
      return issue(await issueServer(self, names, options.o ?? defaultOrganization, request))
    },
    async chargePoint(options = {}) {
      const leaf = await chargePointOf(self, options)
      const { serial } = options
      return issue(typeof serial === 'number' ? withSerialNumber(leaf, serial, self) : leaf)
    },
    async intermediate(options = {}) {
      const request = await requestOf(options, 1825, `intermediate ${options.name}`)
      const name = options.name ?? 'Example CPO charge points'
      const child = await issueIntermediate(self, name, options.o ?? defaultOrganization, request)
      return authorityOf(child, [child.certificate.toString(), ...above])
    },
  }
}

async function chargePointOf(issuer: Credentials, options: ChargePointOptions): Promise<Credentials> {
  const cn = options.cn ?? defaultSerialNumber
  const o = options.o ?? defaultOrganization
  const subject = options.subject ?? [
    ...[o].flat().map((value) => ['O', value] as const),
    ...[cn].flat().map((value) => ['CN', value] as const),
  ]
  const key = options.bits === undefined ? options.key : ({ type: 'rsa', bits: options.bits } as const)
  const request = await requestOf({ ...options, key: key ?? 'ecdsa' }, 730, `charge point ${[cn].flat()[0]}`)
  const overrides: { -readonly [Key in keyof IssueRequest]?: IssueRequest[Key] } = {
    ...request.overrides,
    subject,
  }
  if (options.eku !== undefined) overrides.extendedKeyUsage = options.eku
  if (options.ku === null) overrides.keyUsage = []
  else if (options.ku !== undefined) overrides.keyUsage = options.ku
  if (typeof options.serial === 'string') overrides.serialNumber = options.serial
  if (options.signatureHash !== undefined) overrides.signatureHash = options.signatureHash
  if (options.rsaPadding !== undefined) overrides.rsaPadding = options.rsaPadding
  return issueChargePoint(issuer, '', '', { ...request, overrides: { ...overrides, ...options.overrides } })
}

/** `owner` keeps the RSA keys of different owners apart: one key must never serve two identities. */
async function requestOf(
  options: Pick<AuthorityOptions, 'key' | 'days' | 'notBefore' | 'notAfter' | 'overrides'>,
  days: number,
  owner: string,
): Promise<ProfileRequest> {
  const now = Date.now()
  const dates: { notBefore?: number; notAfter?: number } = {}
  if (options.notBefore !== undefined) dates.notBefore = options.notBefore
  if (options.notAfter !== undefined) dates.notAfter = options.notAfter
  else if (options.notBefore !== undefined)
    dates.notAfter = options.notBefore + (options.days ?? days) * dayMs
  return {
    keys: await keysOf(options.key ?? 'ecdsa', owner),
    now,
    days: options.days ?? days,
    overrides: { ...dates, ...options.overrides },
  }
}

const rsaKeys = new Map<string, Promise<KeyPair>>()

function keysOf(choice: KeyChoice, owner: string): Promise<KeyPair> {
  if (choice === 'ecdsa') return generateKey({ type: 'ec', curve: 'P-256' })
  if (choice === 'rsa') return keysOf({ type: 'rsa', bits: 2048 }, owner)
  if ('publicKey' in choice) return Promise.resolve(choice)
  if (choice.type !== 'rsa' && choice.type !== 'rsa-pss') return generateKey(choice)
  const id = `${owner} ${choice.type} ${choice.bits}`
  const known = rsaKeys.get(id) ?? generateKey(choice)
  rsaKeys.set(id, known)
  return known
}

function issuedOf(leaf: Credentials, above: readonly string[]): Issued {
  const certificate = leaf.certificate.toString()
  return {
    certificate,
    key: secret('private key', privateKeyPem(leaf.privateKey)),
    chain: [certificate, ...above].join(''),
    x509: leaf.certificate,
    credentials: leaf,
  }
}

/** The key pair of something issued, to issue another certificate for the same key. */
export function keyPairOf(issued: Issued): KeyPair {
  const { privateKey } = issued.credentials
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

/** A certificate with one bit of its signature turned. */
export function withBrokenSignature(certificate: X509Certificate): X509Certificate {
  const der = Buffer.from(certificate.raw)
  const last = der.length - 1
  der[last] = (der[last] ?? 0) ^ 1
  return new X509Certificate(der)
}
