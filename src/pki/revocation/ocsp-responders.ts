import { BoundedMap } from '../../policy/bounded-map.ts'
import { createSlots, type Slots } from './slots.ts'

/** What is known of one responder: one that is slow or away must not hold up the others. */
export interface ResponderState {
  readonly slots: Slots
  /** It failed: nobody asks before this time (milliseconds since the epoch). 0: it did not. */
  downUntil: number
}

export interface ResponderLimits {
  /** Requests to one responder at a time. */
  readonly concurrency: number
  /** Certificates that wait for one responder. */
  readonly maxWaiting: number
}

/** Addresses stand in certificates: an authority that gives each its own must not fill the memory. */
const maxResponders = 64

/** The state of a responder by its address, of which scheme, host and port count. */
export function createResponders(limits: ResponderLimits): (url: string) => ResponderState {
  const known = new BoundedMap<string, ResponderState>(maxResponders)
  return (url) => {
    const origin = URL.parse(url)?.origin ?? ''
    const state = known.get(origin) ?? {
      slots: createSlots(limits.concurrency, limits.maxWaiting),
      downUntil: 0,
    }
    known.set(origin, state)
    return state
  }
}
