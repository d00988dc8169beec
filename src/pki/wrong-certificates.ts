import { sign, X509Certificate } from 'node:crypto'
import { childrenOf, derTag, encodeElement, encodingOf, readElement } from './der.ts'
import { type Credentials, dayMs, issueChargePoint, issueRoot } from './profiles.ts'

/**
 * Certificates that no honest authority issues, one for each reason to refuse one. They are for the
 * demo and for tests, and never written to disk.
 */
export const wrongCertificateKinds = [
  'client_cert_untrusted',
  'client_cert_expired',
  'client_cert_not_yet_valid',
  'client_cert_weak_key',
  'client_cert_weak_signature',
  'client_cert_no_serial',
  'client_cert_key_usage',
  'client_cert_organization',
  'client_cert_common_name',
  'client_cert_common_name_form',
] as const

export type WrongCertificateKind = (typeof wrongCertificateKinds)[number]

export interface Victim {
  /** The root that charge points are trusted by. */
  readonly root: Credentials
  readonly organization: string
  /** What an honest certificate of this charge point carries as CN. */
  readonly serialNumber: string
}

/** A certificate for `victim` that is wrong in exactly one way. `now` in milliseconds since the epoch. */
export async function issueWrongCertificate(
  kind: WrongCertificateKind,
  victim: Victim,
  now: number,
): Promise<Credentials> {
  const { root, organization, serialNumber } = victim
  const honest = { keys: { type: 'ec', curve: 'P-256' }, now, days: 30 } as const
  switch (kind) {
    case 'client_cert_untrusted': {
      // The same name as the trusted root, another key: only the signature tells them apart.
      const impostor = await issueRoot('Impostor root', organization, { ...honest, days: 365 })
      return issueChargePoint(impostor, serialNumber, organization, honest)
    }
    case 'client_cert_expired':
      return issueChargePoint(root, serialNumber, organization, { ...honest, now: now - 60 * dayMs })
    case 'client_cert_not_yet_valid':
      return issueChargePoint(root, serialNumber, organization, { ...honest, now: now + 7 * dayMs })
    case 'client_cert_weak_key':
      return issueChargePoint(root, serialNumber, organization, {
        ...honest,
        keys: { type: 'rsa', bits: 1024 },
      })
    case 'client_cert_weak_signature':
      return issueChargePoint(root, serialNumber, organization, {
        ...honest,
        overrides: { signatureHash: 'SHA-1' },
      })
    case 'client_cert_no_serial':
      return withSerialNumber(await issueChargePoint(root, serialNumber, organization, honest), 0, root)
    case 'client_cert_key_usage':
      return issueChargePoint(root, serialNumber, organization, {
        ...honest,
        overrides: { keyUsage: ['keyAgreement'] },
      })
    case 'client_cert_organization':
      return issueChargePoint(root, serialNumber, `${organization} Two`, honest)
    case 'client_cert_common_name':
      return issueChargePoint(root, `${serialNumber}0`, organization, honest)
    case 'client_cert_common_name_form':
      return issueChargePoint(root, 'charge-point.example.com', organization, honest)
  }
}

/**
 * The same certificate with another serial number (-128 to 127), signed anew: zero and negative ones
 * cannot be had from any honest generator. The issuer's key signs with SHA-256.
 */
export function withSerialNumber(
  credentials: Credentials,
  serialNumber: number,
  issuer: Credentials,
): Credentials {
  const [tbs, algorithm] = childrenOf(readElement(credentials.certificate.raw))
  if (tbs === undefined || algorithm === undefined) throw new TypeError('this is no certificate')
  const fields = childrenOf(tbs).map((field) =>
    field.tag === derTag.integer
      ? encodeElement(derTag.integer, Buffer.from([serialNumber & 0xff]))
      : encodingOf(field),
  )
  const body = encodeElement(derTag.sequence, Buffer.concat(fields))
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, issuer.privateKey)])
  const whole = Buffer.concat([body, encodingOf(algorithm), encodeElement(derTag.bitString, signature)])
  return { ...credentials, certificate: new X509Certificate(encodeElement(derTag.sequence, whole)) }
}
