import type { SecurityProfile } from '../policy/facts.ts'
import type {
  CampaignFirmware,
  CampaignItem,
  CampaignItemQuery,
  CampaignItemState,
  CampaignLog,
  CampaignRecord,
  CampaignRoot,
} from '../store/store.ts'

/** A number of charge points, or a share of the selection such as '5%', rounded up. */
export type Share = number | `${number}%`

/** Which charge points; what is named narrows, and something must be named. Blocked ones are skipped. */
export interface CampaignSelection {
  /** The whole registry; stands alone. */
  readonly all?: boolean | undefined
  /** Exactly these; every one must be registered. */
  readonly identities?: readonly string[] | undefined
  /** Those that are kept on this profile now; 0: also those marked as migrating that have reached no other. */
  readonly securityProfile?: SecurityProfile | undefined
  /** Those whose password is none that we made: chosen by people (stored as scrypt), or none at all. */
  readonly neverRotated?: boolean | undefined
  /** Those whose certificate, as it was seen last, ends within so many days. */
  readonly certificateEndsWithinDays?: number | undefined
}

/** What is left out has the value of `defaultSettings` (settings.ts). */
export interface CampaignSettingsRequest {
  readonly canary?: Share | undefined
  readonly perMinute?: number | undefined
  readonly concurrency?: number | undefined
  readonly onlyIdle?: boolean | undefined
  readonly attempts?: number | undefined
  readonly retryAfterMs?: number | undefined
  readonly timeoutMs?: number | undefined
  readonly maxFailures?: Share | undefined
  readonly reset?: boolean | undefined
  /** Of upgrade-profile to 1 or 2, and of nothing else. */
  readonly newPasswords?: boolean | undefined
  /** Of renew-certificates, and of nothing else. */
  readonly setCpoName?: boolean | undefined
  /** Of renew-certificates, and of nothing else. */
  readonly reconnect?: boolean | undefined
}

export interface CampaignRequest {
  readonly kind: CampaignRecord['kind']
  /** Of upgrade-profile, and of nothing else. */
  readonly toProfile?: 1 | 2 | 3 | undefined
  /** Of install-root and delete-root, and of nothing else. */
  readonly root?: CampaignRoot | undefined
  /** Of update-firmware, and of nothing else. */
  readonly firmware?: CampaignFirmware | undefined
  /** Of get-log, and of nothing else. */
  readonly log?: CampaignLog | undefined
  readonly selection: CampaignSelection
  readonly settings?: CampaignSettingsRequest | undefined
}

/** Why charge points of a running campaign wait; what is not listed waits for its turn. */
export interface CampaignWaits {
  readonly notConnected: number
  readonly transactionOpen: number
  /** For their next try. */
  readonly retry: number
  /** Canaries that are not through: all others wait for them. */
  readonly canaries: number
}

export interface CampaignView extends CampaignRecord {
  readonly counts: Readonly<Record<CampaignItemState, number>>
  /** Null: this process does not run it. */
  readonly waits: CampaignWaits | null
  /** Of one that was just created: who was meant, and has nothing to do as far as the registry knows. */
  readonly leftOut?: number
}

/**
 * Campaigns as an operator sees them (design, section 11). Typed errors, all ProxyError:
 * `campaign_unknown`: there is none with this id. `campaign_invalid`: the request makes no sense; the
 * message says why. `campaign_conflict`: not in this state, or too many campaigns run already.
 */
export interface Campaigns {
  /** Stored when fulfilled, and running. Throws `campaign_invalid`, `campaign_conflict`. */
  create(request: CampaignRequest): Promise<CampaignView>
  /** Newest first; at most 100, 20 unless told. */
  list(limit?: number): Promise<readonly CampaignView[]>
  get(id: string): Promise<CampaignView>
  /** In order of position; the detail of one that waits says what for. `limit` at most 1,000. */
  items(id: string, query: CampaignItemQuery): Promise<readonly CampaignItem[]>
  /** Nothing new is begun; what is under way ends as it would. */
  pause(id: string): Promise<CampaignView>
  /** A paused or a stopped one goes on; `retryFailed`: failed ones wait again, with all their tries. */
  resume(id: string, options: { readonly retryFailed: boolean }): Promise<CampaignView>
  /** Ends it as stopped: nothing new is begun, what is under way ends as it would. */
  cancel(id: string): Promise<CampaignView>
  /** Begins nothing more and leaves every state as it is; the next process goes on from there. */
  drain(): void
  /** `drain`, and what is under way is given up. */
  close(): Promise<void>
}
