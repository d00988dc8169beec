import { endOf, type SignedStatus } from '../../policy/firmware.ts'
import type { FirmwareStore, FirmwareUpdate } from '../../store/store.ts'

/** How the firmware updates of charge points stand: one change after the other, each on disk. */
export interface Updates {
  of(identity: string): Promise<FirmwareUpdate | null>
  /**
   * Changes what is known; `next` returns null to leave it. Returns what is known afterwards. Rejects
   * when the store fails, or with `charge_point_unknown`.
   */
  change(
    identity: string,
    next: (before: FirmwareUpdate | null) => FirmwareUpdate | null,
  ): Promise<FirmwareUpdate | null>
  /** Tells who waits for this request how it has ended; 'superseded': given up for another one. */
  reported(identity: string, requestId: number, end: SignedStatus | 'superseded'): void
  /** What ends the request; null when nothing does before `signal` ends the waiting. */
  ended(identity: string, requestId: number, signal: AbortSignal): Promise<SignedStatus | 'superseded' | null>
}

/** In place of the request id where the plain message went out: its statuses carry none. */
export const plainRequest = 0

export function createUpdates(firmware: FirmwareStore): Updates {
  /** Changes under way by identity; an entry goes with the last of them. */
  const tails = new Map<string, Promise<unknown>>()
  /** Bounded by the operations that wait. */
  const waiting = new Map<string, Set<(end: SignedStatus | 'superseded') => void>>()
  const keyOf = (identity: string, requestId: number) => `${requestId} ${identity}`

  return {
    of: (identity) => firmware.updateOf(identity),

    change(identity, next) {
      const run = async (): Promise<FirmwareUpdate | null> => {
        const before = await firmware.updateOf(identity)
        const after = next(before)
        if (after === null) return before
        await firmware.setUpdate(after)
        return after
      }
      const result = (tails.get(identity) ?? Promise.resolve()).then(run, run)
      tails.set(identity, result)
      const leave = (): void => {
        if (tails.get(identity) === result) tails.delete(identity)
      }
      result.then(leave, leave)
      return result
    },

    reported(identity, requestId, end) {
      if (end !== 'superseded' && endOf(end) === null) return
      for (const wake of waiting.get(keyOf(identity, requestId)) ?? []) wake(end)
    },

    ended(identity, requestId, signal) {
      if (signal.aborted) return Promise.resolve(null)
      const key = keyOf(identity, requestId)
      const wakers = waiting.get(key) ?? new Set()
      return new Promise((resolve) => {
        const finish = (status: SignedStatus | 'superseded' | null): void => {
          wakers.delete(wake)
          if (wakers.size === 0) waiting.delete(key)
          signal.removeEventListener('abort', over)
          resolve(status)
        }
        const wake = (end: SignedStatus | 'superseded'): void => finish(end)
        const over = (): void => finish(null)
        waiting.set(key, wakers.add(wake))
        signal.addEventListener('abort', over, { once: true })
      })
    },
  }
}
