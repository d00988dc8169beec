import { cutText, eventLimits } from '../policy/security-event-types.ts'
import type { NewRejection, NewSecurityEvent } from '../store/store.ts'

/** Milliseconds in which the refusals of one address for one reason are one event. */
const windowMs = 60_000
/** Addresses and reasons that are told apart at once; a flood from more of them ends windows early. */
const maxWindows = 10_000

interface Window {
  readonly endsAt: number
  /** Refusals since the last event. */
  count: number
  last: NewRejection
}

export interface RefusalEventsDeps {
  /** Answers at once; the event is stored soon after. */
  readonly keep: (event: NewSecurityEvent) => void
  readonly now: () => number
}

/**
 * Makes security events of refusals (A00.FR.323, A00.FR.408), those of report mode included. Before a
 * peer has said who it is, a flood costs it nothing: its refusals at the stages tcp and tls become one
 * event a minute for an address and reason, with their number (CWE-400). The rejections count them all.
 */
export class RefusalEvents {
  readonly #deps: RefusalEventsDeps
  /** In order of their ends, because all are equally long. */
  readonly #windows = new Map<string, Window>()
  #timer: NodeJS.Timeout | null = null

  constructor(deps: RefusalEventsDeps) {
    this.#deps = deps
  }

  /** Refusals that are no matter of security are left out. */
  take(rejection: NewRejection): void {
    if (rejection.event === null) return
    if (rejection.stage !== 'tcp' && rejection.stage !== 'tls') {
      this.#deps.keep(eventOf(rejection, rejection.event, rejection.count ?? 1))
      return
    }
    const key = `${rejection.reason} ${rejection.address}`
    const open = this.#windows.get(key)
    if (open !== undefined && open.endsAt > this.#deps.now()) {
      open.count += rejection.count ?? 1
      open.last = rejection
      return
    }
    if (open !== undefined) this.#end(key, open)
    this.#deps.keep(eventOf(rejection, rejection.event, rejection.count ?? 1))
    this.#begin(key, rejection)
  }

  /** What was counted and not told yet becomes events now. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    for (const [key, window] of this.#windows) this.#end(key, window)
  }

  #begin(key: string, last: NewRejection): void {
    this.#windows.set(key, { endsAt: this.#deps.now() + windowMs, count: 0, last })
    const oldest = this.#windows.entries().next()
    if (this.#windows.size > maxWindows && !oldest.done) this.#end(...oldest.value)
    this.#timer ??= this.#arm()
  }

  #end(key: string, { count, last }: Window): void {
    this.#windows.delete(key)
    if (count > 0 && last.event !== null) this.#deps.keep(eventOf(last, last.event, count))
  }

  #arm(): NodeJS.Timeout {
    const timer = setTimeout(() => this.#sweep(), windowMs)
    timer.unref()
    return timer
  }

  /** A flood that goes on gets its next window at once; others are forgotten. */
  #sweep(): void {
    const now = this.#deps.now()
    for (const [key, window] of this.#windows) {
      if (window.endsAt > now) break
      this.#end(key, window)
      if (window.count > 0) this.#windows.set(key, { endsAt: now + windowMs, count: 0, last: window.last })
    }
    this.#timer = this.#windows.size > 0 ? this.#arm() : null
  }
}

function eventOf(rejection: NewRejection, type: string, count: number): NewSecurityEvent {
  const { at, reason, mode, identity, listener, address, detail } = rejection
  const times = count === 1 ? '' : `${count} times within a minute, the last: `
  const admitted = mode === 'report' ? ' (admitted, report mode)' : ''
  return {
    at,
    origin: 'proxy',
    type,
    identity,
    timestamp: new Date(at).toISOString(),
    techInfo: cutText(`${reason}${admitted}: ${times}${detail}`, eventLimits.techInfo),
    reason,
    listener,
    address,
  }
}
