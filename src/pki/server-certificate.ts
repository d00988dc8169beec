import type { X509Certificate } from 'node:crypto'
import { ProxyError } from '../policy/error.ts'
import { familyOf, type KeyTypeName } from '../policy/key-types.ts'
import { certificatesAbove } from './above.ts'
import { withoutRoots } from './authority/authority.ts'
import type { Issuer } from './authority/issuer.ts'
import { keySpecOf, privateKeyPem } from './keys.ts'
import { readPkcs12 } from './pkcs12.ts'
import { backdateMs, dayMs, issueServer } from './profiles.ts'
import type { RsaPadding } from './sign-der.ts'

/** A server certificate as TLS takes it. The key never leaves the process. */
export interface ServerCertificate {
  /** PEM: the server's own certificate, then each its issuer, a root left out. */
  readonly certificate: string
  readonly key: string
}

export interface ServerIssuer {
  readonly issuer: Issuer
  /** How it signs, if its key is an RSA one (A00.FR.505). */
  readonly rsaPadding: RsaPadding
}

/** Who signs the proxy's own certificates, by the kind of their keys; both may be the same. */
export interface ServerIssuers {
  readonly rsa: ServerIssuer
  readonly ec: ServerIssuer
}

/** What the proxy issues to itself. */
export interface ServerCertificateSpec {
  /** The first is the CN, all are alternative names (A00.FR.510). */
  readonly names: readonly string[]
  readonly organization: string
  /** From now on; cut at the end of the issuer. */
  readonly lifetimeMs: number
  readonly keyType: KeyTypeName
}

export interface IssuedServerCertificate extends ServerCertificate {
  readonly x509: X509Certificate
  /** When it was made and when it ends, in milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

/**
 * A new key with a certificate for it, signed by the issuer of its kind: a charge point that knows RSA
 * only cannot verify an ECDSA signature (A00.FR.317). Throws ProxyError `issuing_failed`, also when the
 * issuer is not valid now or ends too soon for it to be worth while.
 */
export async function issueServerCertificate(
  issuers: ServerIssuers,
  { names, organization, lifetimeMs, keyType }: ServerCertificateSpec,
  now: number,
): Promise<IssuedServerCertificate> {
  const { issuer, rsaPadding } = issuers[familyOf(keyType)]
  const { notBefore, notAfter } = datesOf(issuer, lifetimeMs, now)
  const { certificate, privateKey } = await issueServer(issuer, names, organization, {
    keys: keySpecOf(keyType),
    now,
    days: lifetimeMs / dayMs,
    overrides: { notBefore, notAfter, rsaPadding },
  })
  const chain = [certificate, ...withoutRoots([issuer.certificate, ...issuer.chain])]
  return {
    certificate: chain.join(''),
    key: privateKeyPem(privateKey),
    x509: certificate,
    from: now,
    to: certificate.validToDate.getTime(),
  }
}

/** Within the life of everybody above: a certificate that outlives its issuer fails the path check. */
function datesOf(
  { certificate, chain }: Issuer,
  lifetimeMs: number,
  now: number,
): { readonly notBefore: number; readonly notAfter: number } {
  const above = [certificate, ...chain]
  const begins = Math.max(...above.map((one) => one.validFromDate.getTime()))
  const ends = Math.min(...above.map((one) => one.validToDate.getTime()))
  // A certificate of a moment would be renewed at once, and again, until the issuer is over.
  if (now < begins || ends - now < lifetimeMs / 24) {
    const until = new Date(ends).toISOString()
    throw new ProxyError(
      'issuing_failed',
      'operator',
      `the certificate of the local authority is not valid, or about to end (${until})`,
    )
  }
  return { notBefore: Math.max(now - backdateMs, begins), notAfter: Math.min(now + lifetimeMs, ends) }
}

/** A server certificate out of a PKCS #12 file. Throws what `readPkcs12` throws. */
export function serverCertificateFromPkcs12(bundle: Buffer, passphrase: string): ServerCertificate {
  const { certificate, chain, privateKey } = readPkcs12(bundle, passphrase)
  const above = withoutRoots(certificatesAbove(certificate, chain))
  return { certificate: [certificate, ...above].join(''), key: privateKeyPem(privateKey) }
}
