import type { Logger } from '../observe/log.ts'
import type { CampaignRecord, CampaignStore, Registry } from '../store/store.ts'
import type { ChargePointOperations } from '../usecases/operation/operation.ts'
import type { CampaignClock } from './clock.ts'
import type { CampaignCounts } from './figures.ts'
import type { CampaignRunner } from './runner.ts'

/** What a campaign that runs needs of the others. */
export interface RunnerDeps {
  readonly store: CampaignStore
  readonly registry: Pick<Registry, 'get'>
  readonly operations: ChargePointOperations
  readonly isConnected: (identity: string) => boolean
  readonly hasTransaction: (identity: string) => boolean
  readonly clock: CampaignClock
  readonly log: Pick<Logger, 'info' | 'error'>
  /** Failed charge points of this campaign wait again, with all their tries. */
  readonly resetFailed: (id: string) => Promise<void>
  /** The campaign is in another state now. */
  readonly announce: (record: CampaignRecord) => void
  readonly counted: (id: string, counts: CampaignCounts) => void
  /** It has nothing under way and nothing to do. */
  readonly idle: (runner: CampaignRunner) => void
}
