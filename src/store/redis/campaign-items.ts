import { ProxyError } from '../../policy/error.ts'
import { cutText } from '../../policy/security-event-types.ts'
import type { CampaignItem, CampaignItemPatch, CampaignItemState, CampaignStore } from '../store.ts'
import { type CampaignKeys, itemStates, parseItem } from './campaign-value.ts'
import type { RedisConnection } from './client.ts'
import type { LedWrite } from './lead.ts'
import type { Transaction } from './transaction.ts'

/** In UTF-16 units: a detail may quote what a charge point answered. */
const maxDetail = 1000
const maxCode = 100
const pageSize = 500

export function redisCampaignItems(
  connection: RedisConnection,
  keys: CampaignKeys,
  write: LedWrite,
): Pick<CampaignStore, 'items' | 'due' | 'counts' | 'updateItem' | 'recover'> {
  /** Those of an index that `fits`, in order of position. */
  async function collect(
    id: string,
    index: string,
    after: number,
    limit: number,
    fits: (item: CampaignItem) => boolean,
  ): Promise<CampaignItem[]> {
    const found: CampaignItem[] = []
    let from = `(${after}`
    while (found.length < limit) {
      const page = await connection.run((client) =>
        client.zrangebyscore(index, from, '+inf', 'LIMIT', 0, pageSize),
      )
      if (page.length === 0) break
      const texts = await connection.run((client) => client.hmget(keys.items(id), ...page))
      const items = texts.flatMap((text) => (text === null ? [] : [parseItem(text)]))
      for (const item of items) if (found.length < limit && fits(item)) found.push(item)
      const last = items.at(-1)
      if (page.length < pageSize || last === undefined) break
      from = `(${last.position}`
    }
    return found
  }

  return {
    items: (id, { state, after = -1, limit }) => {
      const index = state === undefined ? keys.positions(id) : keys.inState(id, state)
      return collect(id, index, after, limit, (item) => state === undefined || item.state === state)
    },

    due: (id, now, limit) =>
      collect(id, keys.inState(id, 'waiting'), -1, limit, ({ state, notBefore }) => {
        return state === 'waiting' && (notBefore === null || notBefore <= now)
      }),

    async counts(id) {
      const totals = await Promise.all(
        itemStates.map((state) => connection.run((client) => client.zcard(keys.inState(id, state)))),
      )
      const counts = { waiting: 0, running: 0, done: 0, failed: 0, skipped: 0 }
      for (const [index, state] of itemStates.entries()) counts[state] = totals[index] ?? 0
      return counts
    },

    updateItem: (id, identity, patch) =>
      write(async (transaction) => {
        const text = await transaction.get(keys.items(id), identity)
        if (text === null) {
          const message = `campaign ${id} has no charge point ${identity}`
          throw new ProxyError('campaign_item_unknown', 'operator', message)
        }
        change(transaction, keys, id, parseItem(text), patch)
      }),

    recover: (id, now) =>
      write(async (transaction) => {
        const running = keys.inState(id, 'running')
        const identities = await connection.run((client) => client.zrange(running, 0, '-1'))
        const texts = await transaction.getAll(keys.items(id), identities)
        for (const text of texts) {
          if (text === null) continue
          change(transaction, keys, id, parseItem(text), { state: 'waiting', notBefore: now })
        }
        return identities.length
      }),
  }
}

/** A field that is present and undefined changes nothing. */
function change(
  transaction: Transaction,
  keys: CampaignKeys,
  id: string,
  item: CampaignItem,
  patch: CampaignItemPatch,
): void {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
  const { identity, position } = item
  const merged: CampaignItem = { ...item, ...given, identity, position }
  const after: CampaignItem = {
    ...merged,
    detail: cut(merged.detail, maxDetail),
    code: cut(merged.code, maxCode),
  }
  transaction.set(keys.items(id), identity, JSON.stringify(after))
  if (item.state === after.state) return
  const index = (state: CampaignItemState) => keys.inState(id, state)
  transaction.score(index(item.state), identity, null)
  transaction.score(index(after.state), identity, position)
}

function cut(text: string | null, length: number): string | null {
  return text === null ? null : cutText(text, length)
}
