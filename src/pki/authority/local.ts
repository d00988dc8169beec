import { createPublicKey, hash, type KeyObject, type X509Certificate } from 'node:crypto'
import { messageOf } from '../../policy/error.ts'
import { certificateFacts } from '../certificate.ts'
import { type IssueRequest, issueCertificate, randomSerialNumber } from '../issue.ts'
import { backdateMs } from '../profiles.ts'
import type { RsaPadding } from '../sign-der.ts'
import {
  type Authority,
  AuthorityError,
  type AuthorityRequest,
  type IssuedChain,
  issuedChain,
  withoutRoots,
} from './authority.ts'
import type { IssuedIndex } from './issued-index.ts'
import type { Issuer } from './issuer.ts'

const clientAuth = '1.3.6.1.5.5.7.3.2'
/** An issuer that ends sooner makes certificates that are dead before they are installed. */
const minimumRestMs = 60 * 60 * 1000

export interface LocalAuthorityOptions {
  readonly name: string
  readonly issuer: Issuer
  /** Where the issuer is an intermediate whose root is not in its chain. */
  readonly roots?: readonly X509Certificate[]
  /** From now on; cut at the end of the issuer. */
  readonly lifetimeMs: number
  /** Default 'pkcs1' (A00.FR.505 recommends PSS, and charge points and test tools refuse it). */
  readonly rsaPadding?: RsaPadding
  /** Dotted OIDs; default clientAuth. Empty: no extension, for charge points that dislike it. */
  readonly extendedKeyUsage?: readonly string[]
  /** Other extensions, such as where the CRL is had. */
  readonly extensions?: IssueRequest['extensions']
  readonly index: IssuedIndex
  readonly now: () => number
  readonly random?: (bytes: number) => Buffer
}

/**
 * An authority in this process (A00.FR.601). Subject, dates, usages and extensions are ours: nothing
 * of the request is copied but its key. A certificate is in the index before anybody has it, so that
 * OCSP never calls it unknown.
 */
export function createLocalAuthority(options: LocalAuthorityOptions): Authority {
  const { name, issuer } = options
  const above = [issuer.certificate, ...issuer.chain]
  const roots = options.roots ?? above.slice(-1)
  return {
    name,
    roots: () => roots,
    async issue(request, signal) {
      if (signal.aborted) throw new AuthorityError('unavailable', `authority ${name} was not asked in time`)
      const certificate = await issueFor(options, request)
      await remember(options, request, certificate)
      return chainOf(certificate, above)
    },
  }
}

function chainOf(certificate: X509Certificate, above: readonly X509Certificate[]): IssuedChain {
  return issuedChain([certificate, ...withoutRoots(above)])
}

async function issueFor(options: LocalAuthorityOptions, request: AuthorityRequest): Promise<X509Certificate> {
  const { name, issuer, rsaPadding, extensions } = options
  const { notBefore, notAfter } = datesOf(options)
  const publicKey = keyOf(request)
  const purposes = options.extendedKeyUsage ?? [clientAuth]
  try {
    return await issueCertificate({
      subject: [
        ['O', request.organization],
        ['CN', request.serialNumber],
      ],
      publicKey,
      issuer: { certificate: issuer.certificate, key: issuer.privateKey },
      ...{ notBefore, notAfter },
      serialNumber: randomSerialNumber(options.random),
      // A00.FR.512. Some charge points want to see keyEncipherment with RSA, none minds it.
      keyUsage:
        publicKey.asymmetricKeyType === 'rsa'
          ? ['digitalSignature', 'keyEncipherment']
          : ['digitalSignature'],
      ...(purposes.length > 0 ? { extendedKeyUsage: purposes } : {}),
      ...(rsaPadding === undefined ? {} : { rsaPadding }),
      ...(extensions === undefined ? {} : { extensions }),
    })
  } catch (cause) {
    // What could be wrong with the request was seen before: this is the issuer's trouble.
    throw new AuthorityError('unavailable', `authority ${name} could not sign: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function keyOf({ csr }: AuthorityRequest): KeyObject {
  try {
    return createPublicKey({ key: csr.publicKey, format: 'der', type: 'spki' })
  } catch (cause) {
    throw new AuthorityError('rejected', 'the key of the request cannot be used', { cause })
  }
}

/** Within the life of the issuer: a certificate that outlives it fails the path check (RFC 5280 6.1.3). */
function datesOf({ name, issuer, lifetimeMs, now }: LocalAuthorityOptions): {
  readonly notBefore: number
  readonly notAfter: number
} {
  const facts = certificateFacts(issuer.certificate)
  const present = now()
  const ends = Math.min(facts.notAfter, ...issuer.chain.map((one) => one.validToDate.getTime()))
  if (present < facts.notBefore || ends - present < minimumRestMs)
    throw new AuthorityError(
      'unavailable',
      `the certificate of authority ${name} is not valid, or ends within the hour`,
    )
  return {
    notBefore: Math.max(present - backdateMs, facts.notBefore),
    notAfter: Math.min(present + lifetimeMs, ends),
  }
}

/** What names the issuer in the index: see IssuedIndex. */
export function authorityKeyOf(issuer: X509Certificate): string {
  return hash('sha256', issuer.publicKey.export({ type: 'spki', format: 'der' }), 'hex')
}

async function remember(
  { name, issuer, index, now }: LocalAuthorityOptions,
  request: AuthorityRequest,
  certificate: X509Certificate,
): Promise<void> {
  const facts = certificateFacts(certificate)
  const { serialNumber, subject, keyFingerprint, notBefore, notAfter } = facts
  try {
    await index.record({
      authority: authorityKeyOf(issuer.certificate),
      identity: request.identity,
      ...{ serialNumber, subject, keyFingerprint, notBefore, notAfter },
      certificateFingerprint: facts.fingerprint,
      issuedAt: now(),
    })
  } catch (cause) {
    throw new AuthorityError('unavailable', `authority ${name} could not note what it issued`, { cause })
  }
}
