import type { UseCaseSession } from '../../relay/use-case.ts'
import type { Clock } from './clock.ts'

/** The sessions of one charge point that begin while an operation waits for it. */
export interface ArrivalWatch {
  /** The next session that has begun, null when none does in `ms` milliseconds or `signal` ends the waiting. */
  next(ms: number, signal?: AbortSignal): Promise<UseCaseSession | null>
  /** Those that have begun since, without waiting. */
  taken(): readonly UseCaseSession[]
  close(): void
}

/** Tells operations that a charge point has come back. */
export interface Arrivals {
  /** A session relays from now on. */
  arrived(session: UseCaseSession): void
  /** From this moment on, so that nothing is missed between a CALL and its answer. */
  watch(identity: string): ArrivalWatch
}

/** A charge point that comes and goes while nobody looks: the last ones tell enough. */
const maxKept = 16

interface Watcher {
  readonly kept: UseCaseSession[]
  wake: (() => void) | null
}

export function createArrivals(clock: Clock): Arrivals {
  const watchers = new Map<string, Set<Watcher>>()

  function arrived(session: UseCaseSession): void {
    for (const watcher of watchers.get(session.facts.identity) ?? []) {
      if (watcher.kept.length >= maxKept) watcher.kept.shift()
      watcher.kept.push(session)
      watcher.wake?.()
    }
  }

  function watch(identity: string): ArrivalWatch {
    const watcher: Watcher = { kept: [], wake: null }
    const all = watchers.get(identity) ?? new Set()
    watchers.set(identity, all.add(watcher))
    return {
      async next(ms, signal) {
        if (watcher.kept.length === 0 && ms > 0 && !signal?.aborted) {
          const over = new AbortController()
          watcher.wake = () => over.abort()
          await clock.wait(ms, signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]))
          watcher.wake = null
        }
        return watcher.kept.shift() ?? null
      },
      taken: () => watcher.kept.splice(0),
      close() {
        all.delete(watcher)
        if (all.size === 0) watchers.delete(identity)
      },
    }
  }

  return { arrived, watch }
}
