import type { CampaignItem } from '../store/store.ts'

/** Identities that are named beside a count. */
const maxExamples = 5

export interface CodeSummary {
  readonly state: 'failed' | 'skipped' | 'waiting'
  /** Why; of a waiting one: why its last try failed. */
  readonly code: string
  readonly count: number
  /** The first ones. */
  readonly examples: readonly string[]
}

/** Collects the causes of a campaign, page by page; most frequent first. */
export function createSummary(): {
  add(items: readonly Pick<CampaignItem, 'identity' | 'state' | 'code'>[]): void
  result(): readonly CodeSummary[]
} {
  const causes = new Map<string, { -readonly [Key in keyof CodeSummary]: CodeSummary[Key] }>()
  return {
    add(items) {
      for (const { identity, state, code } of items) {
        if (code === null || state === 'done' || state === 'running') continue
        const cause = causes.get(`${state} ${code}`) ?? { state, code, count: 0, examples: [] }
        causes.set(`${state} ${code}`, cause)
        cause.count += 1
        if (cause.examples.length < maxExamples) cause.examples = [...cause.examples, identity]
      }
    },
    result: () => [...causes.values()].sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
  }
}
