export interface CampaignClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `task` once, after so many milliseconds; the result takes that back. */
  after(ms: number, task: () => void): () => void
}

export const systemClock: CampaignClock = {
  now: Date.now,
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}
