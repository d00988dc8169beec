/** What one side has sent and got, in numbers; over all its connections. */
export interface TrafficCounts {
  /** Own CALLs on the wire. Each is in exactly one of the next five. */
  readonly sent: number
  /** No answer yet, and still time for one. */
  readonly open: number
  readonly results: number
  /** Answered with CALLERROR. */
  readonly errors: number
  readonly timeouts: number
  /** The connection ended before the answer. */
  readonly interrupted: number
  /** Own CALLs that never went out: the connection ended while they waited. */
  readonly unsent: number
  /** Answers to CALLs that had timed out. */
  readonly late: number
  /** Second answers. */
  readonly duplicates: number
  /** Answers to ids that were never ours. */
  readonly foreign: number
  /** Messages that are no OCPP-J. */
  readonly invalid: number
  /** CALLs of the other side. */
  readonly received: number
  /** Those of them that went unanswered: on purpose, or because the connection ended. */
  readonly unanswered: number
}

export type TrafficCount = Exclude<keyof TrafficCounts, 'open'>

export interface Traffic {
  count(what: TrafficCount): void
  counts(): TrafficCounts
}

const none: TrafficCounts = Object.freeze({
  sent: 0,
  open: 0,
  results: 0,
  errors: 0,
  timeouts: 0,
  interrupted: 0,
  unsent: 0,
  late: 0,
  duplicates: 0,
  foreign: 0,
  invalid: 0,
  received: 0,
  unanswered: 0,
})

export function createTraffic(): Traffic {
  const counted: Record<TrafficCount, number> = { ...none }
  return {
    count(what) {
      counted[what] += 1
    },
    counts() {
      const { sent, results, errors, timeouts, interrupted } = counted
      return { ...counted, open: sent - results - errors - timeouts - interrupted }
    },
  }
}

/** The counts of a whole fleet. */
export function sumTraffic(all: Iterable<TrafficCounts>): TrafficCounts {
  const sum: Record<keyof TrafficCounts, number> = { ...none }
  for (const one of all) {
    for (const key of Object.keys(none) as (keyof TrafficCounts)[]) sum[key] += one[key]
  }
  return sum
}

/** What came that belongs to nothing of ours: an answer without a CALL, or no message at all. */
export function strayMessages({ late, duplicates, foreign, invalid }: TrafficCounts): number {
  return late + duplicates + foreign + invalid
}
