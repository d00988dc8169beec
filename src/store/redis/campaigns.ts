import { ProxyError } from '../../policy/error.ts'
import { cutText } from '../../policy/security-event-types.ts'
import type { CampaignRecord, CampaignStore } from '../store.ts'
import { redisCampaignItems } from './campaign-items.ts'
import { type CampaignKeys, campaignKeys, itemStates, parseCampaign } from './campaign-value.ts'
import type { RedisConnection } from './client.ts'
import type { KeyOf } from './keys.ts'
import { ledWrites } from './lead.ts'
import type { Transaction } from './transaction.ts'

/** In UTF-16 units. */
const maxDetail = 1000

/** `tokenOf`: of the replica that writes, which has to be the one that runs campaigns; left out: whoever writes may. */
export function redisCampaigns(
  connection: RedisConnection,
  key: KeyOf,
  tokenOf?: () => number | null,
): CampaignStore {
  const keys = campaignKeys(key)
  const write = ledWrites(connection, keys, tokenOf)

  async function records(ids: readonly string[]): Promise<readonly CampaignRecord[]> {
    if (ids.length === 0) return []
    const texts = await connection.run((client) => client.hmget(keys.records, ...ids))
    return texts.flatMap((text) => (text === null ? [] : [parseCampaign(text)]))
  }

  return {
    ...redisCampaignItems(connection, keys, write),

    async create(campaign, identities) {
      const number = await connection.run((client) => client.incr(keys.number))
      await write(async (transaction) => {
        const { id } = campaign
        if ((await transaction.get(keys.records, id)) !== null) {
          throw new ProxyError('campaign_exists', 'operator', `campaign ${id} exists already`)
        }
        transaction.set(
          keys.records,
          id,
          JSON.stringify({ ...campaign, stateDetail: cut(campaign.stateDetail) }),
        )
        transaction.score(keys.order, id, number)
        let position = 0
        for (const identity of new Set(identities)) {
          const item = { ...freshItem, identity, position }
          transaction.set(keys.items(id), identity, JSON.stringify(item))
          transaction.score(keys.positions(id), identity, position)
          transaction.score(keys.inState(id, 'waiting'), identity, position)
          position += 1
        }
      })
    },

    get: async (id) => (await records([id]))[0] ?? null,

    async list(limit) {
      if (limit <= 0) return []
      return records(await connection.run((client) => client.zrevrange(keys.order, 0, limit - 1)))
    },

    async prune(keep) {
      const ids = await connection.run((client) => client.zrange(keys.order, 0, '-1'))
      let surplus = ids.length - Math.max(0, keep)
      let removed = 0
      for (const id of ids) {
        if (surplus <= 0) break
        if (!(await write((transaction) => removeEnded(transaction, keys, id)))) continue
        surplus -= 1
        removed += 1
      }
      return removed
    },

    setState: (id, state, detail, now) =>
      write(async (transaction) => {
        const text = await transaction.get(keys.records, id)
        if (text === null) throw new ProxyError('campaign_unknown', 'operator', `there is no campaign ${id}`)
        const before = parseCampaign(text)
        const finishedAt = state === 'finished' ? (before.finishedAt ?? now) : null
        const after = { ...before, state, stateDetail: cut(detail), updatedAt: now, finishedAt }
        transaction.set(keys.records, id, JSON.stringify(after))
        return after
      }),
  }
}

/** False: it is not over, and stays. */
async function removeEnded(transaction: Transaction, keys: CampaignKeys, id: string): Promise<boolean> {
  const text = await transaction.get(keys.records, id)
  const state = text === null ? 'finished' : parseCampaign(text).state
  if (state !== 'finished' && state !== 'stopped') return false
  transaction.set(keys.records, id, null)
  transaction.score(keys.order, id, null)
  const indexes = itemStates.map((one) => keys.inState(id, one))
  for (const key of [keys.items(id), keys.positions(id), ...indexes]) transaction.write(['UNLINK', key])
  return true
}

const freshItem = {
  state: 'waiting',
  attempts: 0,
  detail: null,
  code: null,
  notBefore: null,
  startedAt: null,
  finishedAt: null,
} as const

function cut(detail: string | null): string | null {
  return detail === null ? null : cutText(detail, maxDetail)
}
