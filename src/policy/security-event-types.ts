/**
 * The security events of the white paper (section 4.4). Any other name is kept as well (A04.FR.03);
 * this list only bounds what metrics and limits tell apart, and says what is critical.
 */

/** Critical ones a charge point has to report; edition 4 made more of them critical. */
export type Criticality = 'always' | 'edition-4' | 'no'

export const securityEventTypes = {
  FirmwareUpdated: 'always',
  FailedToAuthenticateAtCentralSystem: 'no',
  CentralSystemFailedToAuthenticate: 'no',
  SettingSystemTime: 'always',
  StartupOfTheDevice: 'always',
  ResetOrReboot: 'always',
  SecurityLogWasCleared: 'always',
  ReconfigurationOfSecurityParameters: 'no',
  MemoryExhaustion: 'always',
  InvalidMessages: 'no',
  AttemptedReplayAttacks: 'no',
  TamperDetectionActivated: 'always',
  InvalidFirmwareSignature: 'no',
  InvalidFirmwareSigningCertificate: 'edition-4',
  InvalidCentralSystemCertificate: 'edition-4',
  InvalidChargePointCertificate: 'edition-4',
  InvalidTLSVersion: 'edition-4',
  InvalidTLSCipherSuite: 'edition-4',
  MaintenanceLoginAccepted: 'edition-4',
  MaintenanceLoginFailed: 'edition-4',
  DiscardedRenewedClientCertificate: 'edition-4',
} as const satisfies Record<string, Criticality>

export type SecurityEventName = keyof typeof securityEventTypes

/** Lengths of the fields of SecurityEventNotification (white paper), in characters. */
export const eventLimits = { type: 50, timestamp: 50, techInfo: 255 } as const

function isSecurityEventName(type: string): type is SecurityEventName {
  return Object.hasOwn(securityEventTypes, type)
}

/** What the proxy notes where the white paper has no name for it. */
export const proxyEventTypes = [
  'AdminTokenRefused',
  'CampaignStateChanged',
  'CertificateAllowed',
  'CertificateAuthorityFailed',
  'CertificateDenied',
  'MessageRefused',
  'OnboardingDone',
  'OnboardingFailed',
  'RevocationNotProven',
  'SecurityEventsDropped',
  'SecurityEventsLost',
  'SignCertificateRejected',
] as const

/** Names that OCPP 2.0.1 has for the same (part 2, appendix 1). */
const names201: ReadonlyMap<string, string> = new Map<SecurityEventName, string>([
  ['FailedToAuthenticateAtCentralSystem', 'FailedToAuthenticateAtCsms'],
  ['CentralSystemFailedToAuthenticate', 'CsmsFailedToAuthenticate'],
  ['InvalidCentralSystemCertificate', 'InvalidCsmsCertificate'],
  ['InvalidChargePointCertificate', 'InvalidChargingStationCertificate'],
])

/** As OCPP 2.0.1 calls it. */
export function eventName201(type: string): string {
  return names201.get(type) ?? type
}

const labels: ReadonlySet<string> = new Set([
  ...Object.keys(securityEventTypes),
  ...names201.values(),
  ...proxyEventTypes,
])

/** The type as a metric label: what a charge point makes up is `other`. */
export function eventLabel(type: string): string {
  return labels.has(type) ? type : 'other'
}

/** Critical in an edition of the white paper; null: not a type of its list. */
export function isCritical(type: string, edition: 3 | 4): boolean | null {
  if (!isSecurityEventName(type)) return null
  const criticality: Criticality = securityEventTypes[type]
  return criticality === 'always' || (criticality === 'edition-4' && edition === 4)
}

/** At most `length` UTF-16 units, and no half of a character at the end. */
export function cutText(text: string, length: number): string {
  return (text.length > length ? text.slice(0, length) : text).toWellFormed()
}
