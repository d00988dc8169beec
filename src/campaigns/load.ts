import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CampaignItem, CampaignItemQuery, CampaignRecord, CampaignStore } from '../store/store.ts'
import type { RunnerDeps } from './runner-deps.ts'
import { WaitingList } from './waiting.ts'

const pageSize = 1000

export interface LoadedCampaign {
  readonly list: WaitingList
  /** Canaries that wait. */
  readonly openCanaries: Set<string>
  /** Position of the last canary; less than every position where there is none. */
  readonly lastCanary: number
  readonly ended: { done: number; failed: number; skipped: number }
}

/** Reads a campaign of which nothing is under way; what ran when its process ended waits again. */
export async function loadCampaign(
  { id, settings }: CampaignRecord,
  { store, clock, isConnected }: Pick<RunnerDeps, 'store' | 'clock' | 'isConnected'>,
): Promise<LoadedCampaign> {
  const now = clock.now()
  await store.recover(id, now)
  const list = new WaitingList()
  const openCanaries = new Set<string>()
  let lastCanary = Number.NEGATIVE_INFINITY
  let canariesLeft = settings.canary
  if (canariesLeft > 0) {
    for await (const page of itemPages(store, id, {})) {
      const canaries = page.slice(0, canariesLeft)
      for (const { identity, state } of canaries) if (state === 'waiting') openCanaries.add(identity)
      lastCanary = canaries.at(-1)?.position ?? lastCanary
      canariesLeft -= canaries.length
      if (canariesLeft === 0) break
    }
  }
  for await (const page of itemPages(store, id, { state: 'waiting' })) {
    for (const { identity, position, attempts, code, detail, notBefore } of page) {
      // The fleet needs time to come back to a proxy that has just started: that is no failed try.
      const isAway = code !== null && !isConnected(identity)
      const due = isAway ? Math.max(notBefore ?? 0, now + settings.retryAfterMs) : notBefore
      list.add({ identity, position, attempts, code, detail, notBefore: due }, now)
    }
  }
  const { done, failed, skipped } = await store.counts(id)
  return { list, openCanaries, lastCanary, ended: { done, failed, skipped } }
}

/** All items that fit, a page at a time. */
export async function* itemPages(
  store: Pick<CampaignStore, 'items'>,
  id: string,
  filter: Pick<CampaignItemQuery, 'state'>,
): AsyncGenerator<readonly CampaignItem[]> {
  let after: number | undefined
  for (;;) {
    const page = await store.items(id, {
      ...filter,
      ...(after === undefined ? {} : { after }),
      limit: pageSize,
    })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    if (page.length < pageSize) return
    after = last.position
    // The process has sockets to read between two pages.
    await nextTurn()
  }
}
