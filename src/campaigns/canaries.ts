import type { WaitingItem } from './waiting.ts'

/** Milliseconds that all others wait for a canary that is not connected, or never idle. */
export const canaryPatienceMs = 1_800_000

/** Those that go first, while all others wait. One that cannot begin must not hold up a fleet for ever. */
export class Canaries {
  readonly #open: Set<string>
  readonly #last: number
  readonly #substitutes = new Set<string>()
  /** Since when it could not begin. */
  readonly #heldSince = new Map<string, number>()

  /** `open`: those that are not through. `last`: the position of the last one. */
  constructor(open: ReadonlySet<string> = new Set(), last = Number.NEGATIVE_INFINITY) {
    this.#open = new Set(open)
    this.#last = last
  }

  /** Waiting or under way. */
  get open(): number {
    return this.#open.size
  }

  includes({ identity, position }: Pick<WaitingItem, 'identity' | 'position'>): boolean {
    return position <= this.#last || this.#substitutes.has(identity)
  }

  /** It cannot begin now. Coming and going in between is no news: only a beginning is. */
  held(identity: string, now: number): void {
    if (this.#open.has(identity) && !this.#heldSince.has(identity)) this.#heldSince.set(identity, now)
  }

  begun(identity: string): void {
    this.#heldSince.delete(identity)
  }

  through(identity: string): void {
    this.#open.delete(identity)
    this.#heldSince.delete(identity)
  }

  /** All have the whole patience again. */
  resumed(): void {
    this.#heldSince.clear()
  }

  /** When somebody else may take the place of the one that is held longest; null: none is held. */
  get patienceEndsAt(): number | null {
    const since = Math.min(...this.#heldSince.values())
    return Number.isFinite(since) ? since + canaryPatienceMs : null
  }

  /**
   * `substitute` becomes a canary in place of one with which the patience is over, which then waits like
   * all others. Returns who that is; null: nobody.
   */
  replace(substitute: string, now: number): string | null {
    for (const [identity, since] of this.#heldSince) {
      if (since + canaryPatienceMs > now) continue
      this.through(identity)
      this.#substitutes.add(substitute)
      this.#open.add(substitute)
      return identity
    }
    return null
  }
}
