import type { Sample, Scenario } from './scenarios/scenario.ts'

/** All samples of one peer in one scenario, by the round; null: it failed in that round. */
export interface PeerSamples {
  readonly peer: string
  readonly samples: readonly (Sample | null)[]
}

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The peer that the ratios are against. */
export const yardstick = 'nginx'

/** Median, smallest and largest of the figures; all zero when there are none. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  const lower = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? 0) : upper
  return { median: (lower + upper) / 2, min: sorted[0] ?? 0, max: sorted[sorted.length - 1] ?? 0 }
}

/** The figures of one metric over the samples of a peer. */
export function summaryOf(samples: readonly (Sample | null)[], key: string): Summary {
  return summarize(samples.flatMap((sample) => sample?.[key] ?? []))
}

/**
 * A peer's figure over that of nginx in the same round, of all rounds. Both were measured within
 * moments, so that it says more than either figure. Null when there is no such round.
 */
export function ratioOf(results: readonly PeerSamples[], peer: string, key: string): Summary | null {
  const own = results.find((result) => result.peer === peer)?.samples ?? []
  const reference = results.find((result) => result.peer === yardstick)?.samples ?? []
  const ratios = own.flatMap((sample, round) => {
    const [value, base] = [sample?.[key], reference[round]?.[key]]
    return value === undefined || base === undefined || base === 0 ? [] : value / base
  })
  return ratios.length === 0 ? null : summarize(ratios)
}

/** The table of one scenario, for a terminal. */
export function table(scenario: Scenario, connections: number, results: readonly PeerSamples[]): string {
  const lines = [`${scenario.name}: ${scenario.title}, ${connections} connections`]
  for (const metric of scenario.metrics) {
    lines.push(`  ${metric.label} (${metric.unit})`)
    for (const { peer, samples } of results) {
      if (samples.every((sample) => sample === null)) continue
      const { median, min, max } = summaryOf(samples, metric.key)
      const [middle, low, high] = [median, min, max].map((value) => value.toFixed(metric.digits))
      const compared = metric.ratio ? comparison(results, peer, metric.key) : ''
      lines.push(`    ${peer.padEnd(12)}${middle?.padStart(10)}  [${low} to ${high}]${compared}`)
    }
  }
  return lines.join('\n')
}

function comparison(results: readonly PeerSamples[], peer: string, key: string): string {
  const ratio = ratioOf(results, peer, key)
  if (ratio === null) return ''
  const [median, min, max] = [ratio.median, ratio.min, ratio.max].map((value) => value.toFixed(2))
  return `  ${median} x ${yardstick} [${min} to ${max}]`
}
