import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import { BoundedMap } from '../../policy/bounded-map.ts'
import { messageOf } from '../../policy/error.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import type { Registry } from '../../store/store.ts'

/** `upgradeTo` of the registry while an upgrade is under way: opened before the CALL, closed when it failed. */
export interface PendingUpgrades {
  /**
   * Admits `to` from now on, too; durable when fulfilled. Returns what to go back to. Throws ProxyError
   * of the store.
   */
  open(identity: string, to: SecurityProfile): Promise<Opened>
  /** It will not come: as it was before. Durable when fulfilled. Throws ProxyError of the store. */
  close(identity: string, opened: Opened, why: string): Promise<void>
  /** The charge point may still come: closed when it is seen on a lower profile than `to`. */
  leaveOpen(identity: string, opened: Opened): void
  /** It came. */
  reached(identity: string): void
  /** A session has begun: closes what it shows to have failed (A05.FR.08). */
  started(session: UseCaseSession): void
}

export interface Opened {
  readonly to: SecurityProfile
  /** `upgradeTo` as it was. */
  readonly before: SecurityProfile | null
}

/** Upgrades that are remembered until the charge point comes back; after a restart an operator sees them in the registry. */
const maxPending = 50_000

export function createPendingUpgrades(deps: {
  readonly registry: Registry
  readonly note: NoteEvent
  readonly log: Logger
}): PendingUpgrades {
  const { registry, log } = deps
  const pending = new BoundedMap<string, Opened>(maxPending)

  function note(identity: string, text: string): void {
    deps.note({
      type: 'ReconfigurationOfSecurityParameters',
      identity,
      techInfo: `security profile: ${text}`,
    })
    log.info({ identity, what: text }, 'security profile')
  }

  async function open(identity: string, to: SecurityProfile): Promise<Opened> {
    const present = (await registry.get(identity))?.upgradeTo ?? null
    const earlier = pending.get(identity)
    pending.delete(identity)
    // A second try: what an earlier one has left open is not how it was.
    const before = earlier !== undefined && earlier.to === present ? earlier.before : present
    if (present === null || present < to) {
      await registry.update(identity, { upgradeTo: to })
      note(identity, `${to} is admitted from now on, and kept from its first connection on`)
    }
    return { to, before }
  }

  async function close(identity: string, { to, before }: Opened, why: string): Promise<void> {
    pending.delete(identity)
    const record = await registry.get(identity)
    // Reached, or changed by somebody else meanwhile: that stays.
    if (record?.upgradeTo !== to || before === to) return
    await registry.update(identity, { upgradeTo: before })
    note(identity, `the upgrade to ${to} is over: ${why}`)
  }

  function started(session: UseCaseSession): void {
    const { identity, profile } = session.facts
    const opened = pending.get(identity)
    if (opened === undefined) return
    pending.delete(identity)
    if (profile >= opened.to) {
      note(identity, `reached ${profile}; lower ones are refused from now on (A05.FR.09)`)
      return
    }
    // Whoever got hold of a password of the lower profile must not use the door that was left open.
    close(identity, opened, `it came back on ${profile} (A05.FR.08)`).catch((error: unknown) =>
      log.error({ identity, err: messageOf(error) }, 'an upgrade that failed could not be closed'),
    )
  }

  return {
    open,
    close,
    leaveOpen: (identity, opened) => pending.set(identity, opened),
    reached: (identity) => pending.delete(identity),
    started,
  }
}
