import { parseCampaignSettings } from '../campaign-settings.ts'
import type { CampaignItem, CampaignItemState, CampaignRecord } from '../store.ts'
import { corrupt } from './errors.ts'
import { parseObject } from './json.ts'
import type { KeyOf } from './keys.ts'

export const itemStates: readonly CampaignItemState[] = ['waiting', 'running', 'done', 'failed', 'skipped']

/** Names of the keys of campaigns. */
export function campaignKeys(key: KeyOf) {
  return {
    /** Hash with the one field `token`: of the replica that runs campaigns. */
    lead: key('lead'),
    number: key('number'),
    /** Hash: id to record. */
    records: key('records'),
    /** Sorted set of ids, in the order of their making. */
    order: key('order'),
    /** Hash: identity to item. */
    items: (id: string) => key('items', id),
    /** Sorted sets of identities by position: all, and those in one state. */
    positions: (id: string) => key('positions', id),
    inState: (id: string, state: CampaignItemState) => key('in', state, id),
  }
}

export type CampaignKeys = ReturnType<typeof campaignKeys>

/** Throws ProxyError `store_corrupt`: a campaign that cannot be read whole must not go on. */
export function parseCampaign(text: string): CampaignRecord {
  const value = parseObject(text, 'a campaign')
  const settings = parseCampaignSettings(value.settings)
  const isWhole = typeof value.id === 'string' && typeof value.kind === 'string'
  if (settings === null || !isWhole || typeof value.state !== 'string') throw corrupt('a campaign')
  return { ...(value as unknown as CampaignRecord), settings }
}

/** Throws ProxyError `store_corrupt`. */
export function parseItem(text: string): CampaignItem {
  const value = parseObject(text, 'a charge point of a campaign')
  const { identity, position, attempts } = value
  const state = itemStates.find((known) => known === value.state)
  const isWhole = typeof identity === 'string' && typeof position === 'number' && typeof attempts === 'number'
  if (state === undefined || !isWhole) throw corrupt('a charge point of a campaign')
  return value as unknown as CampaignItem
}
