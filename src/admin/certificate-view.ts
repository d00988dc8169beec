import type { CertificateKeyRecord } from '../store/store.ts'
import type { CertificateStatus } from './deps.ts'
import { iso } from './schemas.ts'

/** Certificates as the API and the command line show them. */

const dayMs = 86_400_000

export function certificateView(certificate: CertificateStatus, now: number) {
  return {
    ...certificate,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    notBefore: iso(certificate.notBefore),
    notAfter: iso(certificate.notAfter),
    daysLeft: Math.floor((certificate.notAfter - now) / dayMs),
  }
}

export type CertificateView = ReturnType<typeof certificateView>

/** Of a charge point: the one that it was seen with last. */
export function chargePointCertificateView(
  { identity, subject, certificateFingerprint, notAfter, lastSeenAt }: CertificateKeyRecord,
  now: number,
) {
  return {
    identity,
    subject,
    fingerprint: certificateFingerprint,
    notAfter: iso(notAfter),
    daysLeft: Math.floor((notAfter - now) / dayMs),
    lastSeenAt: iso(lastSeenAt),
  }
}

export type ChargePointCertificateView = ReturnType<typeof chargePointCertificateView>

/** Node writes one attribute a line; an empty name is undefined there. */
function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ')
}
