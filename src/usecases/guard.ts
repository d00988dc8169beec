import type { MessagesConfig } from '../config/schema.ts'
import type { NoteEvent } from '../events/proxy-event.ts'
import { isActionName } from '../ocpp/actions.ts'
import {
  checkConfigurationForm,
  checkFromCentralSystem,
  checkOverProfile,
  type MessageVerdict,
} from '../policy/messages.ts'
import type { Protocol } from '../policy/protocol.ts'
import { Repeats, unsaidWords } from '../policy/repeats.ts'
import {
  answerError,
  type Call,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
  type Watch,
} from '../relay/use-case.ts'

export interface GuardDeps {
  /** Asked for every CALL, so that a reload counts at once; what is watched is settled at the start. */
  readonly settings: () => Pick<MessagesConfig, 'fromCentralSystem' | 'overInsecureProfiles'>
  readonly note: NoteEvent
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/** A central system that asks again and again makes one event a minute, not one a CALL (CWE-770). */
const repeatMs = 60_000
const maxRemembered = 10_000

/**
 * Stands between both sides (design, section 10): what the operator denies the central system, and
 * what is about certificates, passwords or the profile on a connection without TLS. What it refuses is
 * answered with SecurityError (or FormationViolation, where nobody can say what it means), never seen by
 * the other side, and noted. It comes before all other use cases: what is refused must not set off anything.
 */
export function createGuard(deps: GuardDeps): UseCase {
  return guardOf(deps, {
    name: 'guard',
    protocols: ['ocpp1.6'],
    watches: watchesOf(deps.settings()),
    isAction: isActionName,
    malformedCode: 'FormationViolation',
    verdicts: (call, { facts }, { fromCentralSystem, overInsecureProfiles }) => [
      checkConfigurationForm(call),
      checkFromCentralSystem(call, fromCentralSystem),
      checkOverProfile(call, facts.profile, overInsecureProfiles),
    ],
  })
}

/** What differs between the versions of OCPP. */
export interface GuardRules extends Pick<UseCase, 'name' | 'watches'> {
  readonly protocols: readonly [Protocol]
  readonly isAction: (name: string) => boolean
  readonly malformedCode: string
  /** The first that is not allowed counts. */
  readonly verdicts: (
    call: Call,
    session: UseCaseSession,
    settings: ReturnType<GuardDeps['settings']>,
  ) => readonly MessageVerdict[]
}

export function guardOf({ settings, note, now }: GuardDeps, rules: GuardRules): UseCase {
  const repeats = new Repeats(repeatMs, maxRemembered)
  const refuse = (call: Call, session: UseCaseSession, verdict: MessageVerdict & { allowed: false }) => {
    const { identity, listener, address } = session.facts
    // Only what is a name of ours may be told apart: the rest is the sender's to choose.
    const [protocol] = rules.protocols
    const name = rules.isAction(call.action)
      ? call.action
      : `an action that ${versionOf(protocol)} does not have`
    const unsaid = repeats.say(`${identity}\n${call.direction}\n${name}\n${verdict.detail}`, now())
    if (unsaid !== null) {
      const sender = call.direction === 'to-charge-point' ? 'the central system' : 'the charge point'
      const ids = verdict.requirements.join(', ')
      const techInfo = `${name} from ${sender} refused: ${verdict.detail} [${ids}]${unsaidWords(unsaid)}`
      note({ type: 'MessageRefused', identity, listener, address, techInfo })
    }
    return answerError(verdict.cause === 'malformed' ? rules.malformedCode : 'SecurityError', verdict.detail)
  }
  return {
    name: rules.name,
    protocols: rules.protocols,
    watches: rules.watches,
    onCall(call: Call, session: UseCaseSession): CallFate {
      for (const verdict of rules.verdicts(call, session, settings()))
        if (!verdict.allowed) return refuse(call, session, verdict)
      return forward
    },
  }
}

function versionOf(protocol: Protocol): string {
  return protocol.replace('ocpp', 'OCPP ')
}

/** Everything only where the lists ask for it: the rest of the traffic is not parsed for us. */
function watchesOf({ fromCentralSystem }: Pick<MessagesConfig, 'fromCentralSystem'>): readonly Watch[] {
  const { allow, deny } = fromCentralSystem
  const fromChargePoint: readonly Watch[] = [
    { direction: 'to-central-system', action: 'SignCertificate' },
    { direction: 'to-central-system', action: 'DataTransfer', only: isInsecure },
  ]
  const denied = deny.filter(isActionName)
  if (allow !== undefined || denied.length < deny.length) {
    return [...fromChargePoint, { direction: 'to-charge-point', action: '*' }]
  }
  const actions = new Set([...sensitiveActions, ...denied])
  const toChargePoint = [...actions].map((action): Watch => ({ direction: 'to-charge-point', action }))
  const wrapped: Watch = { direction: 'to-charge-point', action: 'DataTransfer', only: isInsecure }
  return [...fromChargePoint, ...toChargePoint, ...(actions.has('DataTransfer') ? [] : [wrapped])]
}

/** Nobody else's DataTransfer is parsed for us. */
function isInsecure({ facts }: UseCaseSession): boolean {
  return facts.profile < 2
}

const sensitiveActions = [
  'CertificateSigned',
  'ChangeConfiguration',
  'DeleteCertificate',
  'ExtendedTriggerMessage',
  'GetInstalledCertificateIds',
  'InstallCertificate',
] as const
