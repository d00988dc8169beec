import { actionIndexOf, actionNames } from '../ocpp/action-index.ts'
import type { Direction, UseCase, UseCaseSession } from './use-case.ts'

/** A use case that decides about CALLs, and its place among the others. */
export interface Decider {
  readonly order: number
  readonly useCase: UseCase & Required<Pick<UseCase, 'onCall'>>
  /** Null: it wants those of every session. */
  readonly only: ((session: UseCaseSession) => boolean) | null
}

type Row = readonly (readonly Decider[] | null)[]

/** Who watches which CALL, made once so that asking costs one look into an array. */
export class UseCaseTable {
  readonly all: readonly UseCase[]
  /** By direction, in the order of `flow.ts`: those of the charge point, those of the central system. */
  readonly #rows: readonly [Row, Row]

  constructor(useCases: readonly UseCase[]) {
    this.all = [...useCases]
    const row = (direction: Direction): Row =>
      actionNames.map((name) => {
        const deciders = useCases.flatMap((useCase, order) => deciderOf(useCase, order, direction, name))
        return deciders.length === 0 ? null : deciders
      })
    this.#rows = [row('to-central-system'), row('to-charge-point')]
  }

  /** `side` is the sender's, `action` an index of ocpp/action-index; null: nobody watches it. */
  watching(side: 0 | 1, action: number): readonly Decider[] | null {
    return this.#rows[side][action] ?? null
  }

  /** Does anybody want to see this CALL of this session? */
  wants(side: 0 | 1, action: number, session: UseCaseSession): boolean {
    const deciders = this.watching(side, action)
    if (deciders === null) return false
    // Asked for every CALL: no closure is made for it.
    for (const { only } of deciders) if (only === null || only(session)) return true
    return false
  }
}

function deciderOf(useCase: UseCase, order: number, direction: Direction, name: string): readonly Decider[] {
  const { onCall } = useCase
  if (onCall === undefined) return []
  const watches = useCase.watches.filter(
    (watch) => watch.direction === direction && (watch.action === '*' || watch.action === name),
  )
  if (watches.length === 0) return []
  const tests = watches.flatMap(({ only }) => only ?? [])
  const [first] = tests
  // A watch without a test wants every CALL.
  const isAlways = tests.length < watches.length || first === undefined
  const only = isAlways ? null : tests.length === 1 ? first : anyOf(tests)
  return [{ order, useCase: useCase as Decider['useCase'], only }]
}

function anyOf(
  tests: readonly ((session: UseCaseSession) => boolean)[],
): (session: UseCaseSession) => boolean {
  return (session) => tests.some((test) => test(session))
}

/** Index of an action by its name. */
export function indexOfAction(name: string): number {
  const bytes = Buffer.from(name)
  return actionIndexOf(bytes, 0, bytes.length)
}
