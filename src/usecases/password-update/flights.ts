import type { CredentialChange } from '../../store/store.ts'

/** A new password between the moment before it is stored and its answer. */
export interface Flight {
  /** It is stored. `isRepeated`: an earlier CALL has carried it already. */
  carries(change: CredentialChange, isRepeated: boolean): void
  /** Nothing was sent. */
  end(): void
}

/**
 * New passwords on their way, one per charge point: the store keeps an old and a new one, and a third
 * would lock the charge point out. Bounded by the CALLs that are open.
 */
export interface PasswordFlights {
  /** Null: there is one already. */
  begin(identity: string): Flight | null
  has(identity: string): boolean
  /** The one on its way, once it is stored. */
  current(identity: string): CredentialChange | null
  /**
   * Another CALL carries the same password, as this change of it. False: there is none on its way any
   * more.
   */
  join(identity: string, change: CredentialChange): boolean
  /**
   * One of the CALLs has its answer, or will not get one: `settle` stores what came of it, and is never
   * rejected. It is on its way until that is done. `isOnly`: no other CALL has carried this password.
   */
  land(identity: string, settle: (change: CredentialChange, isOnly: boolean) => Promise<void>): void
  /** Fulfilled when what came of it is stored; null: it has no answer yet, or there is none. */
  settled(identity: string): Promise<void> | null
  /** A new session has begun: what was on its way in the one before is over. */
  clear(identity: string): void
}

interface State {
  change: CredentialChange | null
  open: number
  isOnly: boolean
  /** Answers are being stored. */
  settling: Promise<void> | null
}

export function createPasswordFlights(): PasswordFlights {
  const flights = new Map<string, State>()
  return {
    begin(identity) {
      if (flights.has(identity)) return null
      const state: State = { change: null, open: 1, isOnly: true, settling: null }
      flights.set(identity, state)
      return {
        carries(change, isRepeated) {
          state.change = change
          state.isOnly = !isRepeated
        },
        end() {
          if (flights.get(identity) === state) flights.delete(identity)
        },
      }
    },
    has: (identity) => flights.has(identity),
    current: (identity) => flights.get(identity)?.change ?? null,
    join(identity, change) {
      const state = flights.get(identity)
      if (state === undefined) return false
      state.change = change
      state.open += 1
      state.isOnly = false
      return true
    },
    land(identity, settle) {
      const state = flights.get(identity)
      if (state === undefined || state.change === null) return
      const { change, isOnly } = state
      state.open -= 1
      const before = state.settling ?? Promise.resolve()
      state.settling = before
        .then(() => settle(change, isOnly))
        .then(() => {
          if (state.open === 0 && flights.get(identity) === state) flights.delete(identity)
        })
    },
    settled(identity) {
      const state = flights.get(identity)
      return state === undefined || state.open > 0 ? null : state.settling
    },
    clear: (identity) => void flights.delete(identity),
  }
}
