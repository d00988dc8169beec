import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
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
} from '../../relay/use-case.ts'
import type { Registry } from '../../store/store.ts'
import { readChangeAnswer } from '../operation/answer.ts'
import type { OperationTurns } from '../operation/turns.ts'
import type { Opened, PendingUpgrades } from './pending.ts'
import { type AskedProfile, askedProfiles } from './request.ts'
import { judgeRequest, missingFor, presentProfile } from './rules.ts'

export interface ProfileUpgradeDeps {
  readonly registry: Registry
  readonly pending: PendingUpgrades
  readonly turns: OperationTurns
  readonly note: NoteEvent
  readonly log: Logger
  readonly now: () => number
  /** Profiles that a listener serves. */
  readonly served: () => ReadonlySet<SecurityProfile>
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
export function profileUpgrade(deps: ProfileUpgradeDeps): UseCase {
  const { registry, pending, turns, note, log, now, served, mayLower } = deps
  const repeats = new Repeats(repeatMs, maxRemembered)

  function refuse({ action }: Call, session: UseCaseSession, why: string): CallFate {
    const { identity, listener, address } = session.facts
    const unsaid = repeats.say(`${identity}\n${action}\n${why}`, now())
    if (unsaid !== null) {
      const techInfo = `${action} of the central system about SecurityProfile: ${why}${unsaidWords(unsaid)}`
      note({ type: 'MessageRefused', identity, listener, address, techInfo })
      log.warn({ identity, action, why, unsaid }, 'a change of the security profile was refused')
    }
    return answerWith({ status: 'Rejected' })
  }

  async function judge(
    call: Call,
    session: UseCaseSession,
    asked: readonly AskedProfile[],
  ): Promise<CallFate> {
    const { identity, profile } = session.facts
    if (turns.isTaken(identity))
      return refuse(call, session, 'an operation on this charge point is under way')
    const record = await registry.get(identity)
    if (record === null) return refuse(call, session, 'the charge point is not registered')
    const verdict = judgeRequest(asked, presentProfile(record, profile), { mayLower: mayLower() })
    switch (verdict.kind) {
      case 'pass':
        return forward
      case 'refuse':
        return refuse(call, session, verdict.detail)
      case 'raise':
      case 'lower': {
        const missing = missingFor(verdict.to, { record, served: served(), now: now() })
        if (missing !== null) return refuse(call, session, missing)
        return verdict.kind === 'raise' ? raise(identity, verdict.to) : lower(identity, verdict.to)
      }
      default:
        return verdict satisfies never
    }
  }

  async function raise(identity: string, to: SecurityProfile): Promise<CallFate> {
    const opened = await pending.open(identity, to)
    return { kind: 'forward', answered: (answer) => heard(identity, () => raised(identity, opened, answer)) }
  }

  async function raised(identity: string, opened: Opened, answer: Answer | null): Promise<void> {
    const read = readChangeAnswer(answer)
    if (read.kind === 'refused') await pending.close(identity, opened, read.detail)
    else await pending.answered(identity, opened, read.kind === 'reboot-required' ? 'waiting' : 'tried')
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
    watches: [
      { direction: 'to-charge-point', action: 'ChangeConfiguration' },
      { direction: 'to-charge-point', action: 'DataTransfer' },
    ],
    onCall(call: Call, session: UseCaseSession): CallFate | Promise<CallFate> {
      const asked = askedProfiles(call)
      return asked.length === 0 ? forward : judge(call, session, asked)
    },
    started: (session) => pending.started(session),
  }
}
