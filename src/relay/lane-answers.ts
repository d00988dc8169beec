import { type AwaitedAnswer, AwaitedAnswers } from './awaited-answers.ts'
import { type AnswerVerdict, type Failed, type Hearer, hear, internalError, tellNone } from './decide.ts'
import { guarded } from './own-calls.ts'
import type { Answer } from './use-case.ts'
import { answerText, readAnswer } from './wire-messages.ts'

/** What became of an answer, as a metric label. */
export type AnswerChange = 'replaced' | 'dropped'

export interface LaneAnswersDeps {
  readonly failed: Failed
  /** Writes to the sender of the CALLs. */
  readonly answer: (text: string) => void
  readonly changed: (change: AnswerChange, action: number) => void
  /** An answer that had to wait is through. */
  readonly settled: () => void
}

interface Pending {
  readonly awaited: AwaitedAnswer
  readonly deadline: number
}

/**
 * Answers on their way to the sender of the CALLs, past the use cases that want to hear them. An
 * answer that must wait holds back nobody else's. Times are milliseconds of the relay's clock.
 */
export class LaneAnswers {
  readonly #deps: LaneAnswersDeps
  readonly #awaited = new AwaitedAnswers()
  readonly #pending = new Set<Pending>()

  constructor(deps: LaneAnswersDeps) {
    this.#deps = deps
  }

  get isEmpty(): boolean {
    return this.#awaited.isEmpty && this.#pending.size === 0
  }

  /** A CALL goes on. One of the same id that still waits will not be told from it, and is given up. */
  expect(awaited: AwaitedAnswer): void {
    this.#giveUp(this.#awaited.take(awaited.id))
    if (awaited.hearers.length > 0) this.#giveUp(this.#awaited.add(awaited))
  }

  /** An answer of the receiver. True: its bytes go on untouched. */
  arrived(id: string, text: () => string, deadline: number): boolean {
    const awaited = this.#awaited.take(id)
    if (awaited === null) return true
    const whole = text()
    return this.#pass(awaited, readAnswer(whole), whole, deadline)
  }

  /** An answer of ours, and what is to be called behind it. Use cases that had let the CALL through hear it like any other. */
  reply(awaited: AwaitedAnswer, answer: Answer, deadline: number, sent?: () => void): void {
    this.#pass(sent === undefined ? awaited : { ...awaited, sent }, answer, null, deadline)
  }

  /** Answers whose use case did not settle in time. */
  sweep(now: number): void {
    for (const pending of this.#pending) {
      if (now < pending.deadline) continue
      this.#pending.delete(pending)
      const { id, action, hearers } = pending.awaited
      this.#deps.failed(namesOf(hearers), 'no verdict on the answer in time')
      this.#replace(id, action, internalError)
    }
  }

  /** The session ended: those who wait hear that there is no answer. */
  end(): void {
    this.#pending.clear()
    for (const awaited of this.#awaited.takeAll()) this.#giveUp(awaited)
  }

  /** `text`: as it came; null where it is ours. */
  #pass(awaited: AwaitedAnswer, answer: Answer, text: string | null, deadline: number): boolean {
    const verdict = hear(awaited.hearers, answer, this.#deps.failed)
    if (!(verdict instanceof Promise)) {
      if (verdict.kind === 'forward' && text !== null) return true
      this.#conclude(awaited, verdict, answer, text)
      return false
    }
    const pending = { awaited, deadline }
    this.#pending.add(pending)
    void verdict.then((settled) => {
      // Too late, or the session has ended.
      if (!this.#pending.delete(pending)) return
      this.#conclude(awaited, settled, answer, text)
      this.#deps.settled()
    })
    return false
  }

  #conclude(awaited: AwaitedAnswer, verdict: AnswerVerdict, answer: Answer, text: string | null): void {
    const { id, action } = awaited
    switch (verdict.kind) {
      case 'forward':
        if (text !== null) this.#deps.answer(text)
        else this.#write(id, answer)
        break
      case 'replace':
        // An answer of ours was never the peer's: it is counted where the CALL is.
        if (text === null) this.#write(id, verdict.answer)
        else this.#replace(id, action, verdict.answer)
        break
      case 'drop':
        this.#deps.changed('dropped', action)
        return
      default:
        verdict satisfies never
    }
    guarded(awaited.sent, (problem) => this.#deps.failed(namesOf(awaited.hearers), problem))()
  }

  #replace(id: string, action: number, answer: Answer): void {
    this.#deps.changed('replaced', action)
    this.#write(id, answer)
  }

  #write(id: string, answer: Answer): void {
    let text: string
    try {
      text = answerText(id, answer)
    } catch (error) {
      this.#deps.failed('', error)
      text = answerText(id, internalError)
    }
    this.#deps.answer(text)
  }

  #giveUp(awaited: AwaitedAnswer | null): void {
    if (awaited !== null) tellNone(awaited.hearers, this.#deps.failed)
  }
}

function namesOf(hearers: readonly Hearer[]): string {
  return hearers.map(({ useCase }) => useCase).join(', ')
}
