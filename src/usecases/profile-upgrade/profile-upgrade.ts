import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import type { Payload } from '../../ocpp/message.ts'
import { messageOf } from '../../policy/error.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import type { Protocol } from '../../policy/protocol.ts'
import { Repeats, unsaidWords } from '../../policy/repeats.ts'
import {
  type Answer,
  type AnswerFate,
  answerWith,
  type Call,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
  type Watch,
} from '../../relay/use-case.ts'
import type { Registry } from '../../store/store.ts'
import { type ChangeAnswer, readChangeAnswer } from '../operation/answer.ts'
import type { OperationTurns } from '../operation/turns.ts'
import type { Opened, PendingUpgrades } from './pending.ts'
import { type AskedProfile, askedProfiles } from './request.ts'
import { judgeRequest, missingFor, presentProfile, type RequestVerdict } from './rules.ts'

/** How a version of OCPP asks a charge point for a security profile. */
export interface ProfileMessage {
  readonly protocol: Protocol
  readonly watches: readonly Watch[]
  /** Every profile that the CALL asks for; empty: it is about something else. */
  readonly asked: (call: Call, identity: string) => readonly AskedProfile[]
  readonly judge: (
    asked: readonly AskedProfile[],
    present: SecurityProfile,
    options: { readonly mayLower: boolean },
  ) => RequestVerdict
  /** Our own answer: it was refused, and nothing was done. */
  readonly refused: (call: Call) => Payload
  readonly answered: (answer: Answer | null, call: Call) => ChangeAnswer
  /** It has taken it; called whatever became of the present profile. */
  readonly taken?: (call: Call, identity: string) => void
  /** Once it has taken a profile: does it try it at once, or at its next start? */
  readonly isImmediate: boolean
}

/** OCPP 1.6, A05: ChangeConfiguration of SecurityProfile, or a DataTransfer that comes to the same. */
export const securityProfileKey: ProfileMessage = {
  protocol: 'ocpp1.6',
  watches: [
    { direction: 'to-charge-point', action: 'ChangeConfiguration' },
    { direction: 'to-charge-point', action: 'DataTransfer' },
  ],
  asked: askedProfiles,
  judge: judgeRequest,
  refused: () => ({ status: 'Rejected' }),
  answered: readChangeAnswer,
  isImmediate: true,
}

export interface ProfileUpgradeDeps {
  readonly registry: Registry
  readonly pending: PendingUpgrades
  readonly turns: OperationTurns
  readonly note: NoteEvent
  readonly log: Logger
  readonly now: () => number
  /** Profiles that a listener serves in this version of OCPP. */
  readonly served: (protocol: Protocol) => ReadonlySet<SecurityProfile>
  /** Edition 4 with `profileUpgrade.allowSecurityProfileDowngrade`. */
  readonly mayLower: () => boolean
}

/** A central system that asks again and again makes one event and one line a minute (CWE-770). */
const repeatMs = 60_000
const maxRemembered = 10_000

/**
 * A00.FR.005 and A05, seen passing: the central system sets SecurityProfile, or asks for it in a
 * DataTransfer. What would lower it, or lead to where nothing listens, is answered Rejected here and
 * never reaches the charge point, because real ones obey. What raises it goes on as the bytes that came,
 * after the higher profile is admitted.
 */
export function profileUpgrade(deps: ProfileUpgradeDeps, message = securityProfileKey): UseCase {
  const { registry, pending, turns, note, log, now, served, mayLower } = deps
  const repeats = new Repeats(repeatMs, maxRemembered)

  function refuse(call: Call, session: UseCaseSession, why: string): CallFate {
    const { action } = call
    const { identity, listener, address } = session.facts
    const unsaid = repeats.say(`${identity}\n${action}\n${why}`, now())
    if (unsaid !== null) {
      const techInfo = `${action} of the central system about SecurityProfile: ${why}${unsaidWords(unsaid)}`
      note({ type: 'MessageRefused', identity, listener, address, techInfo })
      log.warn({ identity, action, why, unsaid }, 'a change of the security profile was refused')
    }
    return answerWith(message.refused(call))
  }

  async function judge(
    call: Call,
    session: UseCaseSession,
    asked: readonly AskedProfile[],
  ): Promise<CallFate> {
    const { identity, profile, protocol } = session.facts
    if (turns.isTaken(identity))
      return refuse(call, session, 'an operation on this charge point is under way')
    const record = await registry.get(identity)
    if (record === null) return refuse(call, session, 'the charge point is not registered')
    const verdict = message.judge(asked, presentProfile(record, profile), { mayLower: mayLower() })
    switch (verdict.kind) {
      case 'pass':
        return {
          kind: 'forward',
          answered: (answer) => {
            if (message.answered(answer, call).kind !== 'refused') message.taken?.(call, identity)
            return forward
          },
        }
      case 'refuse':
        return refuse(call, session, verdict.detail)
      case 'raise':
      case 'lower': {
        const missing = missingFor(verdict.to, { record, served: served(protocol), now: now() })
        if (missing !== null) return refuse(call, session, missing)
        return verdict.kind === 'raise' ? raise(call, identity, verdict.to) : lower(identity, verdict.to)
      }
      default:
        return verdict satisfies never
    }
  }

  async function raise(call: Call, identity: string, to: SecurityProfile): Promise<CallFate> {
    const opened = await pending.open(identity, to)
    return {
      kind: 'forward',
      answered: (answer) => heard(identity, () => raised(call, identity, opened, answer)),
    }
  }

  async function raised(call: Call, identity: string, opened: Opened, answer: Answer | null): Promise<void> {
    const read = message.answered(answer, call)
    if (read.kind === 'refused') return pending.close(identity, opened, read.detail)
    message.taken?.(call, identity)
    const isLater = read.kind === 'reboot-required' || !message.isImmediate
    await pending.answered(identity, opened, isLater ? 'waiting' : 'tried')
  }

  /** Edition 4, A05.FR.10: the lower one is kept once it was accepted; the way back stays open until it came. */
  async function lower(identity: string, to: SecurityProfile): Promise<CallFate> {
    const lowered = async (answer: Answer | null) => {
      const { kind } = readChangeAnswer(answer)
      if (kind !== 'accepted' && kind !== 'reboot-required') return
      const techInfo = `security profile: lowered to ${to} by the central system (edition 4)`
      note({ type: 'ReconfigurationOfSecurityParameters', identity, techInfo })
      const phase = kind === 'reboot-required' ? 'waiting' : 'tried'
      await registry.update(identity, {
        securityProfile: to,
        upgradeTo: 3,
        upgradeOpened: { before: null, phase, at: now() },
      })
    }
    return { kind: 'forward', answered: (answer) => heard(identity, () => lowered(answer)) }
  }

  /**
   * The answer goes on at once: a charge point that changes its profile hangs up right behind it, and
   * an answer that waits would be lost with the session.
   */
  function heard(identity: string, body: () => Promise<void>): AnswerFate {
    body().catch((error: unknown) => {
      // Open for longer than needed, and seen in the registry.
      log.error({ identity, err: messageOf(error) }, 'the answer to a new security profile cannot be stored')
    })
    return forward
  }

  return {
    name: 'profile-upgrade',
    protocols: [message.protocol],
    watches: message.watches,
    onCall(call: Call, session: UseCaseSession): CallFate | Promise<CallFate> {
      const asked = message.asked(call, session.facts.identity)
      return asked.length === 0 ? forward : judge(call, session, asked)
    },
    started: (session) => pending.started(session),
  }
}
