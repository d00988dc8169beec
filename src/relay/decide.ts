import type { Answer, Answered, AnswerFate, Call, CallFate, UseCase, UseCaseSession } from './use-case.ts'
import { type Decider, indexOfAction, type UseCaseTable } from './use-case-table.ts'

/** What the use cases have decided about a CALL; `answered` are those that want to hear its answer, in their order. */
export type Verdict =
  | {
      readonly kind: 'forward'
      readonly call: Call
      readonly isChanged: boolean
      readonly answered: readonly Hearer[]
    }
  | {
      readonly kind: 'answer'
      readonly answer: Answer
      readonly sent?: () => void
      readonly answered: readonly Hearer[]
    }
  | { readonly kind: 'drop'; readonly answered: readonly Hearer[] }

/** What they have decided about an answer; `forward`: it goes on as it came. */
export type AnswerVerdict = AnswerFate

/** Who waits for the answer to a CALL, and its name for the log. */
export interface Hearer {
  readonly useCase: string
  readonly answered: Answered
}

/** A use case threw, or its promise was rejected. */
export type Failed = (useCase: string, error: unknown) => void

/** OCPP-J 1.6 4.2.3: an internal error of the receiver, which is us. */
export const internalError: Answer = Object.freeze({
  kind: 'error',
  code: 'InternalError',
  description: 'the proxy could not handle it',
  details: Object.freeze({}),
  origin: 'proxy',
})

export interface Asked {
  readonly table: UseCaseTable
  /** Of its sender. */
  readonly side: 0 | 1
  readonly session: UseCaseSession
  /** Filled with those that let the CALL through and want to hear its answer; the verdict names them again. */
  readonly hearers: Hearer[]
  readonly failed: Failed
}

/** A CALL on its way through the use cases that watch it. */
interface Walk {
  call: Call
  isChanged: boolean
  /** Place of the use case that was asked last. */
  order: number
  readonly answered: Hearer[]
}

/**
 * Asks the use cases that watch a CALL, in order: the first that answers or drops it ends the walk, and
 * a replaced one is shown to the next as it is then. Never throws, and never rejects: a use case that
 * does counts as an answer of InternalError. A promise only where a use case gave one.
 */
export function decide(call: Call, asked: Asked): Verdict | Promise<Verdict> {
  return walkOn({ call, isChanged: false, order: -1, answered: asked.hearers }, asked)
}

function walkOn(walk: Walk, asked: Asked): Verdict | Promise<Verdict> {
  for (let next = nextOf(walk, asked); next !== null; next = nextOf(walk, asked)) {
    const { useCase, order } = next
    walk.order = order
    const failed = (error: unknown): Verdict => {
      asked.failed(useCase.name, error)
      return { kind: 'answer', answer: internalError, answered: walk.answered }
    }
    let fate: CallFate | Promise<CallFate>
    try {
      fate = useCase.onCall(walk.call, asked.session)
    } catch (error) {
      return failed(error)
    }
    if (fate instanceof Promise) {
      return fate.then((settled) => take(walk, useCase, settled) ?? walkOn(walk, asked), failed)
    }
    const verdict = take(walk, useCase, fate)
    if (verdict !== null) return verdict
  }
  return { kind: 'forward', call: walk.call, isChanged: walk.isChanged, answered: walk.answered }
}

function nextOf({ call, order }: Walk, { table, side, session }: Asked): Decider | null {
  const deciders = table.watching(side, indexOfAction(call.action), session.facts.protocol)
  return deciders?.find((one) => one.order > order) ?? null
}

/** Null: the walk goes on. */
function take(walk: Walk, { name }: UseCase, fate: CallFate): Verdict | null {
  switch (fate.kind) {
    case 'forward':
      if (fate.answered !== undefined) walk.answered.push({ useCase: name, answered: fate.answered })
      return null
    case 'replace':
      walk.call = { ...walk.call, action: fate.action ?? walk.call.action, payload: fate.payload }
      walk.isChanged = true
      if (fate.answered !== undefined) walk.answered.push({ useCase: name, answered: fate.answered })
      return null
    case 'answer':
      return { ...fate, answered: walk.answered }
    case 'drop':
      return { kind: 'drop', answered: walk.answered }
  }
}

/**
 * Tells an answer to those who wait for it, the last one first: each hears what the one before made of
 * it, and after a drop the others hear that there is none. Never throws, and never rejects.
 */
export function hear(
  hearers: readonly Hearer[],
  answer: Answer,
  failed: Failed,
): AnswerVerdict | Promise<AnswerVerdict> {
  return hearOn(hearers, hearers.length - 1, answer, false, failed)
}

function hearOn(
  hearers: readonly Hearer[],
  from: number,
  answer: Answer,
  isChanged: boolean,
  failed: Failed,
): AnswerVerdict | Promise<AnswerVerdict> {
  const hearer = hearers[from]
  if (hearer === undefined) return isChanged ? { kind: 'replace', answer } : { kind: 'forward' }
  const goOn = (fate: AnswerFate): AnswerVerdict | Promise<AnswerVerdict> => {
    switch (fate.kind) {
      case 'forward':
        return hearOn(hearers, from - 1, answer, isChanged, failed)
      case 'replace':
        return hearOn(hearers, from - 1, fate.answer, true, failed)
      case 'drop':
        tellNone(hearers.slice(0, from), failed)
        return fate
    }
  }
  const onFailure = (error: unknown) => {
    failed(hearer.useCase, error)
    return goOn({ kind: 'replace', answer: internalError })
  }
  try {
    const fate = hearer.answered(answer)
    return fate instanceof Promise ? fate.then(goOn, onFailure) : goOn(fate)
  } catch (error) {
    return onFailure(error)
  }
}

/** There will be no answer: the session has ended, or the CALL went nowhere. */
export function tellNone(hearers: readonly Hearer[], failed: Failed): void {
  for (const { useCase, answered } of [...hearers].reverse()) {
    try {
      const fate = answered(null)
      if (fate instanceof Promise) fate.catch((error: unknown) => failed(useCase, error))
    } catch (error) {
      failed(useCase, error)
    }
  }
}
