import type { NoteEvent } from './proxy-event.ts'

const windowMs = 60_000
/** Stored events of one charge point in a minute: ten a second, for a fleet of thousands on one disk. */
export const maxPerMinute = 600
/** Charge points that are counted at once; with more of them the oldest windows end early. */
const maxWindows = 50_000

interface Window {
  readonly endsAt: number
  stored: number
  dropped: number
}

export interface EventFloodDeps {
  readonly note: NoteEvent
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/**
 * Bounds what one charge point can store (CWE-400): its flood would push the events of all others out
 * of the log. What is over is confirmed, because an error makes it send the same again, and becomes
 * one event with the number when its minute is over.
 */
export class EventFlood {
  readonly #deps: EventFloodDeps
  /** In order of their ends, because all are equally long. */
  readonly #windows = new Map<string, Window>()
  #timer: NodeJS.Timeout | null = null

  constructor(deps: EventFloodDeps) {
    this.#deps = deps
  }

  /** Counts an event of this charge point; false: it is not to be stored. */
  admits(identity: string): boolean {
    const window = this.#windowOf(identity)
    if (window.stored >= maxPerMinute) {
      window.dropped += 1
      return false
    }
    window.stored += 1
    return true
  }

  /** It could not be stored and will be sent again: it does not count. */
  giveBack(identity: string): void {
    const window = this.#windows.get(identity)
    if (window !== undefined && window.stored > 0) window.stored -= 1
  }

  /** What was dropped and not told yet becomes events now. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    for (const [identity, window] of this.#windows) this.#end(identity, window)
  }

  #windowOf(identity: string): Window {
    const now = this.#deps.now()
    const open = this.#windows.get(identity)
    if (open !== undefined && open.endsAt > now) return open
    if (open !== undefined) this.#end(identity, open)
    const window = { endsAt: now + windowMs, stored: 0, dropped: 0 }
    this.#windows.set(identity, window)
    const oldest = this.#windows.entries().next()
    if (this.#windows.size > maxWindows && !oldest.done) this.#end(...oldest.value)
    this.#timer ??= this.#arm()
    return window
  }

  #end(identity: string, { dropped }: Window): void {
    this.#windows.delete(identity)
    if (dropped === 0) return
    const techInfo = `${dropped} security events were confirmed and not stored: over ${maxPerMinute} in a minute`
    this.#deps.note({ type: 'SecurityEventsDropped', identity, techInfo })
  }

  #arm(): NodeJS.Timeout {
    const timer = setTimeout(() => this.#sweep(), windowMs)
    timer.unref()
    return timer
  }

  #sweep(): void {
    const now = this.#deps.now()
    for (const [identity, window] of this.#windows) {
      if (window.endsAt > now) break
      this.#end(identity, window)
    }
    this.#timer = this.#windows.size > 0 ? this.#arm() : null
  }
}
