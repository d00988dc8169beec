import type { SharedStore } from '../../store/store.ts'
import type { KnownDenyList } from './known-denied.ts'
import type { KnownRegistry } from './known-registry.ts'

export interface ChangeFollowerDeps {
  readonly shared: Pick<SharedStore, 'changesAfter' | 'denialsAfter'>
  readonly registry: Pick<KnownRegistry, 'refresh'>
  readonly denied: Pick<KnownDenyList, 'refresh'>
  /** Ends sessions that would not be admitted any more; null: anybody may have changed. */
  readonly changed: (identities: readonly string[] | null) => Promise<void>
  readonly log: { error(fields: object, text: string): void }
}

/**
 * Follows what others change in the store: what is remembered for an outage is read again, and who was
 * blocked or removed loses the session. Looked at with every beat.
 */
export class ChangeFollower {
  readonly #deps: ChangeFollowerDeps
  /** Of the changes that were looked at; null: none were. */
  #revision: number | null = null
  #deniedRevision: number | null = null
  #changedLately: readonly string[] | null = []
  #missed = 0
  #caughtUp = 0

  constructor(deps: ChangeFollowerDeps) {
    this.#deps = deps
  }

  /** The store was away. After a failover that lost its last writes, the same numbers may be those of other changes. */
  missed(): void {
    this.#missed += 1
  }

  /** Rejected when the store is away: everything is looked at again then. */
  async look(): Promise<void> {
    const { shared, registry, denied, changed } = this.#deps
    const missed = this.#missed
    const readsAll = missed !== this.#caughtUp
    const found = await shared.changesAfter(this.#revision)
    if (this.#revision !== null && found.revision < this.#revision)
      this.#goneBack(this.#revision - found.revision)
    await registry.refresh(readsAll ? null : found.names)
    await changed(found.names)
    if (readsAll && found.names !== null) await changed(null)
    // Who was on the way in at the last look had been found admissible before, and had no session to end.
    await changed(this.#changedLately)
    this.#changedLately = found.names
    this.#revision = found.revision
    const denials = await shared.denialsAfter(this.#deniedRevision)
    await denied.refresh(readsAll ? null : denials.names)
    this.#deniedRevision = denials.revision
    this.#caughtUp = missed
  }

  /** Who is not registered any more was not removed by anybody: such a session stays. */
  #goneBack(changes: number): void {
    this.#changedLately = []
    this.#deps.log.error({ changes }, 'the store has lost its data, or the last of it: restore a backup')
  }
}
