import { ProxyError } from '../../policy/error.ts'
import type { CampaignRecord, CampaignStore } from '../store.ts'
import { sqliteCampaignItems } from './campaign-items.ts'
import { campaignValues, cutDetail, toCampaign } from './campaign-row.ts'
import type { Database } from './database.ts'
import { isUniqueViolation } from './errors.ts'
import { integer } from './rows.ts'

const insert = `
  INSERT INTO campaigns
    (id, kind, to_profile, settings, state, state_detail, created_at, updated_at, finished_at)
  VALUES
    (:id, :kind, :toProfile, :settings, :state, :stateDetail, :createdAt, :updatedAt, :finishedAt)`

const insertItem = `
  INSERT INTO campaign_items (campaign, position, identity, state, attempts) VALUES (?, ?, ?, 'waiting', 0)`

const setState = `
  UPDATE campaigns SET
    state = :state, state_detail = :detail, updated_at = :now,
    finished_at = CASE WHEN :state = 'finished' THEN coalesce(finished_at, :now) ELSE NULL END
  WHERE id = :id`

const surplus = `
  SELECT number FROM campaigns WHERE state IN ('finished', 'stopped') ORDER BY number
  LIMIT max(0, (SELECT count(*) FROM campaigns) - ?)`

/** A campaign is what a restart goes on with: all of it outlives a loss of power. */
export function sqliteCampaigns(db: Database): CampaignStore {
  function find(id: string): CampaignRecord | null {
    const row = db.statement('SELECT * FROM campaigns WHERE id = ?').get(id)
    return row === undefined ? null : toCampaign(row)
  }

  /** The number of the new campaign. */
  function add(campaign: CampaignRecord): number | bigint {
    try {
      return db.statement(insert).run(campaignValues(campaign)).lastInsertRowid
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      throw new ProxyError('campaign_exists', 'operator', `campaign ${campaign.id} exists already`)
    }
  }

  return {
    ...sqliteCampaignItems(db),

    create: (campaign, identities) =>
      db.write('power-loss', () => {
        const number = add(campaign)
        let position = 0
        for (const identity of new Set(identities)) {
          db.statement(insertItem).run(number, position, identity)
          position += 1
        }
      }),

    get: async (id) => db.read(() => find(id)),

    list: async (limit) =>
      db.read(() =>
        db
          .statement('SELECT * FROM campaigns ORDER BY number DESC LIMIT ?')
          .all(Math.max(0, limit))
          .map(toCampaign),
      ),

    prune: (keep) =>
      db.write('process', () => {
        const numbers = db
          .statement(surplus)
          .all(Math.max(0, keep))
          .map((row) => integer(row, 'number'))
        for (const number of numbers) {
          db.statement('DELETE FROM campaign_items WHERE campaign = ?').run(number)
          db.statement('DELETE FROM campaigns WHERE number = ?').run(number)
        }
        return numbers.length
      }),

    setState: (id, state, detail, now) =>
      db.write('power-loss', () => {
        db.statement(setState).run({ id, state, detail: cutDetail(detail), now })
        const campaign = find(id)
        if (campaign === null)
          throw new ProxyError('campaign_unknown', 'operator', `there is no campaign ${id}`)
        return campaign
      }),
  }
}
