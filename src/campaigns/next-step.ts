/** What a running campaign knows when it decides what to do next. Times in milliseconds since the epoch. */
export interface Situation {
  readonly now: number
  readonly concurrency: number
  /** Charge points under way. */
  readonly running: number
  /** Charge points that wait, for whatever. */
  readonly waiting: number
  /** Is the first that could begin one of the canaries? null: nobody could. */
  readonly firstReady: 'canary' | 'other' | null
  /** Canaries that wait or are under way. */
  readonly openCanaries: number
  /** When the pace allows the next one. */
  readonly nextBeginAt: number
  /** When the next one is to be looked at again; null: none waits for a time. */
  readonly nextDueAt: number | null
}

export type Step =
  | { readonly kind: 'begin' }
  /** Until that time, or until something happens: an end, a session, a transaction that is over. */
  | { readonly kind: 'wait'; readonly until: number | null }
  | { readonly kind: 'finish' }

/** The next step of a running campaign. Nobody waits by looking again and again: each wait has its end. */
export function nextStep(situation: Situation): Step {
  const { now, concurrency, running, waiting, firstReady, openCanaries, nextBeginAt, nextDueAt } = situation
  if (waiting === 0 && running === 0) return { kind: 'finish' }
  const wait: Step = { kind: 'wait', until: nextDueAt }
  if (firstReady === null || running >= concurrency) return wait
  if (firstReady === 'other' && openCanaries > 0) return wait
  if (nextBeginAt > now) return { kind: 'wait', until: Math.min(nextBeginAt, nextDueAt ?? nextBeginAt) }
  return { kind: 'begin' }
}
