import type { Logger } from '../observe/log.ts'
import { messageOf } from '../policy/error.ts'
import type { DenyList } from '../store/store.ts'

export interface DenyListWatchDeps {
  readonly denied: Pick<DenyList, 'revision'>
  readonly log: Pick<Logger, 'error'>
}

/**
 * Notices that somebody has changed the deny list. Revisions are numbers that the store counts: the same one
 * is the same list as long as nothing was lost in between. After a failover that lost the last writes, or
 * another file put in its place, it may be the number of other changes; whoever could not look meanwhile takes
 * the list for another one.
 */
export class DenyListWatch {
  readonly #deps: DenyListWatchDeps
  /** null: not looked at so far. */
  #revision: number | null = null
  #isLooking = false
  #couldLook = true
  #isDoubtful = false

  constructor(deps: DenyListWatchDeps) {
    this.#deps = deps
  }

  /** The store was away, and is back: the next look takes the list for another one. */
  missed(): void {
    this.#isDoubtful = true
  }

  /** Is it another one than at the last look? Never rejected; what fails is tried again by whoever looks next. */
  async look(): Promise<boolean> {
    // Whoever changes it while we look is seen the next time.
    if (this.#isLooking) return false
    this.#isLooking = true
    const wasDoubtful = this.#isDoubtful
    this.#isDoubtful = false
    try {
      const revision = await this.#deps.denied.revision()
      const isSame = !wasDoubtful && this.#couldLook
      const isNew = this.#revision === null ? !this.#couldLook : !isSame || revision !== this.#revision
      this.#revision = revision
      this.#couldLook = true
      return isNew
    } catch (error) {
      if (this.#couldLook) this.#deps.log.error({ err: messageOf(error) }, 'the deny list cannot be read')
      this.#couldLook = false
      return false
    } finally {
      this.#isLooking = false
    }
  }
}
