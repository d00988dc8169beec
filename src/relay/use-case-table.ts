import { actionIndexOf, actionNames } from '../ocpp/action-index.ts'
import type { Protocol } from '../policy/protocol.ts'
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
  readonly #of16: Watching
  readonly #of201: Watching

  constructor(useCases: readonly UseCase[]) {
    this.#of16 = watchingOf(useCases, 'ocpp1.6')
    this.#of201 = watchingOf(useCases, 'ocpp2.0.1')
  }

  /** Those that see sessions of a version, in their order. */
  of(protocol: Protocol): readonly UseCase[] {
    return this.#by(protocol).useCases
  }

  /** `side` is the sender's, `action` an index of ocpp/action-index; null: nobody watches it. */
  watching(side: 0 | 1, action: number, protocol: Protocol): readonly Decider[] | null {
    return this.#by(protocol).rows[side][action] ?? null
  }

  /** Does anybody want to see this CALL of this session? */
  wants(side: 0 | 1, action: number, session: UseCaseSession): boolean {
    const deciders = this.watching(side, action, session.facts.protocol)
    if (deciders === null) return false
    // Asked for every CALL: no closure is made for it.
    for (const { only } of deciders) if (only === null || only(session)) return true
    return false
  }

  #by(protocol: Protocol): Watching {
    return protocol === 'ocpp2.0.1' ? this.#of201 : this.#of16
  }
}

/** The use cases of one version of OCPP. */
interface Watching {
  readonly useCases: readonly UseCase[]
  /** By direction, in the order of `flow.ts`: those of the charge point, those of the central system. */
  readonly rows: readonly [Row, Row]
}

function watchingOf(all: readonly UseCase[], protocol: Protocol): Watching {
  const useCases = all.filter((one) => (one.protocols ?? only16).includes(protocol))
  const row = (direction: Direction): Row =>
    actionNames.map((name) => {
      const deciders = useCases.flatMap((useCase, order) => deciderOf(useCase, order, direction, name))
      return deciders.length === 0 ? null : deciders
    })
  return { useCases, rows: [row('to-central-system'), row('to-charge-point')] }
}

const only16: readonly Protocol[] = ['ocpp1.6']

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
