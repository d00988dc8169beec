import type { Sample, Scenario } from './scenarios/scenario.ts'

/** All samples of one peer in one scenario. */
export interface PeerSamples {
  readonly peer: string
  readonly samples: readonly Sample[]
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
export function summaryOf(samples: readonly Sample[], key: string): Summary {
  return summarize(samples.flatMap((sample) => sample[key] ?? []))
}

/**
 * Median of a peer over the median of nginx, or smallest over smallest, which other work on the
 * machine disturbs least. Null when one of them is missing.
 */
export function ratioOf(
  results: readonly PeerSamples[],
  peer: string,
  key: string,
  of: 'median' | 'min',
): number | null {
  const own = results.find((result) => result.peer === peer)
  const reference = results.find((result) => result.peer === yardstick)
  if (own === undefined || reference === undefined || reference.samples.length === 0) return null
  const base = summaryOf(reference.samples, key)[of]
  return base === 0 || own.samples.length === 0 ? null : summaryOf(own.samples, key)[of] / base
}

/** The table of one scenario, for a terminal. */
export function table(scenario: Scenario, connections: number, results: readonly PeerSamples[]): string {
  const lines = [`${scenario.name}: ${scenario.title}, ${connections} connections`]
  for (const metric of scenario.metrics) {
    lines.push(`  ${metric.label} (${metric.unit})`)
    for (const { peer, samples } of results) {
      if (samples.length === 0) continue
      const { median, min, max } = summaryOf(samples, metric.key)
      const [middle, low, high] = [median, min, max].map((value) => value.toFixed(metric.digits))
      const compared = metric.ratio ? comparison(results, peer, metric.key) : ''
      lines.push(`    ${peer.padEnd(12)}${middle?.padStart(10)}  [${low} to ${high}]${compared}`)
    }
  }
  return lines.join('\n')
}

function comparison(results: readonly PeerSamples[], peer: string, key: string): string {
  const [median, best] = [ratioOf(results, peer, key, 'median'), ratioOf(results, peer, key, 'min')]
  if (median === null || best === null) return ''
  return `  ${median.toFixed(2)} x ${yardstick} (best to best ${best.toFixed(2)})`
}
