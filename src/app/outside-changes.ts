import { setImmediate as nextTurn } from 'node:timers/promises'
import { endSession, endWhatIsNotAdmitted } from '../admin/sessions.ts'
import type { Logger } from '../observe/log.ts'
import { messageOf } from '../policy/error.ts'
import type { SessionDirectory } from '../relay/use-case.ts'
import type { Registry, Store } from '../store/store.ts'
import type { SecurityEvents } from './security-events.ts'

/** Charge points that are looked up before others have a turn. */
const batch = 100

/**
 * Ends the sessions of these charge points that would not be admitted any more (A00.FR.408): somebody has blocked or
 * removed them in the store, past this process. null: of any, nobody knows of whom; then who is not registered stays,
 * because a store that has lost its data knows nobody. Throws ProxyError (`store_…`).
 */
export async function endNotAdmitted(
  registry: Pick<Registry, 'getAll'>,
  sessions: SessionDirectory,
  changed: readonly string[] | null,
): Promise<void> {
  const identities = changed?.filter((identity) => sessions.get(identity) !== null) ?? connected(sessions)
  for (let from = 0; from < identities.length; from += batch) {
    const page = identities.slice(from, from + batch)
    for (const [index, record] of (await registry.getAll(page)).entries()) {
      if (record !== null) endWhatIsNotAdmitted(sessions, record)
      else if (changed !== null) endSession(sessions, page[index] ?? '', 'removed by the operator')
    }
    await nextTurn()
  }
}

function connected(sessions: SessionDirectory): readonly string[] {
  return [...sessions.all()].map(({ facts }) => facts.identity)
}

export interface OutsideChangesDeps {
  readonly store: Pick<Store, 'registry' | 'outsideVersion'>
  readonly sessions: SessionDirectory
  /** Receivers are told of what was stored. */
  readonly events: Pick<SecurityEvents, 'heard'>
  readonly log: Pick<Logger, 'error'>
}

/**
 * Notices what other processes change in a store of one process: the command line writes to it where the admin API
 * is off, and so do imports. Costs one number a look, and nothing on the path of a message. Replicas are told by their store.
 * Throws ProxyError (`store_…`) when it is made.
 */
export class OutsideChanges {
  readonly #deps: OutsideChangesDeps
  #version: number | null
  /** Who was being admitted while we looked is seen by one more look. */
  #again = false
  #isLooking = false
  #couldLook = true

  constructor(deps: OutsideChangesDeps) {
    this.#deps = deps
    this.#version = deps.store.outsideVersion?.() ?? null
  }

  /** About once a second. Never rejected; what fails is tried again. */
  async look(): Promise<void> {
    const { store, sessions, events, log } = this.#deps
    if (this.#isLooking || store.outsideVersion === undefined) return
    this.#isLooking = true
    try {
      const version = store.outsideVersion()
      const isNew = version !== this.#version
      // A command notes what it does in the security log; how much that is, receivers find out.
      if (isNew) events.heard(0, [])
      if (isNew || this.#again) await endNotAdmitted(store.registry, sessions, connected(sessions))
      this.#version = version
      this.#again = isNew
      this.#couldLook = true
    } catch (error) {
      if (this.#couldLook) log.error({ err: messageOf(error) }, 'what others changed cannot be read')
      this.#couldLook = false
    } finally {
      this.#isLooking = false
    }
  }
}
