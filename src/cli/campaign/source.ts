import type { Static, TSchema } from 'typebox'
import { Check } from 'typebox/value'
import {
  campaignAnswer,
  campaignItemAnswer,
  campaignItemSchema,
  campaignSchema,
} from '../../admin/campaign-view.ts'
import { page } from '../../admin/schemas.ts'
import { ProxyError } from '../../policy/error.ts'
import type { CampaignItemState, CampaignRecord, CampaignStore } from '../../store/store.ts'
import { type ApiClient, type ApiOptions, apiClient } from '../api-client.ts'
import type { Shell } from '../shell.ts'
import { guarded, type StoreOptions, withStore } from '../store-command.ts'

/** Campaigns and charge points as the admin API tells them, and as `--json` shows them. */
export type CampaignAnswer = Static<typeof campaignSchema>
export type ItemAnswer = Static<typeof campaignItemSchema>

export interface CampaignSource {
  /** False: no proxy runs, so that nothing goes on. */
  readonly isLive: boolean
  list(limit: number): Promise<readonly CampaignAnswer[]>
  get(id: string): Promise<CampaignAnswer>
  /** All that are in this state, page by page. */
  items(id: string, state: CampaignItemState | undefined): AsyncGenerator<readonly ItemAnswer[]>
}

export type SourceOptions = StoreOptions & ApiOptions

const pageSize = 1000
const anyPage = {
  campaigns: page(campaignSchema, {} as TSchema),
  items: page(campaignItemSchema, {} as TSchema),
}

/** The API of the proxy that runs, or the store when none does: then nobody knows what is waited for. */
export async function withSource(
  shell: Shell,
  options: SourceOptions,
  body: (source: CampaignSource) => Promise<void>,
): Promise<void> {
  let useStore = options.store !== undefined
  await guarded(shell, async () => {
    if (useStore) return
    const client = apiClient(shell, options)
    useStore = options.adminUrl === undefined && !(client.hasToken && (await client.isRunning()))
    if (!useStore) await body(apiSource(client))
  })
  if (useStore) await withStore(shell, options, 'existing', ({ store }) => body(storeSource(store.campaigns)))
}

export function apiSource(client: Pick<ApiClient, 'call'>): CampaignSource {
  return {
    isLive: true,
    async list(limit) {
      const answer = await client.call('GET', `/campaigns?limit=${limit}`)
      return checked(anyPage.campaigns, answer).items
    },
    get: async (id) => checked(campaignSchema, await client.call('GET', campaignPath(id))),
    async *items(id, state) {
      const filter = state === undefined ? '' : `&state=${state}`
      let after = ''
      for (;;) {
        const path = campaignPath(id, `/charge-points?limit=${pageSize}${filter}${after}`)
        const { items } = checked(anyPage.items, await client.call('GET', path))
        yield items
        const last = items.at(-1)
        if (last === undefined || items.length < pageSize) return
        after = `&after=${last.position}`
      }
    },
  }
}

function storeSource(campaigns: CampaignStore): CampaignSource {
  const view = async (record: CampaignRecord) =>
    campaignAnswer({ ...record, counts: await campaigns.counts(record.id), waits: null })
  const recordOf = async (id: string) => {
    const record = await campaigns.get(id)
    if (record !== null) return record
    throw new ProxyError('campaign_unknown', 'operator', `there is no campaign ${id}`)
  }
  return {
    isLive: false,
    list: async (limit) => Promise.all((await campaigns.list(limit)).map(view)),
    get: async (id) => view(await recordOf(id)),
    async *items(id, state) {
      let after = -1
      for (;;) {
        const filter = state === undefined ? {} : { state }
        const items = await campaigns.items(id, { ...filter, after, limit: pageSize })
        yield items.map(campaignItemAnswer)
        const last = items.at(-1)
        if (last === undefined || items.length < pageSize) return
        after = last.position
      }
    },
  }
}

export function campaignPath(id: string, rest = ''): string {
  return `/campaigns/${encodeURIComponent(id)}${rest}`
}

/** An answer of the API; another version of the proxy may say something else. Throws `api_foreign`. */
export function checkedCampaign(answer: unknown): CampaignAnswer {
  return checked(campaignSchema, answer)
}

function checked<Schema extends TSchema>(schema: Schema, answer: unknown): Static<Schema> {
  if (Check(schema, answer)) return answer
  throw new ProxyError('api_foreign', 'operator', 'the proxy answers what this version does not understand')
}
