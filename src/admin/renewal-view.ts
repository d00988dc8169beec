import { type Static, Type } from 'typebox'
import { renewalOrigins, renewalPhases } from '../policy/certificate-renewal.ts'
import type { IssuedCertificate, RenewalRecord } from '../store/store.ts'
import { iso, isoOrNull, nullableInteger, nullableText, nullableTime, oneOf, time } from './schemas.ts'

/** Certificates on their way to charge points, and those that were issued, as the API shows them. */

export const renewalSchema = Type.Object({
  identity: Type.String(),
  origin: oneOf(renewalOrigins, { description: 'Who wanted it; charge-point: it asked by itself (A03).' }),
  phase: oneOf(renewalPhases, {
    description:
      'pending: waits for the authority. issued: to be sent. sent: no answer so far. accepted: the charge point has it, old and new are valid. seen: it has connected with it, the old one is refused. refused: by the charge point. failed: nothing came of it.',
  }),
  keyType: oneOf(['rsa', 'ec']),
  keyFingerprint: Type.String({ description: 'SHA-256 over the public key of the request.' }),
  serialNumber: Type.String({ description: 'CN of the request.' }),
  previousFingerprint: nullableText({ description: 'Of the certificate that it had when it asked.' }),
  certificateFingerprint: nullableText({ description: 'Of the new certificate, SHA-256.' }),
  notAfter: nullableTime(),
  attempts: Type.Integer({ description: 'How often the authority was asked.' }),
  deliveries: Type.Integer({ description: 'How often CertificateSigned was sent.' }),
  nextAttemptAt: nullableTime(),
  maxChainSize: nullableInteger({ description: 'CertificateSignedMaxChainSize, where it is known.' }),
  detail: nullableText({ description: 'What happened last.' }),
  startedAt: time(),
  updatedAt: time(),
})

export function renewalView(renewal: RenewalRecord): Static<typeof renewalSchema> {
  const { identity, origin, phase, keyType, keyFingerprint, serialNumber, attempts, deliveries } = renewal
  const { previousFingerprint, certificateFingerprint, maxChainSize, detail } = renewal
  return {
    ...{ identity, origin, phase, keyType, keyFingerprint, serialNumber, attempts, deliveries },
    ...{ previousFingerprint, certificateFingerprint, maxChainSize, detail },
    notAfter: isoOrNull(renewal.notAfter),
    nextAttemptAt: isoOrNull(renewal.nextAttemptAt),
    startedAt: iso(renewal.startedAt),
    updatedAt: iso(renewal.updatedAt),
  }
}

export const issuedSchema = Type.Object({
  number: Type.Integer({ description: 'Ascending in the order of issuing.' }),
  identity: Type.String(),
  subject: Type.String(),
  serialNumber: Type.String({ description: 'Hexadecimal.' }),
  fingerprint: Type.String({ description: 'SHA-256, hexadecimal.' }),
  authority: Type.String({ description: 'SHA-256 over the key of the authority.' }),
  notBefore: time(),
  notAfter: time(),
  issuedAt: time(),
  revokedAt: nullableTime(),
  revocationReason: nullableText({ description: 'RFC 5280 5.3.1; superseded: a newer one was seen.' }),
})

export function issuedView(certificate: IssuedCertificate): Static<typeof issuedSchema> {
  const { number, identity, subject, serialNumber, authority, revocation } = certificate
  return {
    ...{ number, identity, subject, serialNumber, authority },
    fingerprint: certificate.certificateFingerprint,
    notBefore: iso(certificate.notBefore),
    notAfter: iso(certificate.notAfter),
    issuedAt: iso(certificate.issuedAt),
    revokedAt: isoOrNull(revocation?.at ?? null),
    revocationReason: revocation?.reason ?? null,
  }
}
