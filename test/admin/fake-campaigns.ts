import type { CampaignRequest, Campaigns, CampaignView } from '../../src/campaigns/campaigns.ts'
import { ProxyError } from '../../src/policy/error.ts'
import type { CampaignItem, CampaignItemQuery } from '../../src/store/store.ts'

/** Campaigns without an engine: what was asked is kept, what is told is given. */
export class FakeCampaigns implements Campaigns {
  readonly created: CampaignRequest[] = []
  readonly steps: string[] = []
  readonly #views = new Map<string, CampaignView>()

  async create(request: CampaignRequest): Promise<CampaignView> {
    if (Object.keys(request.selection).length === 0) {
      throw new ProxyError('campaign_invalid', 'operator', 'nothing is selected')
    }
    this.created.push(request)
    const view: CampaignView = {
      id: `c-${this.created.length}`,
      kind: request.kind,
      toProfile: request.toProfile ?? null,
      settings: {
        canary: 1,
        perMinute: 30,
        concurrency: 5,
        onlyIdle: true,
        attempts: 3,
        retryAfterMs: 60_000,
        timeoutMs: 300_000,
        maxFailures: 1,
      },
      state: 'running',
      stateDetail: null,
      createdAt: 1_700_000_000_000,
      updatedAt: 1_700_000_000_000,
      finishedAt: null,
      counts: { waiting: 2, running: 0, done: 1, failed: 0, skipped: 0 },
      waits: { notConnected: 1, transactionOpen: 0, retry: 0, canaries: 0 },
    }
    this.#views.set(view.id, view)
    return view
  }

  async list(limit = 100): Promise<readonly CampaignView[]> {
    return [...this.#views.values()].toReversed().slice(0, limit)
  }

  async get(id: string): Promise<CampaignView> {
    const view = this.#views.get(id)
    if (view === undefined) throw new ProxyError('campaign_unknown', 'operator', `there is no campaign ${id}`)
    return view
  }

  async items(id: string, { after = -1, limit }: CampaignItemQuery): Promise<readonly CampaignItem[]> {
    await this.get(id)
    return [0, 1, 2]
      .filter((position) => position > after)
      .slice(0, limit)
      .map((position) => ({
        identity: `CP${position}`,
        position,
        state: 'waiting',
        attempts: 0,
        detail: null,
        code: null,
        notBefore: null,
        startedAt: null,
        finishedAt: null,
      }))
  }

  pause(id: string): Promise<CampaignView> {
    return this.#step(id, 'pause', 'paused')
  }

  resume(id: string, { retryFailed }: { readonly retryFailed: boolean }): Promise<CampaignView> {
    return this.#step(id, `resume ${retryFailed}`, 'running')
  }

  cancel(id: string): Promise<CampaignView> {
    return this.#step(id, 'cancel', 'stopped')
  }

  drain(): void {}

  async close(): Promise<void> {}

  async #step(id: string, name: string, state: CampaignView['state']): Promise<CampaignView> {
    const view = await this.get(id)
    if (view.state === state) {
      throw new ProxyError('campaign_conflict', 'operator', `campaign ${id} is ${state} already`)
    }
    this.steps.push(`${name} ${id}`)
    const next = { ...view, state }
    this.#views.set(id, next)
    return next
  }
}
