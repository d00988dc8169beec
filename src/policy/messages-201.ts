import { foldKey } from './configuration-key.ts'
import type { SecurityProfile } from './facts.ts'
import {
  type CentralSystemRules,
  checkKind,
  type InsecureProfilePolicy,
  type MessageFacts,
  type MessageVerdict,
  operatorDenies,
  passed,
  type SensitiveKind,
  sensitiveKind,
} from './messages.ts'
import { variablesOf } from './variables-201.ts'

/** The rules of messages.ts for what OCPP 2.0.1 says in another way. Pure. */

/** A01: the password of a charging station. */
export const passwordVariable = 'basicauthpassword'
/** A05 and B09: they decide on which security profile it connects. */
export const profileVariables: ReadonlySet<string> = new Set([
  'securityprofile',
  'networkconfigurationpriority',
  'activenetworkprofile',
])

const certificateTriggers: ReadonlySet<unknown> = new Set([
  'SignChargingStationCertificate',
  'SignV2GCertificate',
  'SignCombinedCertificate',
])

/** What a message does that only a secure connection should carry. */
export function sensitiveKinds201(message: MessageFacts): readonly SensitiveKind[] {
  const { action, payload } = message
  switch (action) {
    case 'SetVariables': {
      const names = variablesOf(payload).map(({ variable }) => variable)
      const kinds: SensitiveKind[] = []
      if (names.includes(passwordVariable)) kinds.push('passwords')
      if (names.some((name) => profileVariables.has(name))) kinds.push('profile')
      return kinds
    }
    case 'SetNetworkProfile':
      return ['profile']
    case 'TriggerMessage':
      return certificateTriggers.has(payload.requestedMessage) ? ['certificates'] : []
    default: {
      const kind = sensitiveKind(message)
      return kind === null ? [] : [kind]
    }
  }
}

export function checkOverProfile201(
  message: MessageFacts,
  profile: SecurityProfile,
  policy: InsecureProfilePolicy,
): MessageVerdict {
  for (const kind of sensitiveKinds201(message)) {
    const verdict = checkKind(kind, profile, policy)
    if (!verdict.allowed) return verdict
  }
  return passed
}

/** `allowConfigurationKeys` and `denyConfigurationKeys` for variables, as Component.Variable or Variable. */
export function checkVariables(message: MessageFacts, rules: CentralSystemRules): MessageVerdict {
  const { allowConfigurationKeys: allowed, denyConfigurationKeys: denied } = rules
  if (message.direction !== 'to-charge-point' || message.action !== 'SetVariables') return passed
  for (const { component, variable } of variablesOf(message.payload)) {
    const isOne = (key: string) => [variable, `${component}.${variable}`].includes(foldKey(key))
    const match = denied.find(isOne)
    if (match !== undefined)
      return operatorDenies('configuration-key', `the central system may not set ${match}`)
    if (allowed !== undefined && !allowed.some(isOne))
      return operatorDenies('configuration-key', 'the central system may set other variables only')
  }
  return passed
}

const guardedNames = /basicauthpassword|securityprofile|networkconfigurationpriority|activenetworkprofile/

/**
 * A message about the password or the profile that breaks its schema: a charging station may read it in
 * another way than we do (A00.FR.005, CWE-436). `problem` is what its schema says.
 */
export function checkForm201(
  { direction, action, payload }: MessageFacts,
  problem: () => string | null,
): MessageVerdict {
  if (direction !== 'to-charge-point') return passed
  const isGuarded =
    action === 'SetNetworkProfile' ||
    (action === 'SetVariables' && guardedNames.test(JSON.stringify(payload).toLowerCase()))
  const detail = isGuarded ? problem() : null
  if (detail === null) return passed
  return { allowed: false, cause: 'malformed', requirements: ['A00.FR.005', 'CWE-436'], detail }
}
