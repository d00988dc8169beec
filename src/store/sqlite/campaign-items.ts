import type { SQLInputValue } from 'node:sqlite'
import { ProxyError } from '../../policy/error.ts'
import type { CampaignItem, CampaignItemPatch, CampaignItemQuery, CampaignStore } from '../store.ts'
import { itemValues, toItem, toItemState } from './campaign-row.ts'
import type { Database } from './database.ts'
import { integer } from './rows.ts'

/** SQLite would rather walk the whole campaign in order of position, which most of it has left behind. */
const byState = 'campaign_items INDEXED BY campaign_items_state'
const ofCampaign = 'campaign = (SELECT number FROM campaigns WHERE id = :id)'

const update = `
  UPDATE campaign_items SET
    state = :state, attempts = :attempts, detail = :detail, code = :code, not_before = :notBefore,
    started_at = :startedAt, finished_at = :finishedAt
  WHERE ${ofCampaign} AND identity = :identity`

export const dueSql = `
  SELECT * FROM ${byState}
  WHERE ${ofCampaign} AND state = 'waiting' AND (not_before IS NULL OR not_before <= :now)
  ORDER BY position LIMIT :limit`

export const countsSql = `
  SELECT state, count(*) AS total FROM campaign_items WHERE ${ofCampaign} GROUP BY state`

export function sqliteCampaignItems(
  db: Database,
): Pick<CampaignStore, 'items' | 'due' | 'counts' | 'updateItem' | 'recover'> {
  return {
    items: async (id, query) => db.read(() => listPage(db, id, query)),

    due: async (id, now, limit) =>
      db.read(() =>
        db
          .statement(dueSql)
          .all({ id, now, limit: Math.max(0, limit) })
          .map(toItem),
      ),

    counts: async (id) =>
      db.read(() => {
        const counts = { waiting: 0, running: 0, done: 0, failed: 0, skipped: 0 }
        for (const row of db.statement(countsSql).all({ id })) {
          counts[toItemState(row)] = integer(row, 'total')
        }
        return counts
      }),

    updateItem: (id, identity, patch) =>
      db.write('power-loss', () => {
        const row = db
          .statement(`SELECT * FROM campaign_items WHERE ${ofCampaign} AND identity = :identity`)
          .get({ id, identity })
        if (row === undefined) throw unknownItem(id, identity)
        db.statement(update).run({ id, ...itemValues(patched(toItem(row), patch)) })
      }),

    recover: (id, now) =>
      db.write('power-loss', () => {
        const sql = `UPDATE ${byState} SET state = 'waiting', not_before = :now
                     WHERE ${ofCampaign} AND state = 'running'`
        return Number(db.statement(sql).run({ id, now }).changes)
      }),
  }
}

export function itemsSql(query: CampaignItemQuery): string {
  const [table, state] = query.state === undefined ? ['campaign_items', ''] : [byState, 'AND state = :state']
  return `
    SELECT * FROM ${table} WHERE ${ofCampaign} ${state} AND position > :after
    ORDER BY position LIMIT :limit`
}

function listPage(db: Database, id: string, query: CampaignItemQuery): CampaignItem[] {
  const values: Record<string, SQLInputValue> = {
    id,
    after: query.after ?? -1,
    limit: Math.max(0, query.limit),
    ...(query.state === undefined ? {} : { state: query.state }),
  }
  return db.statement(itemsSql(query)).all(values).map(toItem)
}

/** A field that is present and undefined changes nothing. */
function patched(item: CampaignItem, patch: CampaignItemPatch): CampaignItem {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined)
  return { ...item, ...Object.fromEntries(given), identity: item.identity, position: item.position }
}

function unknownItem(id: string, identity: string): ProxyError {
  const message = `campaign ${id} has no charge point ${identity}`
  return new ProxyError('campaign_item_unknown', 'operator', message)
}
