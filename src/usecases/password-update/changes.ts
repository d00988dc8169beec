import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import type { CanonicalKey } from '../../policy/password.ts'
import type { Protocol } from '../../policy/protocol.ts'
import { Repeats } from '../../policy/repeats.ts'
import type { SessionDirectory, UseCaseSession } from '../../relay/use-case.ts'
import type {
  ChargePointRecord,
  CredentialChange,
  CredentialHash,
  CredentialStep,
  Registry,
} from '../../store/store.ts'
import type { ChangeAnswer } from '../operation/answer.ts'
import { type Graces, settlementOf, stepAfterAnswer } from './rules.ts'

export interface PasswordChangeDeps {
  readonly registry: Registry
  /** Whoever has the session: held to the change as it was seen. */
  readonly steps: Pick<Registry, 'listCredentialChanges' | 'stepCredentialChange'>
  readonly sessions: SessionDirectory
  /** The gate's: how a password is stored (A01.FR.08). */
  readonly hashKey: (key: Buffer, isText: boolean) => Promise<CredentialHash>
  /** The gate's: whether a stored password is this one. */
  readonly matches: (credential: CredentialHash, key: Buffer) => Promise<boolean>
  /**
   * `authorization` of the central system for this version is perChargePoint: how a password for the central system is kept.
   * null: it is not, or no sealing key is configured.
   */
  readonly sealUpstream: (protocol: Protocol) => ((identity: string, key: Buffer) => string) | null
  readonly note: NoteEvent
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly graces: () => Graces
}

type Origin = CredentialChange['origin']

/** Changes of passwords from the offer to the end, on disk before anybody can know of them (A01). */
export interface PasswordChanges {
  /** Durable when fulfilled: the CALL may go out. Throws ProxyError of the store. */
  begin(identity: string, key: CanonicalKey, origin: Origin): Promise<CredentialChange>
  /** Is it the password that this change offers? */
  isSame(change: CredentialChange, key: CanonicalKey): Promise<boolean>
  /** Durable when fulfilled. `isOnly` as in `stepAfterAnswer`. Throws ProxyError of the store. */
  answered(identity: string, change: CredentialChange, answer: ChangeAnswer, isOnly: boolean): Promise<void>
  /** A session has begun: what it says about a change. */
  started(session: UseCaseSession): void
  /** Ends what its grace is over for. Called about once a minute and at start. Never rejected. */
  settle(): Promise<void>
}

const words: Readonly<Record<CredentialStep, string>> = {
  accepted: 'the charge point took the new password; the old one stays for its grace',
  'reboot-required': 'the charge point takes the new password at its next start; both are valid until then',
  promote: 'the new password is the only one; the old one has ended',
  revert: 'the new password has ended; the old one stays',
}

/** Who does not restart is told of once a day. */
const remindMs = 86_400_000
const maxReminded = 10_000

const firstPage = 500
/** Changes that nobody has decided yet must not hide younger ones behind them, nor fill the memory. */
const largestPage = 64_000

export function createPasswordChanges(deps: PasswordChangeDeps): PasswordChanges {
  const { registry, steps, sessions, hashKey, matches, sealUpstream, log, now, graces } = deps
  const reminded = new Repeats(remindMs, maxReminded)

  function note(identity: string, text: string): void {
    // A01.FR.09: that a password was changed, and how; never the password.
    const techInfo = `password: ${text}`
    deps.note({ type: 'ReconfigurationOfSecurityParameters', identity, techInfo })
  }

  /** False: a login has settled it meanwhile, its grace was over, or another offer has taken its place. */
  async function step(
    identity: string,
    change: CredentialChange,
    kind: CredentialStep,
    why: string,
  ): Promise<boolean> {
    const { startedAt } = change
    const isDone = await registry
      .stepCredentialChange(identity, startedAt, kind, now())
      .catch((error: unknown) => {
        if (!(error instanceof ProxyError && error.code === 'lease_lost')) throw error
        // It has answered, and is back at another replica before that was written: the answer stands, unless the
        // change has gone on since.
        return steps.stepCredentialChange(identity, startedAt, kind, now(), change)
      })
    if (isDone) tell(identity, kind, why)
    return isDone
  }

  function tell(identity: string, kind: CredentialStep, why: string): void {
    note(identity, `${why}: ${words[kind]}`)
    log.info({ identity, step: kind, why }, 'password change')
  }

  /** Of the central system that it is connected to. */
  const sealerFor = (identity: string) => sealUpstream(sessions.get(identity)?.facts.protocol ?? 'ocpp1.6')

  async function begin(
    identity: string,
    { key, isText }: CanonicalKey,
    origin: Origin,
  ): Promise<CredentialChange> {
    const next = await hashKey(key, isText)
    // What an operator sets is between charge point and proxy: the central system keeps its password.
    // One that it has set itself it expects from then on.
    const nextUpstreamSecret =
      origin === 'central-system' ? (sealerFor(identity)?.(identity, key) ?? null) : null
    const change = await registry.beginCredentialChange(identity, { next, nextUpstreamSecret, origin }, now())
    note(identity, `a new one is offered to the charge point (${origin})`)
    log.info({ identity, origin }, 'password change begins')
    return change
  }

  async function answered(
    identity: string,
    change: CredentialChange,
    answer: ChangeAnswer,
    isOnly: boolean,
  ): Promise<void> {
    const kind = stepAfterAnswer(answer, graces(), isOnly)
    const why = 'detail' in answer ? answer.detail : `it answered ${answer.kind}`
    if (kind === null) return note(identity, `${why}: both passwords are valid until one is seen`)
    if (await step(identity, change, kind, why)) return
    if (kind !== 'revert') await takeUpAgain(identity, change, kind, why)
  }

  /** It was given up when its grace was over, and now it turns out that the charge point took it. */
  async function takeUpAgain(
    identity: string,
    { next, nextUpstreamSecret, origin }: CredentialChange,
    kind: CredentialStep,
    why: string,
  ): Promise<void> {
    const record = await registry.get(identity)
    if (record === null || record.credentialChange !== null || record.credential?.salt === next.salt) return
    const again = await registry.beginCredentialChange(identity, { next, nextUpstreamSecret, origin }, now())
    await step(identity, again, kind, `${why}, late`)
  }

  function started(session: UseCaseSession): void {
    if (session.facts.credential !== 'next') return
    note(session.facts.identity, 'the charge point has logged in with the new one; the old one has ended')
  }

  async function settle(): Promise<void> {
    try {
      const { acceptedGrace, unansweredGrace } = graces()
      const before = now() - Math.min(acceptedGrace, unansweredGrace) + 1
      for (let limit = firstPage; limit <= largestPage; limit *= 2) {
        const records = await steps.listCredentialChanges(before, limit)
        for (const record of records) await settleOne(record)
        if (records.length < limit) return
      }
    } catch (error) {
      log.error({ err: messageOf(error) }, 'password changes cannot be settled; they stay as they are')
    }
  }

  async function settleOne({ identity, credentialChange: change }: ChargePointRecord): Promise<void> {
    if (change === null) return
    const session = sessions.get(identity)
    // A login with the offered password would have ended the change, so whoever is connected by a
    // password has logged in with the old one. A certificate tells nothing.
    const oldInUse = (session?.facts.credential ?? null) !== null
    const kind = settlementOf(change, graces(), oldInUse, now())
    switch (kind) {
      case null:
        return
      case 'ask':
        if (session?.isOpen === true)
          session.end(1001, 'log in again: a change of the password has no answer')
        return
      case 'remind':
        return remind(identity)
      case 'promote':
      case 'revert':
        // Not if it was answered, or seen, while this was decided.
        if (await steps.stepCredentialChange(identity, change.startedAt, kind, now(), change))
          tell(identity, kind, 'its grace is over')
        return
      default:
        kind satisfies never
    }
  }

  /** It answered RebootRequired, and is still there by its old password. */
  function remind(identity: string): void {
    if (reminded.say(identity, now()) === null) return
    const text = 'the charge point waits for a restart to take the new one; both are valid until then'
    note(identity, text)
    log.warn({ identity }, `password: ${text}`)
  }

  return { begin, isSame: (change, { key }) => matches(change.next, key), answered, started, settle }
}
