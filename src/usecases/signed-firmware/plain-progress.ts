import type { SignedStatus } from '../../policy/firmware.ts'
import type { Clock } from '../operation/clock.ts'

/**
 * What is heard of plain updates (OCPP 1.6, 6.49) that an operator or a campaign waits for. Their statuses are in no
 * store, and many charge points start again to install and say nothing afterwards: that must not look like an
 * update which goes on.
 */
export interface PlainProgress {
  isFollowed(identity: string): boolean
  status(identity: string, status: SignedStatus): void
  /** Its BootNotification; null: without a firmwareVersion. */
  booted(identity: string, firmwareVersion: string | null): void
  /** One at a time for a charge point; until `signal` ends it. */
  follow(identity: string, clock: Pick<Clock, 'wait'>, signal: AbortSignal): Followed
}

export interface Followed {
  /** null: it has reported none. */
  readonly last: SignedStatus | null
  /** It has started again since it had the image, and reported no end for `afterBootMs`: in words. Else never fulfilled. */
  readonly silent: Promise<string>
}

/** A charge point that was booted reports Installed within seconds; this one had to wait for its central system. */
export const afterBootMs = 10 * 60_000
/** BootNotification.req. */
const maxVersionLength = 50

interface Follower {
  last: SignedStatus | null
  restart: AbortController | null
  readonly clock: Pick<Clock, 'wait'>
  readonly signal: AbortSignal
  readonly tell: (words: string) => void
}

export function createPlainProgress(): PlainProgress {
  /** Bounded by the operations that wait. */
  const followers = new Map<string, Follower>()
  return {
    isFollowed: (identity) => followers.has(identity),

    status(identity, status) {
      const follower = followers.get(identity)
      // Idle is no step: it answers a trigger of the central system (OCPP 1.6, 7.25).
      if (follower === undefined || status === 'Idle') return
      follower.last = status
      follower.restart?.abort()
      follower.restart = null
    },

    booted(identity, firmwareVersion) {
      const follower = followers.get(identity)
      if (follower === undefined) return
      const { last, clock, signal, tell } = follower
      if (last !== 'Downloaded' && last !== 'Installing') return
      follower.restart?.abort()
      const restart = new AbortController()
      follower.restart = restart
      const words = wordsOf(last, firmwareVersion)
      void clock.wait(afterBootMs, AbortSignal.any([signal, restart.signal])).then(() => {
        if (!restart.signal.aborted && !signal.aborted) tell(words)
      })
    },

    follow(identity, clock, signal) {
      const { promise, resolve } = Promise.withResolvers<string>()
      const follower: Follower = { last: null, restart: null, clock, signal, tell: resolve }
      followers.set(identity, follower)
      const over = (): void => {
        if (followers.get(identity) === follower) followers.delete(identity)
      }
      if (signal.aborted) over()
      else signal.addEventListener('abort', over, { once: true })
      return {
        get last() {
          return follower.last
        },
        silent: promise,
      }
    },
  }
}

function wordsOf(last: SignedStatus, firmwareVersion: string | null): string {
  const version =
    firmwareVersion === null
      ? 'without a firmwareVersion'
      : `with firmwareVersion ${JSON.stringify(firmwareVersion.slice(0, maxVersionLength))}`
  return `it reported ${last}, has started again ${version}, and has not reported Installed since`
}
