import { directions } from '../observe/metrics.ts'
import { actionNames, otherAction } from '../ocpp/action-index.ts'
import type { AnyActionName } from '../ocpp/actions-201.ts'
import type { Payload } from '../ocpp/message.ts'
import { messageOf } from '../policy/error.ts'
import type { Protocol } from '../policy/protocol.ts'
import type { RelayContext } from './context.ts'
import { decide, type Hearer, internalError, tellNone, type Verdict } from './decide.ts'
import { type HeldCall, HeldCalls } from './held-calls.ts'
import { LaneAnswers } from './lane-answers.ts'
import type { OpenCalls } from './open-calls.ts'
import { guarded, OwnCalls } from './own-calls.ts'
import {
  type Answer,
  type CallOptions,
  type CallOutcome,
  type Direction,
  directionFrom,
  type UseCaseSession,
} from './use-case.ts'
import { indexOfAction } from './use-case-table.ts'
import { callText, errorAnswer, readAnswer, readCall } from './wire-messages.ts'

/** What a lane needs of the flow that it belongs to. */
export interface LaneHost {
  /** Of the sender of the CALLs. */
  readonly side: 0 | 1
  readonly context: RelayContext
  readonly session: UseCaseSession
  /** Forwarded CALLs without an answer so far. */
  readonly calls: OpenCalls
  /** Writes one message to the receiver of the CALLs. */
  send(text: string): void
  /** Writes one message to their sender. */
  answer(text: string): void
  /** The lane has room again for CALLs of the sender. */
  hasRoom(): void
  /** Nothing is under way in the lane. */
  settled(): void
}

/** The first CALL of the queue: its use cases are asked already. */
interface Head {
  readonly call: HeldCall
  readonly deadline: number
  /** Use cases that have let it through so far, and want to hear the answer. */
  readonly hearers: Hearer[]
  /** Null: not decided yet. */
  verdict: Verdict | null
}

/** Our answer to a watched CALL that nobody could act on by the letter: a rule that saw nothing of it must not be passed by. */
const unreadable = {
  'ocpp1.6': errorAnswer('FormationViolation', 'the CALL does not have the form of OCPP-J 1.6'),
  'ocpp2.0.1': errorAnswer('FormatViolation', 'the CALL does not have the form of OCPP-J 2.0.1'),
} as const satisfies Record<Protocol, Answer>

/**
 * The CALLs of one direction, where anybody but sender and receiver has a say: a use case watches,
 * waits or wants the answer, or a CALL of our own goes the same way. One CALL of ours is out at a time, and none
 * of the sender beside it (OCPP-J 4.1.1). It is made when it is needed, and dropped when it is idle;
 * a session without one costs nothing.
 */
export class Lane {
  readonly #host: LaneHost
  readonly #direction: Direction
  readonly #held = new HeldCalls()
  readonly #own = new OwnCalls()
  readonly #answers: LaneAnswers
  #head: Head | null = null
  /** So many of the held CALLs go before the next one of ours: they came while the last one was out. */
  #turns = 0
  #isScheduled = false
  #isOver = false

  constructor(host: LaneHost) {
    this.#host = host
    this.#direction = directionFrom(host.side)
    this.#answers = new LaneAnswers({
      failed: (useCase, error) => this.#failed(useCase, error),
      answer: (text) => host.answer(text),
      changed: (fate, action) => this.#count(fate, action, host.side === 0 ? 1 : 0),
      settled: () => this.#advance(),
    })
  }

  get isIdle(): boolean {
    return this.#head === null && this.#held.length === 0 && this.#own.isEmpty && this.#answers.isEmpty
  }

  /** The sender has to wait: it is not to be read. */
  get isFull(): boolean {
    return this.#held.isFull
  }

  /** A CALL of the sender. True: the bytes that came go on untouched. */
  call(call: HeldCall): boolean {
    if (this.#isOver) return false
    if (this.#head === null && this.#held.length === 0 && this.#own.isEmpty) return this.#process(call, true)
    this.#held.push(call)
    return false
  }

  /** True: it is the answer to the CALL of ours that is out. */
  settles(id: string, text: () => string): boolean {
    if (this.#own.open?.id !== id.toLowerCase()) return false
    this.#own.settle(readAnswer(text()))
    this.#ownIsOver()
    return true
  }

  /** An answer to a CALL of the sender. True: the bytes that came go on untouched. */
  answered(id: string, text: () => string): boolean {
    // The direction may be free now; what we send goes behind all that is being read.
    this.#schedule()
    return this.#answers.arrived(id, text, this.#deadline())
  }

  /** A CALL of our own. Never rejected. */
  callOwn(action: AnyActionName, payload: Payload, options: CallOptions): Promise<CallOutcome> {
    const { context } = this.#host
    const id = context.ownIds.create(this.#direction)
    let text: string
    try {
      text = callText({ direction: this.#direction, id, action, payload })
    } catch (error) {
      return Promise.resolve({ kind: 'not-sent', detail: messageOf(error) })
    }
    return new Promise((settle) => {
      const sent = guarded(options.sent, (problem) => this.#failed('', problem))
      const timeoutMs = options.timeoutMs ?? context.callTimeout
      this.#own.add({ id, action: indexOfAction(action), text, timeoutMs, sent, settle })
      this.#schedule()
    })
  }

  /** CALLs of ours that are not out yet stay at home; for a session that is about to end. */
  refuseQueued(detail: string): void {
    this.#own.refuseQueued(detail)
    this.#schedule()
  }

  /** Called about once a second: what has taken too long. */
  sweep(): void {
    const now = this.#host.context.clock.now()
    this.#answers.sweep(now)
    const head = this.#head
    if (head !== null && head.verdict === null && now >= head.deadline) {
      this.#failed('', `no verdict on ${actionNames[head.call.action]} in time`)
      // A copy: what the use cases say later is not heard.
      const answered = head.hearers.splice(0)
      this.#head = { ...head, verdict: { kind: 'answer', answer: internalError, answered } }
    }
    if (this.#own.expire(now)) this.#ownIsOver()
    this.#advance()
  }

  /** The session has ended: held CALLs are dropped, and who waits for an answer hears that there is none. */
  drop(): void {
    this.#isOver = true
    this.#held.clear()
    const head = this.#head
    this.#head = null
    if (head !== null) this.#tellNone({ answered: head.verdict?.answered ?? head.hearers.splice(0) })
    this.#answers.end()
  }

  /** The last part of the end: CALLs of ours get their outcome. */
  settleOwn(): void {
    this.#own.end()
  }

  #ownIsOver(): void {
    this.#turns = this.#held.length
    this.#schedule()
  }

  /** Not in the middle of a chunk that is being read: what stands before in it goes out first. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#advance()
    })
  }

  #advance(): void {
    const wasFull = this.#held.isFull
    while (!this.#isOver && this.#step());
    if (this.#isOver) return
    if (wasFull && !this.#held.isFull) this.#host.hasRoom()
    if (this.isIdle) this.#host.settled()
  }

  /** Does the next thing that may be done now; false: there is none. */
  #step(): boolean {
    const head = this.#head
    const isOwnOut = this.#own.open !== null
    if (head?.verdict && (!isOwnOut || head.verdict.kind !== 'forward')) {
      this.#head = null
      this.#act(head.call, head.verdict, false)
      return true
    }
    if (isOwnOut) return false
    // A use case that has not decided may itself wait for a CALL of ours.
    const isOurTurn = this.#turns === 0 || this.#held.length === 0 || head !== null
    if (this.#own.hasQueued && isOurTurn) return this.#sendOwn()
    if (head !== null) return false
    const call = this.#held.shift()
    if (call === null) return false
    if (this.#turns > 0) this.#turns -= 1
    this.#process(call, false)
    return true
  }

  #sendOwn(): boolean {
    const { calls, context } = this.#host
    const now = context.clock.now()
    if (calls.isOpenSince(now - context.callTimeout)) return false
    const call = this.#own.next(now)
    if (call === null) return false
    call.sent()
    this.#count('injected', call.action)
    this.#host.send(call.text)
    return true
  }

  /** True: the bytes that came go on untouched; only for a CALL that did not wait. */
  #process(call: HeldCall, isFresh: boolean): boolean {
    const { context, side, session } = this.#host
    if (!context.useCases.wants(side, call.action, session)) {
      return this.#act(call, passes, isFresh)
    }
    const read = readCall(call.text, this.#direction)
    if (read === null) {
      const answer = unreadable[session.facts.protocol]
      return this.#act(call, { kind: 'answer', answer, answered: [] }, isFresh)
    }
    const failed = (useCase: string, error: unknown) => this.#failed(useCase, error)
    const hearers: Hearer[] = []
    const verdict = decide(read, { table: context.useCases, side, session, hearers, failed })
    if (!(verdict instanceof Promise)) return this.#act(call, verdict, isFresh)
    const head: Head = { call, deadline: this.#deadline(), hearers, verdict: null }
    this.#head = head
    void verdict.then((settled) => {
      if (this.#head !== head) return this.#tellNone(settled)
      head.verdict = settled
      this.#advance()
    })
    return false
  }

  #act(call: HeldCall, verdict: Verdict | typeof passes, isFresh: boolean): boolean {
    if (this.#isOver) {
      this.#tellNone(verdict)
      return false
    }
    const { id, action } = call
    const awaited = { id, action, hearers: verdict.answered }
    switch (verdict.kind) {
      case 'pass':
      case 'forward': {
        const text = verdict.kind === 'forward' && verdict.isChanged ? this.#changed(verdict) : call.text
        if (text === null) {
          this.#count('answered', action)
          this.#answers.reply(awaited, internalError, this.#deadline())
          return false
        }
        this.#answers.expect(awaited)
        this.#host.calls.open(call.idHash, action, this.#host.context.clock.now())
        if (text === call.text && isFresh) return true
        if (text !== call.text) this.#count('replaced', action)
        this.#host.send(text)
        return false
      }
      case 'answer':
        this.#count('answered', action)
        this.#answers.reply(awaited, verdict.answer, this.#deadline(), verdict.sent)
        return false
      case 'drop':
        this.#count('dropped', action)
        this.#tellNone(verdict)
        return false
    }
  }

  /** Null: it cannot be written. */
  #changed({ call }: Verdict & { kind: 'forward' }): string | null {
    try {
      return callText(call)
    } catch (error) {
      this.#failed('', error)
      return null
    }
  }

  #deadline(): number {
    const { clock, callTimeout } = this.#host.context
    return clock.now() + callTimeout
  }

  #tellNone({ answered }: Pick<Verdict, 'answered'>): void {
    tellNone(answered, (useCase, error) => this.#failed(useCase, error))
  }

  #failed(useCase: string, error: unknown): void {
    const { context, session } = this.#host
    const err = typeof error === 'string' ? error : messageOf(error)
    const { identity } = session.facts
    context.log.error({ identity, direction: this.#direction, useCase, err }, 'a use case failed')
  }

  #count(
    fate: 'replaced' | 'answered' | 'dropped' | 'injected',
    action: number,
    from = this.#host.side,
  ): void {
    const name = actionNames[action] ?? actionNames[otherAction] ?? ''
    this.#host.context.metrics.messagesIntercepted.inc({ direction: directions[from], action: name, fate })
  }
}

/** Nobody watches it. */
const passes = Object.freeze({ kind: 'pass', answered: Object.freeze([]) } as const)
