import type { UseCaseSession } from '../../relay/use-case.ts'
import type { CertificateSettings } from './context.ts'

type Settings = Pick<CertificateSettings, 'securityMessages' | 'certificates201'>

/** Why somebody else signs the certificate of this charge point, in words for operators; null: we do. */
export function signedElsewhere(
  { securityMessages, certificates201 }: Settings,
  { facts }: Pick<UseCaseSession, 'facts'>,
): string | null {
  // In onboarding there is no central system that could sign (A00.FR.806).
  if (facts.stage === 'onboarding') return null
  const byCentralSystem = 'the central system signs certificates itself'
  switch (facts.protocol) {
    case 'ocpp1.6':
      return securityMessages === 'answer'
        ? null
        : `centralSystem.securityMessages is forward: ${byCentralSystem}`
    case 'ocpp2.0.1':
      return certificates201 === 'serve' ? null : `centralSystem201.certificates is pass: ${byCentralSystem}`
    default:
      return facts.protocol satisfies never
  }
}
