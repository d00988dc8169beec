import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '../../policy/error.ts'
import { type PeerView, type ReasonCode, reasons } from '../../policy/reasons.ts'
import type { RefusalCase } from './refusal-case.ts'
import { describeView, type Seen } from './seen.ts'
import type { Site, World } from './world.ts'

/** One refusal, seen from every side. */
export interface RefusalRow {
  readonly reason: ReasonCode
  readonly who: string
  readonly requirements: readonly string[]
  readonly clientSaw: string
  /** By how much ocpp_proxy_rejections_total moved for this reason. */
  readonly metric: number
  /** Records of this reason that came into the store. */
  readonly kept: number
  /** Log lines of this reason. */
  readonly logged: number
  /** What reached the central system. */
  readonly centralSystemSaw: readonly string[]
  /** What is not as it should be; none: all is well. */
  readonly surprises: readonly string[]
}

/** Until a record is durable and a log line has come through the pipe. */
const settleMs = 4_000
const pollMs = 25

/** Counts of a site at one moment; `since` tells what changed after it. */
interface Baseline {
  readonly metrics: ReadonlyMap<ReasonCode, number>
  readonly logged: number
  readonly lastRecord: number
  readonly centralSystem: number
}

interface Found extends Omit<RefusalRow, 'who' | 'requirements' | 'clientSaw' | 'surprises'> {
  /** Other reasons that were counted meanwhile. */
  readonly others: readonly string[]
}

/** Lets one be refused, and looks from every side. Never rejected: what breaks is a surprise. */
export async function measureRefusal(
  reason: ReasonCode,
  refusal: RefusalCase,
  world: World,
): Promise<RefusalRow> {
  const site = world.sites[refusal.site]
  const cleanups: (() => unknown)[] = []
  const connected = new Set(site.centralSystem.central.identities())
  const expected = { seen: refusal.sees ?? reasons[reason].peer, central: refusal.centralSystemSees ?? [] }
  try {
    let baseline = await baselineOf(site, reason)
    const seen = await refusal.attempt({
      world,
      site,
      ready: async () => {
        baseline = await baselineOf(site, reason)
      },
      later: (cleanup) => void cleanups.unshift(cleanup),
    })
    const found = await settled(site, reason, baseline, expected.central.length)
    for (const cleanup of cleanups.splice(0)) await cleanup()
    await gone(site, connected)
    return rowOf(refusal, found, describeView(seen), surprisesOf(expected, seen, found))
  } catch (error) {
    const nothing = { reason, metric: 0, kept: 0, logged: 0, centralSystemSaw: [], others: [] }
    return rowOf(refusal, nothing, '', [messageOf(error)])
  } finally {
    for (const cleanup of cleanups) await cleanup()
  }
}

/** Waits until the guests of a case have left the central system too: their end is not the next case's. */
async function gone({ centralSystem }: Site, before: ReadonlySet<string>): Promise<void> {
  const deadline = performance.now() + settleMs
  const isLeft = () => centralSystem.central.identities().some((identity) => !before.has(identity))
  while (isLeft() && performance.now() < deadline) await delay(pollMs)
}

async function baselineOf({ proxy, store, centralSystem }: Site, reason: ReasonCode): Promise<Baseline> {
  const [newest] = await store.rejections.list({ limit: 1 })
  return {
    metrics: await proxy.rejections(),
    logged: proxy.refusedLines(reason),
    lastRecord: newest?.id ?? 0,
    centralSystem: centralSystem.seen.length,
  }
}

/** What changed since; looks again until every side has heard of it, or time is up. */
async function settled(
  site: Site,
  reason: ReasonCode,
  baseline: Baseline,
  centralSystemEvents: number,
): Promise<Found> {
  const deadline = performance.now() + settleMs
  for (;;) {
    const found = await since(site, reason, baseline)
    const { metric, kept, logged, centralSystemSaw } = found
    const whole = metric > 0 && kept > 0 && logged > 0 && centralSystemSaw.length >= centralSystemEvents
    if (whole || performance.now() > deadline) return found
    await delay(pollMs)
  }
}

async function since(site: Site, reason: ReasonCode, baseline: Baseline): Promise<Found> {
  const { proxy, store, centralSystem } = site
  const metrics = await proxy.rejections()
  const delta = (code: ReasonCode) => (metrics.get(code) ?? 0) - (baseline.metrics.get(code) ?? 0)
  const records = await store.rejections.list({ reason, afterId: baseline.lastRecord, limit: 100 })
  return {
    reason,
    metric: delta(reason),
    kept: records.length,
    logged: proxy.refusedLines(reason) - baseline.logged,
    centralSystemSaw: centralSystem.seen.slice(baseline.centralSystem),
    others: [...metrics.keys()].filter((code) => code !== reason && delta(code) !== 0),
  }
}

function surprisesOf(
  expected: { readonly seen: PeerView; readonly central: readonly string[] },
  seen: Seen,
  found: Found,
): string[] {
  const wrong: string[] = []
  if (!isDeepStrictEqual(seen, expected.seen)) {
    wrong.push(`the client saw ${describeView(seen)} instead of ${describeView(expected.seen)}`)
  }
  for (const [name, count] of [
    ['the metric moved by', found.metric],
    ['records in the store:', found.kept],
    ['log lines:', found.logged],
  ] as const) {
    if (count !== 1) wrong.push(`${name} ${count} instead of 1`)
  }
  if (found.others.length > 0) wrong.push(`also counted: ${found.others.join(', ')}`)
  if (!isDeepStrictEqual(found.centralSystemSaw, expected.central)) {
    wrong.push(
      `the central system saw ${listed(found.centralSystemSaw)} instead of ${listed(expected.central)}`,
    )
  }
  return wrong
}

function listed(events: readonly string[]): string {
  return events.length === 0 ? 'nothing' : events.join(', ')
}

function rowOf(
  { who }: RefusalCase,
  { others: _, ...found }: Found,
  clientSaw: string,
  surprises: readonly string[],
): RefusalRow {
  return { ...found, who, requirements: reasons[found.reason].requirements, clientSaw, surprises }
}
