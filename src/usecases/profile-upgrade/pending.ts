import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import { type UpgradePhase, upgradeIsOver } from '../../policy/profile.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import type { Registry } from '../../store/store.ts'
import type { OperationTurns } from '../operation/turns.ts'

/**
 * `upgradeTo` of the registry while an upgrade is under way: opened before the CALL, closed when it failed.
 * Who opened it, and what to go back to, stands beside it in the registry, so that a proxy that is killed
 * in between leaves no door open for ever.
 */
export interface PendingUpgrades {
  /**
   * Admits `to` from now on, too; durable when fulfilled. Returns which upgrade it is. Throws ProxyError
   * of the store.
   */
  open(identity: string, to: SecurityProfile): Promise<Opened>
  /** It will not come: as it was before. Durable when fulfilled. Throws ProxyError of the store. */
  close(identity: string, opened: Opened, why: string): Promise<void>
  /** What its answer says. Durable when fulfilled. Throws ProxyError of the store. */
  answered(identity: string, opened: Opened, phase: Exclude<UpgradePhase, 'offered'>): Promise<void>
  /** A session has begun: closes what it shows to have failed (A05.FR.08). */
  started(session: UseCaseSession): void
}

export interface Opened {
  readonly to: SecurityProfile
  /** When; null: an operator has opened it, which nothing here takes back. */
  readonly at: number | null
}

export function createPendingUpgrades(deps: {
  readonly registry: Registry
  /**
   * Held to the upgrade, and not to who has the session: the charge point may be back at another replica
   * when it turns out how it ends.
   */
  readonly steps: Pick<Registry, 'stepUpgrade'>
  readonly turns: Pick<OperationTurns, 'isTaken'>
  readonly note: NoteEvent
  readonly log: Logger
  readonly now: () => number
  /** `profileUpgrade.openFor`, in milliseconds. */
  readonly openForMs: () => number
}): PendingUpgrades {
  const { registry, steps, turns, log, now, openForMs } = deps

  function note(identity: string, text: string): void {
    deps.note({
      type: 'ReconfigurationOfSecurityParameters',
      identity,
      techInfo: `security profile: ${text}`,
    })
    log.info({ identity, what: text }, 'security profile')
  }

  async function open(identity: string, to: SecurityProfile): Promise<Opened> {
    const record = await registry.get(identity)
    const present = record?.upgradeTo ?? null
    const opened = record?.upgradeOpened ?? null
    if (present !== null && present >= to) return { to, at: opened?.at ?? null }
    // A second try: what an earlier one has left open is not how it was.
    const before = opened === null ? present : opened.before
    // A clock that stands must not give two upgrades the same beginning.
    const time = now()
    const at = time === opened?.at ? time + 1 : time
    await registry.update(identity, { upgradeTo: to, upgradeOpened: { before, phase: 'offered', at } })
    note(identity, `${to} is admitted from now on, and kept from its first connection on`)
    return { to, at }
  }

  async function close(identity: string, { to, at }: Opened, why: string): Promise<void> {
    // Reached, or changed by somebody else meanwhile: that stays.
    if (at === null || !(await steps.stepUpgrade(identity, { to, at }, 'close', now()))) return
    note(identity, `the upgrade to ${to} is over: ${why}`)
  }

  async function answered(
    identity: string,
    { to, at }: Opened,
    phase: Exclude<UpgradePhase, 'offered'>,
  ): Promise<void> {
    if (at !== null) await steps.stepUpgrade(identity, { to, at }, phase, now())
  }

  function started({ facts }: UseCaseSession): void {
    const { identity, profile, pendingUpgrade } = facts
    // The operation that is under way judges by itself how the charge point came back.
    if (pendingUpgrade === null || turns.isTaken(identity)) return
    if (profile >= pendingUpgrade.to) {
      note(identity, `reached ${profile}; lower ones are refused from now on (A05.FR.09)`)
      return
    }
    if (!upgradeIsOver(pendingUpgrade, openForMs(), now())) return
    close(identity, pendingUpgrade, `it came back on ${profile} (A05.FR.08)`).catch((error: unknown) =>
      log.error({ identity, err: messageOf(error) }, 'an upgrade that failed could not be closed'),
    )
  }

  return { open, close, answered, started }
}
