import type { CredentialChange } from '../store/store.ts'

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
  /** Another CALL carries the same password. False: there is none on its way any more. */
  join(identity: string): boolean
  /**
   * One of the CALLs has its answer, or will not get one. `isOnly`: no other one has carried this
   * password. null: there was none.
   */
  land(identity: string): { readonly change: CredentialChange; readonly isOnly: boolean } | null
  /** A new session has begun: what was on its way in the one before is over. */
  clear(identity: string): void
}

interface State {
  change: CredentialChange | null
  open: number
  isOnly: boolean
}

export function createPasswordFlights(): PasswordFlights {
  const flights = new Map<string, State>()
  return {
    begin(identity) {
      if (flights.has(identity)) return null
      const state: State = { change: null, open: 1, isOnly: true }
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
    join(identity) {
      const state = flights.get(identity)
      if (state === undefined) return false
      state.open += 1
      state.isOnly = false
      return true
    },
    land(identity) {
      const state = flights.get(identity)
      if (state === undefined || state.change === null) return null
      state.open -= 1
      if (state.open === 0) flights.delete(identity)
      return { change: state.change, isOnly: state.isOnly }
    },
    clear: (identity) => void flights.delete(identity),
  }
}
