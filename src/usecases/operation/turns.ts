/** One operation per charge point at a time: two that change the same thing would undo each other. */
export interface OperationTurns {
  isTaken(identity: string): boolean
  /** What gives the turn back; null: another operation has it. */
  take(identity: string): (() => void) | null
}

/** Bounded by the operations that run: each of them gives its turn back. */
export function createOperationTurns(): OperationTurns {
  const taken = new Set<string>()
  return {
    isTaken: (identity) => taken.has(identity),
    take(identity) {
      if (taken.has(identity)) return null
      taken.add(identity)
      return () => taken.delete(identity)
    },
  }
}
