import type { SecurityProfile } from '../policy/facts.ts'
import type { CampaignFirmware, CampaignLog } from './campaign-tasks.ts'
import type { CampaignRoot } from './roots.ts'

/** One change over many charge points. */
export interface CampaignRecord {
  readonly id: string
  readonly kind:
    | 'rotate-passwords'
    | 'upgrade-profile'
    | 'install-root'
    | 'delete-root'
    | 'renew-certificates'
    | 'update-firmware'
    | 'get-log'
  /** Of upgrade-profile. */
  readonly toProfile: SecurityProfile | null
  readonly settings: CampaignSettings
  readonly state: CampaignState
  /** Why it is in this state, for the operator; null: nothing to say. */
  readonly stateDetail: string | null
  readonly createdAt: number
  readonly updatedAt: number
  readonly finishedAt: number | null
}

/** stopped: too many failed, or the operator ended it. It does not go on by itself; paused and stopped can be resumed. */
export type CampaignState = 'running' | 'paused' | 'stopped' | 'finished'

export interface CampaignSettings {
  /** Charge points that go first; the rest waits until all of them are through. 0: nobody. */
  readonly canary: number
  /** Charge points begun in a minute. */
  readonly perMinute: number
  /** At once. */
  readonly concurrency: number
  /** Only while no transaction is open. */
  readonly onlyIdle: boolean
  /** Tries per charge point. */
  readonly attempts: number
  /** Milliseconds before a failed one is tried again. */
  readonly retryAfterMs: number
  /** Milliseconds for one try, reconnection included. */
  readonly timeoutMs: number
  /** The campaign stops when so many have failed for good. */
  readonly maxFailures: number
  /** After RebootRequired, Reset(Soft) is sent once no transaction is open. Absent: it is not. */
  readonly reset?: boolean
  /** Of upgrade-profile: each charge point gets a new password first. Absent: it keeps the one that it has. */
  readonly newPasswords?: boolean
  /** Of renew-certificates: CpoName is set first (A02.FR.13). Absent: it is not. */
  readonly setCpoName?: boolean
  /** Of renew-certificates: each is made to connect with its new certificate. Absent: whenever it does. */
  readonly reconnect?: boolean
  /** Of install-root and delete-root. */
  readonly root?: CampaignRoot
  /** Of update-firmware. */
  readonly firmware?: CampaignFirmware
  /** Of get-log. */
  readonly log?: CampaignLog
}

export type CampaignItemState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped'

export interface CampaignItem {
  readonly identity: string
  /** Order of the campaign; canaries come first. */
  readonly position: number
  readonly state: CampaignItemState
  readonly attempts: number
  /** What happened last, for the report; never a secret. */
  readonly detail: string | null
  /** Machine-readable cause of the last failure. */
  readonly code: string | null
  /** Not before this time. */
  readonly notBefore: number | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

export type CampaignItemPatch = Partial<Omit<CampaignItem, 'identity' | 'position'>>

export interface CampaignItemQuery {
  readonly state?: CampaignItemState
  /** Only positions after this one. */
  readonly after?: number
  readonly limit: number
}

export interface CampaignStore {
  /** The campaign and all its items in one transaction. Throws ProxyError `campaign_exists`. */
  create(campaign: CampaignRecord, identities: readonly string[]): Promise<void>
  get(id: string): Promise<CampaignRecord | null>
  /** Newest first. */
  list(limit: number): Promise<readonly CampaignRecord[]>
  /** Throws ProxyError `campaign_unknown`. Durable when fulfilled. */
  setState(id: string, state: CampaignState, detail: string | null, now: number): Promise<CampaignRecord>
  /** In order of position. */
  items(id: string, query: CampaignItemQuery): Promise<readonly CampaignItem[]>
  /** Waiting items whose time has come, in order of position. */
  due(id: string, now: number, limit: number): Promise<readonly CampaignItem[]>
  counts(id: string): Promise<Readonly<Record<CampaignItemState, number>>>
  /** Durable when fulfilled. */
  updateItem(id: string, identity: string, patch: CampaignItemPatch): Promise<void>
  /** Items that were running when their process ended: back to waiting. Returns how many. */
  recover(id: string, now: number): Promise<number>
  /**
   * Removes campaigns that are finished or stopped, with their items, the oldest first, until no more than
   * `keep` are left. Those that run or are paused stay, and count. Returns how many went.
   */
  prune(keep: number): Promise<number>
}
