import { ProxyError } from '../../src/policy/error.ts'
import type {
  CampaignItem,
  CampaignItemPatch,
  CampaignItemState,
  CampaignRecord,
  CampaignStore,
} from '../../src/store/store.ts'

export interface MemoryCampaigns extends CampaignStore {
  /** Called before each write; may throw, as a store that is away does. */
  onWrite: (what: string) => void
}

/** Campaigns in memory, for tests that write thousands of times. Outlives the service that uses it. */
export function memoryCampaigns(): MemoryCampaigns {
  const records = new Map<string, CampaignRecord>()
  const items = new Map<string, Map<string, CampaignItem>>()
  const itemsOf = (id: string) => [...(items.get(id)?.values() ?? [])]

  function patch(id: string, identity: string, change: CampaignItemPatch): void {
    const item = items.get(id)?.get(identity)
    if (item === undefined) throw new ProxyError('campaign_item_unknown', 'operator', `no ${identity}`)
    items.get(id)?.set(identity, { ...item, ...change })
  }

  const store: MemoryCampaigns = {
    onWrite: () => {},
    async create(campaign, identities) {
      store.onWrite('create')
      if (records.has(campaign.id)) throw new ProxyError('campaign_exists', 'operator', 'it exists')
      records.set(campaign.id, campaign)
      const all = identities.map((identity, position) => [identity, freshItem(identity, position)] as const)
      items.set(campaign.id, new Map(all))
    },
    get: async (id) => records.get(id) ?? null,
    list: async (limit) => [...records.values()].toReversed().slice(0, limit),
    async setState(id, state, stateDetail, now) {
      store.onWrite(`state ${state}`)
      const known = records.get(id)
      if (known === undefined) throw new ProxyError('campaign_unknown', 'operator', 'there is none')
      const finishedAt = state === 'finished' ? now : null
      const record: CampaignRecord = { ...known, state, stateDetail, updatedAt: now, finishedAt }
      records.set(id, record)
      return record
    },
    items: async (id, { state, after = -1, limit }) =>
      itemsOf(id)
        .filter((item) => item.position > after && (state === undefined || item.state === state))
        .slice(0, limit),
    due: async (id, now, limit) =>
      itemsOf(id)
        .filter(({ state, notBefore }) => state === 'waiting' && (notBefore ?? 0) <= now)
        .slice(0, limit),
    async counts(id) {
      const counts: Record<CampaignItemState, number> = {
        waiting: 0,
        running: 0,
        done: 0,
        failed: 0,
        skipped: 0,
      }
      for (const { state } of itemsOf(id)) counts[state] += 1
      return counts
    },
    async updateItem(id, identity, change) {
      store.onWrite(`item ${change.state ?? ''}`)
      patch(id, identity, change)
    },
    async recover(id, now) {
      const interrupted = itemsOf(id).filter(({ state }) => state === 'running')
      for (const { identity } of interrupted) patch(id, identity, { state: 'waiting', notBefore: now })
      return interrupted.length
    },
    async prune(keep) {
      const ended = [...records.values()].filter(({ state }) => state === 'finished' || state === 'stopped')
      const gone = ended.slice(0, Math.max(0, records.size - keep))
      for (const { id } of gone) {
        records.delete(id)
        items.delete(id)
      }
      return gone.length
    },
  }
  return store
}

function freshItem(identity: string, position: number): CampaignItem {
  return {
    identity,
    position,
    state: 'waiting',
    attempts: 0,
    detail: null,
    code: null,
    notBefore: null,
    startedAt: null,
    finishedAt: null,
  }
}
