import { ProxyError } from '../../policy/error.ts'

/** What it means that a store of several replicas does not answer (design, section 12). */
export interface Outage {
  /** Is this the failure of a store that is away? It is noted then. */
  isAway(error: unknown): boolean
  /** The store has answered. */
  isBack(): void
  /** Away, and not for so long that nobody is believed any more. */
  readonly isBridged: boolean
  /** Away with this error, and known charge points are let in still. */
  bridges(error: unknown): boolean
  readonly isNoted: boolean
  /** For operators; none: it is there. */
  notes(): readonly string[]
}

const awayCodes: ReadonlySet<string> = new Set([
  'store_unavailable',
  'store_read_only',
  'store_full',
  'store_io',
  'store_denied',
])

/** `graceMs`: as the last reload left it. `now` in milliseconds, any origin. `noted`: the store failed once more. */
export function createOutage(graceMs: () => number, now: () => number, noted: () => void = () => {}): Outage {
  let since: number | null = null
  const left = () => (since === null ? 0 : since + graceMs() - now())
  function isAway(error: unknown): boolean {
    if (!(error instanceof ProxyError) || !awayCodes.has(error.code)) return false
    since ??= now()
    noted()
    return true
  }
  return {
    isAway,
    bridges: (error) => isAway(error) && left() > 0,
    get isNoted() {
      return since !== null
    },
    isBack() {
      since = null
    },
    get isBridged() {
      return since !== null && left() > 0
    },
    notes() {
      if (since === null) return []
      const minutes = Math.ceil(left() / 60_000)
      const who =
        minutes > 0 ? `known charge points may come back for ${minutes} more minutes` : 'nobody gets in'
      return [`the store is away: sessions go on, ${who}`]
    },
  }
}
