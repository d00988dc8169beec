import { X509Certificate } from 'node:crypto'
import type { ExpiringCertificates } from '../observe/expiry.ts'
import type { CertificateStatus } from './deps.ts'

/** The proxy's own certificates and the roots that it trusts, of every listener. */
export function certificateStatuses(
  listeners: readonly ExpiringCertificates[],
): readonly CertificateStatus[] {
  return listeners.flatMap(({ listener, contexts }) => {
    if (contexts === null) return []
    const { certificates, trust } = contexts.material
    const of = (role: CertificateStatus['role']) => (certificate: X509Certificate) =>
      statusOf(certificate, role, listener.name)
    return [
      ...certificates.map((pem) => of('server')(new X509Certificate(pem))),
      ...(trust?.cpo ?? []).map(of('trust')),
      ...(trust?.factory ?? []).map(of('factory')),
    ]
  })
}

function statusOf(
  certificate: X509Certificate,
  role: CertificateStatus['role'],
  listener: string,
): CertificateStatus {
  return {
    role,
    listener,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    keyType: certificate.publicKey.asymmetricKeyType ?? 'unknown',
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}

/** Node writes one attribute a line; an empty name is undefined. */
function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ')
}
