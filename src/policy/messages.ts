import { foldKey } from './configuration-key.ts'
import type { SecurityProfile } from './facts.ts'

/**
 * Which messages may pass between a charge point and its central system: what an operator forbids,
 * and what is about secrets on a connection that keeps none. Pure; whoever asks answers the CALL.
 */

/** A CALL as far as a rule looks at it; `payload` is as its sender wrote it. */
export interface MessageFacts {
  readonly direction: 'to-central-system' | 'to-charge-point'
  readonly action: string
  readonly payload: Readonly<Record<string, unknown>>
}

export type MessageVerdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false
      readonly cause: 'action' | 'configuration-key' | 'insecure-profile' | 'unreadable-key' | 'malformed'
      readonly requirements: readonly string[]
      /** For operators and for the sender; holds names of actions and keys, never a value. */
      readonly detail: string
    }

/** What a message is about, where that is a matter of security (design, section 10). */
export type SensitiveKind = 'certificates' | 'passwords' | 'profile'

export type Permission = 'allow' | 'refuse'
export type KindPermissions = Readonly<Record<SensitiveKind, Permission>>

/** `messages.overInsecureProfiles`. */
export interface InsecureProfilePolicy {
  readonly profile0: KindPermissions
  readonly profile1: KindPermissions
}

/** `messages.fromCentralSystem`. */
export interface CentralSystemRules {
  readonly allow?: readonly string[] | undefined
  readonly deny: readonly string[]
  readonly allowConfigurationKeys?: readonly string[] | undefined
  readonly denyConfigurationKeys: readonly string[]
}

export const passed: MessageVerdict = Object.freeze({ allowed: true })

/** A02, A03, M03 to M05. The private key stays at home, but who may forge these owns the trust. */
const certificateActions: ReadonlySet<string> = new Set([
  'SignCertificate',
  'CertificateSigned',
  'InstallCertificate',
  'DeleteCertificate',
  'GetInstalledCertificateIds',
])

/**
 * The same messages as OCPP 1.6 carries them for ISO 15118 (application note Plug & Charge), whatever the
 * vendor calls himself: `messageId` is theirs, and a charge point may read it in letters of either case.
 */
const certificateMessageIds: ReadonlySet<string> = new Set([...certificateActions].map(foldKey))

/** What a message does that only a secure connection should carry; null: nothing of the kind. */
export function sensitiveKind({ action, payload }: MessageFacts): SensitiveKind | null {
  if (certificateActions.has(action)) return 'certificates'
  if (action === 'DataTransfer') {
    const isOne = Object.entries(payload).some(
      ([name, value]) =>
        foldKey(name) === 'messageid' &&
        typeof value === 'string' &&
        certificateMessageIds.has(foldKey(value)),
    )
    return isOne ? 'certificates' : null
  }
  if (action === 'ExtendedTriggerMessage') {
    return payload.requestedMessage === 'SignChargePointCertificate' ? 'certificates' : null
  }
  if (action !== 'ChangeConfiguration') return null
  const key = configurationKey(payload)
  if (key === 'authorizationkey') return 'passwords'
  return key === 'securityprofile' ? 'profile' : null
}

const kindRules = {
  certificates: { words: 'certificates', requirements: ['A00.FR.206', 'CWE-345'] },
  passwords: { words: 'passwords', requirements: ['A00.FR.206', 'CWE-319'] },
  profile: { words: 'the security profile', requirements: ['A00.FR.206', 'CWE-319'] },
} as const satisfies Record<SensitiveKind, { words: string; requirements: readonly string[] }>

/**
 * Messages about certificates, passwords and the profile on profiles 0 and 1, where whoever is on the
 * line reads and writes along. Profiles 2 and 3 carry everything.
 */
export function checkKind(
  kind: SensitiveKind,
  profile: SecurityProfile,
  policy: InsecureProfilePolicy,
): MessageVerdict {
  if (profile >= 2) return passed
  const permissions = profile === 0 ? policy.profile0 : policy.profile1
  if (permissions[kind] === 'allow') return passed
  const { words, requirements } = kindRules[kind]
  return {
    allowed: false,
    cause: 'insecure-profile',
    requirements,
    detail: `messages about ${words} are refused over security profile ${profile}`,
  }
}

/** The same for a message, whatever it is about. */
export function checkOverProfile(
  message: MessageFacts,
  profile: SecurityProfile,
  policy: InsecureProfilePolicy,
): MessageVerdict {
  const kind = sensitiveKind(message)
  return kind === null ? passed : checkKind(kind, profile, policy)
}

/** The operator's lists. They are for what the central system sends; the rest passes. */
export function checkFromCentralSystem(message: MessageFacts, rules: CentralSystemRules): MessageVerdict {
  const { action, payload } = message
  if (message.direction !== 'to-charge-point') return passed
  const isListed = rules.allow === undefined || rules.allow.includes(action)
  if (!isListed || rules.deny.includes(action)) {
    return operatorDenies('action', 'the central system may not send this action')
  }
  const { allowConfigurationKeys: allowed, denyConfigurationKeys: denied } = rules
  if (action !== 'ChangeConfiguration' || (allowed === undefined && denied.length === 0)) return passed
  const key = configurationKey(payload)
  // What we cannot read, a charge point may: it could take ["AuthorizationKey"] for the key itself.
  if (key === null) return operatorDenies('unreadable-key', 'the configuration key is not a text')
  const match = denied.find((one) => foldKey(one) === key)
  if (match !== undefined)
    return operatorDenies('configuration-key', `the central system may not set ${match}`)
  if (allowed === undefined || allowed.some((one) => foldKey(one) === key)) return passed
  return operatorDenies('configuration-key', 'the central system may set other keys only')
}

/** The key of a ChangeConfiguration for comparing; null: it is none. */
function configurationKey(payload: MessageFacts['payload']): string | null {
  return typeof payload.key === 'string' ? foldKey(payload.key) : null
}

/** Of these a charge point and we must read the same. */
const guardedKeys: ReadonlySet<string | null> = new Set(['authorizationkey', 'securityprofile'])

/**
 * A ChangeConfiguration that a charge point may read in another way than we do: what it says about the
 * password or the profile must not pass unseen (A00.FR.005, CWE-436). OCPP 1.6 6.17: `key` and `value`
 * are texts, and members are written as they are there.
 */
export function checkConfigurationForm({ direction, action, payload }: MessageFacts): MessageVerdict {
  if (direction !== 'to-charge-point' || action !== 'ChangeConfiguration') return passed
  if (typeof payload.key !== 'string') return malformed('the configuration key is not a text')
  for (const name of Object.keys(payload)) {
    const folded = foldKey(name)
    if (name !== folded && (folded === 'key' || folded === 'value')) {
      return malformed(`the member ${folded} is spelled in another way`)
    }
  }
  const isGuarded = guardedKeys.has(configurationKey(payload))
  return isGuarded && typeof payload.value !== 'string' ? malformed('the value is not a text') : passed
}

function malformed(detail: string): MessageVerdict {
  return { allowed: false, cause: 'malformed', requirements: ['A00.FR.005', 'CWE-436'], detail }
}

export function operatorDenies(
  cause: 'action' | 'configuration-key' | 'unreadable-key',
  detail: string,
): MessageVerdict {
  return { allowed: false, cause, requirements: ['CWE-284'], detail }
}
