import type { Registry } from 'prom-client'

/**
 * Counters for the path of a message: an array of numbers while it is hot, Prometheus text only
 * when somebody asks. Labels are fixed from the start, so nothing grows.
 */
export class Tally {
  readonly counts: Float64Array

  /** `labels[index]` names the series of `counts[index]`. Series that never counted are not shown. */
  constructor(
    registry: Registry,
    name: string,
    help: string,
    labels: readonly Readonly<Record<string, string>>[],
  ) {
    this.counts = new Float64Array(labels.length)
    const { counts } = this
    register(registry, name, {
      help,
      type: 'counter',
      labelNames: Object.keys(labels[0] ?? {}),
      get: () => ({
        name,
        help,
        type: 'counter',
        aggregator: 'sum',
        values: labels.flatMap((series, index) => {
          const value = counts[index] as number
          return value === 0 ? [] : [{ labels: series, value }]
        }),
      }),
      reset: () => counts.fill(0),
    })
  }
}

/** A histogram without labels for the path of a message. Upper bounds in ascending order. */
export class Timing {
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(registry: Registry, name: string, help: string, bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
    register(registry, name, {
      help,
      type: 'histogram',
      labelNames: [],
      get: () => ({ name, help, type: 'histogram', aggregator: 'sum', values: this.#values(name) }),
      reset: () => {
        this.#counts.fill(0)
        this.#sum = 0
      },
    })
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let index = 0
    while (index < bounds.length && value > (bounds[index] as number)) index += 1
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#sum += value
  }

  #values(name: string) {
    let total = 0
    const buckets = [...this.#bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
      total += this.#counts[index] as number
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : bound
      return { labels: { le }, value: total, metricName: `${name}_bucket` }
    })
    return [
      ...buckets,
      { labels: {}, value: this.#sum, metricName: `${name}_sum` },
      { labels: {}, value: total, metricName: `${name}_count` },
    ]
  }
}

interface Collected {
  readonly help: string
  readonly type: string
  readonly labelNames: readonly string[]
  readonly get: () => object
  readonly reset: () => void
}

/** prom-client asks a registered metric for nothing but `name`, `get` and `reset`. */
function register(registry: Registry, name: string, metric: Collected): void {
  registry.registerMetric({ name, ...metric } as unknown as Parameters<Registry['registerMetric']>[0])
}
