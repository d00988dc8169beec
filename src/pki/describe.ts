import type { CertificateFacts } from '../policy/facts.ts'
import { describeKey } from '../policy/key-strength.ts'

/** What a certificate says, as lines of a label and a value for people. */
export function describeCertificate(
  facts: CertificateFacts,
): readonly (readonly [label: string, value: string])[] {
  return [
    ['subject', facts.subject],
    ['issuer', facts.selfIssued ? `${facts.issuer} (self-signed)` : facts.issuer],
    ['serial number', facts.serialNumber === '' ? 'none' : facts.serialNumber],
    ['valid', `${timeText(facts.notBefore)} to ${timeText(facts.notAfter)}`],
    ['key', describeKey(facts.key)],
    ['signature', `${facts.signatureKind} ${facts.signatureHash}`],
    ['key usage', facts.keyUsage?.join(', ') ?? 'not limited'],
    ['extended key usage', facts.extendedKeyUsage?.join(', ') ?? 'not limited'],
    ['authority', authorityText(facts)],
    ...(facts.unknownCriticalExtension === null
      ? []
      : [['not understood', facts.unknownCriticalExtension] as const]),
    ['fingerprint', facts.fingerprint],
    ['key fingerprint', facts.keyFingerprint],
  ]
}

function authorityText(facts: CertificateFacts): string {
  if (!facts.isCa) return 'no'
  return facts.pathLength === null ? 'yes' : `yes, with at most ${facts.pathLength} below it`
}

function timeText(time: number): string {
  return new Date(time).toISOString()
}
