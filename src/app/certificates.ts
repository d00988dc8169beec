import { X509Certificate } from 'node:crypto'
import type { CertificateStatus } from '../admin/deps.ts'
import type { TlsMaterial } from '../gate/tls-material.ts'
import type { LocalIssuer } from './authorities.ts'

/** A listener with what its TLS is made of; null: it has none. */
export interface ShownCertificates {
  readonly listener: { readonly name: string }
  readonly contexts: { readonly material: TlsMaterial } | null
}

/** The certificates that listeners show and trust now, and those of authorities in the proxy, for operators. */
export function certificatesOf(
  policies: readonly ShownCertificates[],
  issuers: readonly Pick<LocalIssuer, 'name' | 'issuer'>[],
): readonly CertificateStatus[] {
  const authorities = issuers.map(({ name, issuer }) => statusOf('authority', name, issuer.certificate))
  return [...policies.flatMap(statusOfListener), ...authorities]
}

/** PEM: each certificate that a listener shows, with its chain. */
export function serverChainsOf(policies: readonly Pick<ShownCertificates, 'contexts'>[]): readonly string[] {
  const chains = policies.flatMap(({ contexts }) =>
    (contexts?.material.certificates ?? []).map(({ certificate }) => certificate.toString()),
  )
  return [...new Set(chains)]
}

function statusOfListener({ listener, contexts }: ShownCertificates): readonly CertificateStatus[] {
  if (contexts === null) return []
  const { certificates, trust } = contexts.material
  const own = certificates.map(({ certificate }) =>
    statusOf('server', listener.name, new X509Certificate(certificate)),
  )
  const cpo = (trust?.cpo ?? []).map((root) => statusOf('trust', listener.name, root))
  const factory = (trust?.factory ?? []).map((root) => statusOf('factory', listener.name, root))
  return [...own, ...cpo, ...factory]
}

function statusOf(
  role: CertificateStatus['role'],
  listener: string,
  certificate: X509Certificate,
): CertificateStatus {
  return {
    role,
    listener,
    subject: certificate.subject,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    keyType: certificate.publicKey.asymmetricKeyType ?? 'unknown',
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}
