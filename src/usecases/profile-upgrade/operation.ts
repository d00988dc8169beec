import type { SecurityProfile } from '../../policy/facts.ts'
import type { Protocol } from '../../policy/protocol.ts'
import type { RootInventory, RootStore } from '../../store/store.ts'
import { askNetworkProfile, type NetworkProfile, type ProfileAskingDeps } from '../ocpp201/profile-asking.ts'
import { type ChangeAnswer, readChangeAnswer } from '../operation/answer.ts'
import {
  callOptions,
  endOfWait,
  failure,
  type Operation,
  type OperationDeps,
  operate,
  refusedOver,
} from '../operation/context.ts'
import type {
  ChargePointOperations,
  OperationOutcome,
  RotatePasswordOptions,
  UpgradeProfileOptions,
} from '../operation/operation.ts'
import { restart } from '../operation/restart.ts'
import { upgradeWithNewPassword } from './new-password.ts'
import type { Opened, PendingUpgrades } from './pending.ts'
import { certificateMissing, missingFor, presentProfile, rootMissing, unknownRoots } from './rules.ts'

export interface ProfileOperationDeps extends OperationDeps {
  readonly pending: PendingUpgrades
  readonly roots: Pick<RootStore, 'inventory'>
  /** Profiles that a listener serves in this version of OCPP. */
  readonly served: (protocol: Protocol) => ReadonlySet<SecurityProfile>
  /** How a charging station of OCPP 2.0.1 reaches a profile; null: nobody has said. */
  readonly networkProfile: (to: SecurityProfile) => NetworkProfile | null
  readonly taken: ProfileAskingDeps['taken']
  /**
   * Milliseconds for which a charge point that fell back may still try again (A05.FR.08 does not say
   * how often it tries); default 10 s.
   */
  readonly fallbackPatienceMs?: number
  /** A01 as a part of the operation, for `newPassword`. */
  readonly rotate: (operation: Operation, options: RotatePasswordOptions) => Promise<OperationOutcome>
}

type Failure = OperationOutcome & { readonly ok: false }

/** A05 by an operator or a campaign: prerequisites, SecurityProfile, and a connection on it. */
export function profileUpgradeOperation(deps: ProfileOperationDeps): ChargePointOperations['upgradeProfile'] {
  return (identity, to, options) =>
    operate(deps, 'upgrade-profile', identity, options, (operation) => upgrade(deps, operation, to, options))
}

async function upgrade(
  deps: ProfileOperationDeps,
  operation: Operation,
  to: 1 | 2 | 3,
  options: UpgradeProfileOptions,
): Promise<OperationOutcome> {
  const { record, session } = operation
  const refused = refusedOver(deps, 'profile', session)
  if (refused !== null) return refused
  const present = presentProfile(record, session.facts.profile)
  if (to === present) return { ok: true, detail: `it is on profile ${to} already` }
  if (to < present)
    return failure('prerequisite', `it is kept on profile ${present}; nothing lowers that (A00.FR.005)`)
  const hasNewPassword = options.newPassword === true
  if (hasNewPassword && to === 3) return failure('prerequisite', 'profile 3 has no use for a new password')
  const roots = await deps.roots.inventory(operation.identity)
  const missing = await missingOf(deps, operation, to, hasNewPassword, roots)
  if (missing !== null) return failure('prerequisite', missing)
  const raiseNow = async (now: Operation) =>
    withNote(await raise(deps, now, to, options), unknownRoots(to, roots))
  if (!hasNewPassword) return raiseNow(operation)
  return upgradeWithNewPassword(deps, operation, {
    rotate: (rest) => deps.rotate(rest, { ...options, reset: options.reset === true }),
    upgrade: raiseNow,
  })
}

/** What the proxy could not look at before is worth knowing once the charge point has said no. */
function withNote(outcome: OperationOutcome, note: string | null): OperationOutcome {
  if (outcome.ok || note === null || outcome.code !== 'refused') return outcome
  return failure(outcome.code, `${outcome.detail}; ${note}`)
}

/** Opens the higher profile, asks for it, and waits for it. */
async function raise(
  deps: ProfileOperationDeps,
  operation: Operation,
  to: 1 | 2 | 3,
  options: UpgradeProfileOptions,
): Promise<OperationOutcome> {
  const { identity, record, session } = operation
  const present = presentProfile(record, session.facts.profile)
  const opened = await deps.pending.open(identity, to)
  const outcome = await send(deps, operation, opened, options)
  if (outcome.ok) return { ok: true, detail: `${outcome.detail}${skipped(present, to)}` }
  return outcome
}

async function missingOf(
  deps: ProfileOperationDeps,
  operation: Operation,
  to: 1 | 2 | 3,
  hasNewPassword: boolean,
  roots: readonly RootInventory[],
): Promise<string | null> {
  const { identity, record, session } = operation
  const { protocol } = session.facts
  const now = deps.clock.now()
  const missing =
    missingFor(to, { record, served: deps.served(protocol), now, hasNewPassword }) ??
    wayMissing(deps, protocol, to) ??
    rootMissing(to, roots)
  if (missing !== null || to !== 3) return missing
  return certificateMissing(await deps.registry.keysOf(identity), now)
}

/** Null: it can be told. */
function wayMissing(
  { networkProfile }: ProfileOperationDeps,
  protocol: Protocol,
  to: SecurityProfile,
): string | null {
  return protocol === 'ocpp2.0.1' && networkProfile(to) === null
    ? `profileUpgrade.networkProfiles does not say how it reaches profile ${to}`
    : null
}

/** Asks it for the profile, in the words of its version. */
async function ask(
  deps: ProfileOperationDeps,
  operation: Operation,
  to: SecurityProfile,
): Promise<ChangeAnswer> {
  const { session } = operation
  const way = session.facts.protocol === 'ocpp2.0.1' ? deps.networkProfile(to) : null
  if (way !== null) return askNetworkProfile(deps, operation, way)
  const payload = { key: 'SecurityProfile', value: String(to) }
  return readChangeAnswer(
    await session.callChargePoint('ChangeConfiguration', payload, callOptions(deps, operation)),
  )
}

/** The standard allows any higher profile; who skips one should know. */
function skipped(present: SecurityProfile, to: SecurityProfile): string {
  return to - present > 1 && present > 0 ? `; profile ${present + 1} was skipped` : ''
}

async function send(
  deps: ProfileOperationDeps,
  operation: Operation,
  opened: Opened,
  options: UpgradeProfileOptions,
): Promise<OperationOutcome> {
  const { identity, session } = operation
  const answer = await ask(deps, operation, opened.to)
  switch (answer.kind) {
    case 'refused':
      await deps.pending.close(identity, opened, answer.detail)
      return failure(answer.code, answer.detail)
    case 'unknown': {
      // With a new password it is asked again when it hung up; waiting for it to try by itself is for nothing.
      const isAskedAgain = options.newPassword === true && !session.isOpen
      const late = failure('no_answer', answer.detail)
      return awaitHigher(deps, operation, opened, late, isAskedAgain ? 0 : undefined)
    }
    case 'accepted':
      await deps.pending.answered(identity, opened, 'tried')
      return awaitHigher(
        deps,
        operation,
        opened,
        failure('not_back', 'it accepted and did not come back in time'),
      )
    case 'reboot-required': {
      await deps.pending.answered(identity, opened, 'waiting')
      const problem = options.reset === true ? await restart(deps, operation) : null
      const detail = problem ?? 'it did not come back in time'
      const late = failure('not_back', `it takes the profile at its next start: ${detail}`)
      if (problem === null) return awaitHigher(deps, operation, opened, late)
      // It will come at its next start, whenever that is: until then the higher profile stays open.
      return late
    }
    default:
      return answer satisfies never
  }
}

/** A05.FR.07: the ratchet moved with the first connection on the higher profile, before it is seen here. */
async function awaitHigher(
  deps: ProfileOperationDeps,
  operation: Operation,
  opened: Opened,
  late: Failure,
  fallbackPatienceMs = deps.fallbackPatienceMs ?? 10_000,
): Promise<OperationOutcome> {
  const { identity, session, watch, deadline, signal } = operation
  let patience = Number.POSITIVE_INFINITY
  let fellBackTo: SecurityProfile | null = null
  for (;;) {
    const arrival = await watch.next(Math.min(deadline.left(), patience), signal)
    if (arrival === null) break
    // Begun while the operation did: it is the one that was asked.
    if (arrival === session) continue
    const { profile } = arrival.facts
    if (profile >= opened.to) {
      const techInfo = `security profile: reached ${profile}; lower ones are refused from now on (A05.FR.09)`
      deps.note({ type: 'ReconfigurationOfSecurityParameters', identity, techInfo })
      return { ok: true, detail: `it is on profile ${profile}` }
    }
    fellBackTo = profile
    patience = fallbackPatienceMs
  }
  if (fellBackTo === null) {
    // It may be on its way: shutting the door now could lock it out. Its next session decides.
    if (late.code === 'no_answer' && !signal.aborted) await deps.pending.answered(identity, opened, 'tried')
    return endOfWait(operation, late.code, late.detail)
  }
  const detail = `it came back on profile ${fellBackTo} (A05.FR.08), which stays open`
  await deps.pending.close(identity, opened, detail)
  return late.code === 'no_answer'
    ? failure('no_answer', `${late.detail}; ${detail}`)
    : failure('fell_back', detail)
}
