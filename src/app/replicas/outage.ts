import { ProxyError } from '../../policy/error.ts'

/** What it means that a store of several replicas does not answer, or takes nothing (design, section 12). */
export interface Outage {
  /** Is this the failure of a store that is away? It is noted then. */
  isAway(error: unknown): boolean
  /** A beat was written: the store is there, and takes what is written. */
  isBack(): void
  /** Away, and not for so long that nobody is believed any more. */
  readonly isBridged: boolean
  /** Away with this error, and known charge points are let in still. */
  bridges(error: unknown): boolean
  /** For operators; none: it is there. */
  notes(): readonly string[]
}

export interface OutageDeps {
  /** As the last reload left it. */
  readonly graceMs: () => number
  /** Milliseconds, any origin. */
  readonly now: () => number
  /** The store failed once more. */
  readonly noted: () => void
  readonly log: {
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
    error(fields: object, text: string): void
  }
}

/** A server that can be read and not written is as much away: what it says may be old, and nothing can be kept there. */
const awayCodes: ReadonlySet<string> = new Set([
  'store_unavailable',
  'store_read_only',
  'store_full',
  'store_io',
  'store_denied',
])

/**
 * The grace counts from the last beat that was written, whatever can be read meanwhile. The outage is over
 * when nothing has failed from one beat to the next.
 */
export function createOutage({ graceMs, now, noted, log }: OutageDeps): Outage {
  let beatenAt = now()
  let outage: { readonly since: number; problem: string; isOver: boolean } | null = null
  let hasFailed = false
  const left = () => (outage === null ? 0 : outage.since + graceMs() - now())

  function isAway(error: unknown): boolean {
    if (!(error instanceof ProxyError) || !awayCodes.has(error.code)) return false
    hasFailed = true
    const problem = error.message.replace(/^store redis: /, '')
    if (outage === null) log.warn({ problem, graceMs: graceMs() }, 'the store is away: sessions go on')
    outage ??= { since: beatenAt, problem, isOver: false }
    outage.problem = problem
    if (!outage.isOver && left() <= 0) {
      outage.isOver = true
      log.error({ problem }, 'the store is away for longer than store.redis.grace: nobody gets in')
    }
    noted()
    return true
  }

  return {
    isAway,
    bridges: (error) => isAway(error) && left() > 0,
    isBack() {
      beatenAt = now()
      if (outage !== null && !hasFailed) {
        log.info({}, 'the store is back')
        outage = null
      }
      hasFailed = false
    },
    get isBridged() {
      return outage !== null && left() > 0
    },
    notes() {
      if (outage === null) return []
      const minutes = Math.ceil(left() / 60_000)
      const who =
        minutes > 0 ? `known charge points may come back for ${minutes} more minutes` : 'nobody gets in'
      return [`the store is away (${outage.problem}): sessions go on, ${who}`]
    },
  }
}
