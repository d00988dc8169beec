import type { LoadedFile } from '../convert.ts'
import type { KeyFinding } from '../problem.ts'
import {
  centralSystemOfEachProtocol,
  centralSystemUrl,
  upstreamAuthorization,
  upstreamHeaders,
} from './central-system.ts'
import { certificateAuthority } from './certificate-authority.ts'
import { chargePointLogs } from './charge-point-logs.ts'
import { firmwareRules } from './firmware.ts'
import {
  listenerAddresses,
  listenerNames,
  plainListeners,
  proxyProtocolSenders,
  unsecuredListeners,
} from './listeners.ts'
import { messageRules } from './messages.ts'
import { networkProfiles } from './network-profiles.ts'
import { onboarding } from './onboarding.ts'
import { adminAddress, limitsFit, relaxedAdmission } from './operations.ts'
import { plugAndChargeRules } from './plug-and-charge.ts'
import { revocationRules } from './revocation.ts'
import { routeRules } from './routes.ts'
import { eventsTo201, ownSession, securityEventSinks } from './security-events.ts'
import { issuedServerCertificates, serverCertificateForms, serverNames } from './server-certificates.ts'
import { redisStore, storeKind } from './store.ts'
import { clientCertificatesByProfile, legacyLane, operatorName, suites, tlsByProfile } from './tls.ts'

/** A rule over several keys: pure, and it returns everything that it finds. */
export type Rule = (file: LoadedFile) => readonly KeyFinding[]

export const rules: readonly Rule[] = [
  operatorName,
  listenerNames,
  listenerAddresses,
  plainListeners,
  unsecuredListeners,
  proxyProtocolSenders,
  tlsByProfile,
  clientCertificatesByProfile,
  revocationRules,
  routeRules,
  chargePointLogs,
  legacyLane,
  suites,
  serverCertificateForms,
  issuedServerCertificates,
  serverNames,
  centralSystemOfEachProtocol,
  networkProfiles,
  centralSystemUrl,
  upstreamAuthorization,
  upstreamHeaders,
  certificateAuthority,
  onboarding,
  plugAndChargeRules,
  firmwareRules,
  relaxedAdmission,
  messageRules,
  limitsFit,
  securityEventSinks,
  eventsTo201,
  ownSession,
  adminAddress,
  storeKind,
  redisStore,
]
