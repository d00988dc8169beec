import { messageOf } from '../policy/error.ts'
import type { CallOutcome } from './use-case.ts'

/** So many CALLs of ours wait for one direction; beyond, nothing of them goes out. */
const maxQueued = 16

/** A CALL of ours, from the request to its outcome. */
export interface OwnCall {
  readonly id: string
  /** Index of ocpp/action-index. */
  readonly action: number
  readonly text: string
  readonly timeoutMs: number
  /** It is written in this moment. */
  readonly sent: () => void
  readonly settle: (outcome: CallOutcome) => void
}

/** Our own CALLs in one direction: those that wait, and the one that is out (OCPP-J 4.1.1). */
export class OwnCalls {
  readonly #queue: OwnCall[] = []
  #open: OwnCall | null = null
  #deadline = 0

  get open(): OwnCall | null {
    return this.#open
  }

  get hasQueued(): boolean {
    return this.#queue.length > 0
  }

  get isEmpty(): boolean {
    return this.#open === null && this.#queue.length === 0
  }

  /** Settles it as not sent when too many wait. */
  add(call: OwnCall): void {
    if (this.#queue.length < maxQueued) this.#queue.push(call)
    else call.settle({ kind: 'not-sent', detail: `${maxQueued} CALLs of the proxy wait already` })
  }

  /** The next one is the open one from now on; `now` in milliseconds. */
  next(now: number): OwnCall | null {
    const call = this.#queue.shift() ?? null
    this.#open = call
    if (call !== null) this.#deadline = now + call.timeoutMs
    return call
  }

  /** The open one has its outcome. */
  settle(outcome: CallOutcome): void {
    const call = this.#open
    this.#open = null
    call?.settle(outcome)
  }

  /** True: the open one is over without an answer. */
  expire(now: number): boolean {
    if (this.#open === null || now < this.#deadline) return false
    this.settle({ kind: 'no-answer', detail: `no answer within ${this.#open.timeoutMs} ms` })
    return true
  }

  /** Those that wait do not go out any more. */
  refuseQueued(detail: string): void {
    for (const call of this.#queue.splice(0)) call.settle({ kind: 'not-sent', detail })
  }

  end(): void {
    this.settle({ kind: 'no-answer', detail: 'the session ended before an answer came' })
    this.refuseQueued('the session has ended')
  }
}

/** `sent` of the options, which may not throw into the relay. */
export function guarded(sent: (() => void) | undefined, failed: (problem: string) => void): () => void {
  return () => {
    try {
      sent?.()
    } catch (error) {
      failed(messageOf(error))
    }
  }
}
