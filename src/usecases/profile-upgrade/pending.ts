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
   * Admits `to` from now on, too; durable when fulfilled. Returns what to go back to. Throws ProxyError
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
  /** `upgradeTo` as it was. */
  readonly before: SecurityProfile | null
}

export function createPendingUpgrades(deps: {
  readonly registry: Registry
  readonly turns: Pick<OperationTurns, 'isTaken'>
  readonly note: NoteEvent
  readonly log: Logger
  readonly now: () => number
  /** `profileUpgrade.openFor`, in milliseconds. */
  readonly openForMs: () => number
}): PendingUpgrades {
  const { registry, turns, log, now, openForMs } = deps

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
    // A second try: what an earlier one has left open is not how it was.
    const before = record?.upgradeOpened ? record.upgradeOpened.before : present
    if (present === null || present < to) {
      const upgradeOpened = { before, phase: 'offered', at: now() } as const
      await registry.update(identity, { upgradeTo: to, upgradeOpened })
      note(identity, `${to} is admitted from now on, and kept from its first connection on`)
    }
    return { to, before }
  }

  async function close(identity: string, { to, before }: Opened, why: string): Promise<void> {
    const record = await registry.get(identity)
    // Reached, or changed by somebody else meanwhile: that stays.
    if (record?.upgradeTo !== to || record.upgradeOpened === null) return
    await registry.update(identity, { upgradeTo: before })
    note(identity, `the upgrade to ${to} is over: ${why}`)
  }

  async function answered(
    identity: string,
    { to, before }: Opened,
    phase: Exclude<UpgradePhase, 'offered'>,
  ): Promise<void> {
    const record = await registry.get(identity)
    if (record?.upgradeTo !== to || record.upgradeOpened === null) return
    const { at } = record.upgradeOpened
    await registry.update(identity, { upgradeOpened: { before, phase, at } })
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
