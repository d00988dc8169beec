import { ProxyError } from '../policy/error.ts'

/** Promises for the next value that fits. Bounded, and every one of them ends: found, timed out or closed. */
export interface Waiters<T> {
  /** @throws ProxyError `wait_timeout`, `wait_closed`, `wait_limit`. */
  next(fits: (value: T) => boolean, timeoutMs: number, what: string): Promise<T>
  /** Hands a value to everybody who waits for it. */
  offer(value: T): void
  close(): void
}

interface Waiter<T> {
  readonly fits: (value: T) => boolean
  readonly resolve: (value: T) => void
  readonly reject: (error: ProxyError) => void
  readonly timer: NodeJS.Timeout
}

export function createWaiters<T>(limit = 1000): Waiters<T> {
  const waiting = new Set<Waiter<T>>()
  let open = true
  return {
    next(fits, timeoutMs, what) {
      if (!open) return Promise.reject(failed('wait_closed', what))
      if (waiting.size >= limit) return Promise.reject(failed('wait_limit', what))
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(waiter)
          reject(failed('wait_timeout', what))
        }, timeoutMs)
        const waiter: Waiter<T> = { fits, resolve, reject: (error) => reject(error), timer }
        waiting.add(waiter)
      })
    },
    offer(value) {
      for (const waiter of [...waiting]) {
        if (!waiter.fits(value)) continue
        waiting.delete(waiter)
        clearTimeout(waiter.timer)
        waiter.resolve(value)
      }
    },
    close() {
      open = false
      for (const waiter of waiting) {
        clearTimeout(waiter.timer)
        waiter.reject(failed('wait_closed', 'the simulator was closed'))
      }
      waiting.clear()
    },
  }
}

function failed(code: string, what: string): ProxyError {
  return new ProxyError(code, 'proxy', `waited in vain for ${what}`)
}
