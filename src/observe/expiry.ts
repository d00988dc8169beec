import { X509Certificate } from 'node:crypto'
import type { Metrics } from './metrics.ts'

/** A listener's certificates, as far as their end is concerned. */
export interface ExpiringCertificates {
  readonly listener: { readonly name: string }
  readonly contexts: {
    readonly material: {
      readonly certificates: readonly { readonly certificate: string }[]
      readonly trust: {
        readonly cpo: readonly X509Certificate[]
        readonly factory: readonly X509Certificate[]
      } | null
    }
  } | null
}

/** An authority of ours. */
export interface ExpiringIssuer {
  readonly name: string
  readonly issuer: { readonly certificate: X509Certificate }
}

/**
 * Sets when each server certificate, trusted root and authority of ours ends; what is no longer in use
 * disappears.
 */
export function setExpiryMetrics(
  { certificateExpiry }: Pick<Metrics, 'certificateExpiry'>,
  listeners: readonly ExpiringCertificates[],
  issuers: readonly ExpiringIssuer[],
): void {
  certificateExpiry.reset()
  const set = (role: string, name: string, { validToDate }: X509Certificate) =>
    certificateExpiry.set({ role, name }, validToDate.getTime() / 1000)
  for (const { listener, contexts } of listeners) {
    if (contexts === null) continue
    const { certificates, trust } = contexts.material
    for (const { certificate: pem } of certificates) {
      const certificate = new X509Certificate(pem)
      set('server', `${listener.name}-${certificate.publicKey.asymmetricKeyType ?? 'unknown'}`, certificate)
    }
    for (const root of trust?.cpo ?? []) set('trust', root.fingerprint256.slice(0, 23), root)
    for (const root of trust?.factory ?? []) set('factory', root.fingerprint256.slice(0, 23), root)
  }
  for (const { name, issuer } of issuers) set('authority', name, issuer.certificate)
}
