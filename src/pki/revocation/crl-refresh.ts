import type { CrlLoadProblem, CrlSet } from './crl-set.ts'
import type { Fetch } from './fetch.ts'

export interface CrlRefreshDependencies {
  readonly fetch: Fetch
  readonly crls: CrlSet
  readonly now: () => number
  /** Calls back after so many milliseconds; returns how to call it off. */
  readonly startTimer: (ms: number, callback: () => void) => () => void
  /** A CRL was fetched (null) or could not be used: log it, change the ticket keys, judge live sessions again. */
  readonly onLoad: (url: string, problem: CrlLoadProblem | null) => void
}

/** Times in milliseconds. */
export interface CrlRefreshOptions {
  readonly urls: readonly string[]
  readonly minMs: number
  readonly maxMs: number
}

export const defaultCrlRefresh = { minMs: 60_000, maxMs: 60 * 60_000 } as const

export interface CrlRefresh {
  /** Fetches all of them once more. Resolves when that is done, for better or worse. */
  refreshNow(): Promise<void>
  close(): void
}

/**
 * Keeps the CRLs of URLs current: fetched at once, and then at half of what is left until nextUpdate,
 * within `minMs` and `maxMs`; after a failure as soon as `minMs`. One timer and one request a URL.
 */
export function startCrlRefresh(options: CrlRefreshOptions, deps: CrlRefreshDependencies): CrlRefresh {
  const closing = new AbortController()
  const timers = new Map<string, () => void>()
  const refresh = async (url: string): Promise<void> => {
    timers.get(url)?.()
    const problem = await fetchCrl(url, deps, closing.signal)
    if (closing.signal.aborted) return
    deps.onLoad(url, problem)
    timers.get(url)?.()
    timers.set(
      url,
      deps.startTimer(waitOf(url, problem, options, deps), () => void refresh(url)),
    )
  }
  const refreshNow = async (): Promise<void> => {
    await Promise.all(options.urls.map(refresh))
  }
  void refreshNow()
  return {
    refreshNow,
    close() {
      closing.abort()
      for (const callOff of timers.values()) callOff()
      timers.clear()
    },
  }
}

async function fetchCrl(
  url: string,
  { fetch, crls }: CrlRefreshDependencies,
  signal: AbortSignal,
): Promise<CrlLoadProblem | null> {
  const fetched = await fetch({ method: 'GET', url }, signal)
  if (fetched.ok) return crls.load(url, fetched.body)
  const detail = `${fetched.code}: ${fetched.detail}`
  crls.fail(url, detail)
  return { code: 'fetch', detail }
}

function waitOf(
  url: string,
  problem: CrlLoadProblem | null,
  { minMs, maxMs }: CrlRefreshOptions,
  { crls, now }: CrlRefreshDependencies,
): number {
  if (problem !== null) return minMs
  const nextUpdate = crls.states().find(({ name }) => name === url)?.nextUpdate ?? 0
  return Math.min(maxMs, Math.max(minMs, (nextUpdate - now()) / 2))
}
