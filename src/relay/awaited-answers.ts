import type { Hearer } from './decide.ts'

/** CALLs whose answer somebody waits for; beyond, the oldest is given up (as in open-calls.ts). */
const maxAwaited = 17

/** A forwarded CALL whose answer use cases want to hear. */
export interface AwaitedAnswer {
  readonly id: string
  /** Index of ocpp/action-index; of the CALL as it came. */
  readonly action: number
  readonly hearers: readonly Hearer[]
  /** Called behind an answer of ours. */
  readonly sent?: () => void
}

/** They are few, and ids may be used twice: a list, the newest last. */
export class AwaitedAnswers {
  readonly #awaited: AwaitedAnswer[] = []

  get isEmpty(): boolean {
    return this.#awaited.length === 0
  }

  /** Returns the one that is given up for it. */
  add(awaited: AwaitedAnswer): AwaitedAnswer | null {
    this.#awaited.push(awaited)
    return this.#awaited.length > maxAwaited ? (this.#awaited.shift() ?? null) : null
  }

  /** The CALL of this id, which is not awaited any more. */
  take(id: string): AwaitedAnswer | null {
    const index = this.#awaited.findLastIndex((one) => one.id === id)
    return index < 0 ? null : (this.#awaited.splice(index, 1)[0] ?? null)
  }

  takeAll(): readonly AwaitedAnswer[] {
    return this.#awaited.splice(0)
  }
}
