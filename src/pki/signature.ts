import type { X509Certificate } from 'node:crypto'
import { BoundedMap } from '../policy/bounded-map.ts'
import type { CertificateFacts } from '../policy/facts.ts'

/** A certificate with what it says. */
export interface ReadCertificate {
  readonly certificate: X509Certificate
  readonly facts: CertificateFacts
}

/** Is `subject` signed by the key of `issuer`? Never throws. */
export type Verifies = (subject: ReadCertificate, issuer: ReadCertificate) => boolean

/** Keys and signatures that OpenSSL cannot handle throw; they prove nothing either. */
export function verifySignature(subject: ReadCertificate, issuer: ReadCertificate): boolean {
  try {
    return subject.certificate.verify(issuer.certificate.publicKey)
  } catch {
    return false
  }
}

/**
 * Remembers `maxEntries` signatures that were good, so that a fleet that comes back costs no
 * public-key arithmetic beyond OpenSSL's own. A good signature stays good: whether key and certificate
 * are still wanted is for others to judge, each time. Bad ones are not remembered, or a flood of
 * them would push the good ones out.
 */
export function createSignatureCache(maxEntries: number): Verifies {
  const good = new BoundedMap<string, true>(maxEntries)
  return (subject, issuer) => {
    const key = `${issuer.facts.keyFingerprint} ${subject.facts.fingerprint}`
    if (good.get(key) === true) return true
    const verified = verifySignature(subject, issuer)
    if (verified) good.set(key, true)
    return verified
  }
}
