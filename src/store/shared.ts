import type { CampaignStore } from './campaigns.ts'
import type { RedisLogin } from './redis/settings.ts'
import type { Store } from './store.ts'

/** What several replicas share beside their data (design, section 12); a store of one process has none of it. */
export interface SharedStore {
  /** This replica, among all that ever were. */
  readonly self: string
  /** Milliseconds without a beat after which others may take what this replica has. */
  readonly leaseMs: number
  readonly leases: Leases
  readonly bus: Bus
  /** Connections from here on are opened with it. */
  useLogin(login: RedisLogin): void
  /**
   * Charge points that somebody has changed or removed after a revision; visits do not count. null: only
   * which revision is the present one.
   */
  changesAfter(revision: number | null): Promise<Changes>
  /** The same of the deny list: keys of entries that were added, changed or removed. */
  denialsAfter(revision: number | null): Promise<Changes>
  /**
   * The same tables for whoever acts for sessions of this replica: what is written about a charge point goes
   * with its fence, in the same transaction. There is none without one: who acts for no session (an operator,
   * a grace that is over) has the tables as they are.
   */
  fenced(fenceOf: (identity: string) => Fence): Pick<Store, FencedTable>
  /**
   * Campaigns as the replica that runs them writes: nothing is written (`lease_lost`) unless `tokenOf` gives
   * the token of the last `takeLead`.
   */
  led(tokenOf: () => number | null): CampaignStore
  /** Who has this token runs campaigns from here on. Throws ProxyError `lease_lost`: somebody with a greater one does. */
  takeLead(token: number): Promise<void>
  /** A value for all replicas, such as a sealed key; null: there is none. */
  get(name: string): Promise<string | null>
  /** Takes the place of `before` (null: none). False: somebody else was there first. */
  replace(name: string, before: string | null, value: string): Promise<boolean>
}

export type FencedTable = 'registry' | 'renewals' | 'roots' | 'firmware'

/**
 * On what standing a write about a charge point is made, where several replicas share the store. The token
 * of its lease: who has lost that writes nothing (ProxyError `lease_lost`). It is good behind the end of the
 * session, until somebody takes the identity. `unleased`: it was admitted while no lease could be asked for, so
 * that another replica may have it as well, or no session of it is known here: nothing that lasts may be
 * decided by it (`lease_missing`).
 */
export type Fence = number | 'unleased'

/** What others have changed. Revisions are numbers of the store, in the order of its changes. */
export interface Changes {
  /** To ask with the next time. */
  readonly revision: number
  /** null: nobody knows which, or was asked. */
  readonly names: readonly string[] | null
}

/** `sessions`: names are identities. `jobs`: work that one replica at a time does. */
export type LeaseKind = 'sessions' | 'jobs'

export type Acquired =
  /** `token` is greater than every one before (a fencing token): who has a smaller one has lost it. */
  | { readonly ok: true; readonly token: number }
  /** Null: the life of this replica is over, and nothing is given to it before it has beaten. */
  | { readonly ok: false; readonly owner: string | null }

/**
 * Leases of a replica are all alive as long as it beats, and all free to be taken when it does not:
 * renewing ten thousand sessions costs one write. Times are those of the server, not of the replicas.
 */
export interface Leases {
  /**
   * This replica is alive. What comes back names its life. Another one than before: it was silent for longer
   * than its lease, and the others could take what it had, and may have done so (`held` tells).
   */
  beat(): Promise<string>
  /** Taken from nobody, from a replica that is gone, or once more from itself: then with a new token. */
  acquire(kind: LeaseKind, name: string, life: string): Promise<Acquired>
  /** Anybody may take it; until then its token stays the last one. False: it was not held with this token. */
  release(kind: LeaseKind, name: string, token: number): Promise<boolean>
  /** Releases it whatever the token: whoever calls knows that nobody here uses it. */
  abandon(kind: LeaseKind, name: string): Promise<void>
  /** The token with which this replica holds each of them; null: it does not. */
  held(kind: LeaseKind, names: readonly string[]): Promise<readonly (number | null)[]>
  /** The replica that holds it and is alive; null: nobody. */
  owner(kind: LeaseKind, name: string): Promise<string | null>
  /** Which of these replicas are alive? */
  alive(replicas: readonly string[]): Promise<readonly boolean[]>
  /**
   * Forgets leases of replicas that are gone, and those that the sweep before has found released already: what
   * was begun under a lease may be written down for a while behind its end. Returns how many went.
   */
  sweep(): Promise<number>
}

/** Messages between replicas: at most once, in order, and lost when nobody listens. */
export interface Bus {
  /**
   * `to`: one replica; null: all of them, this one included. How many were listening; null: that cannot be
   * told (a cluster).
   */
  publish(to: string | null, message: string): Promise<number | null>
  /**
   * The listener of this replica; there is one. Fulfilled when it is listening. `again`: it was cut off, and
   * listens again.
   */
  listen(listener: (message: string) => void, again: () => void): Promise<void>
  /** Why nothing is heard, though the store is there; null: it listens. */
  problem(): string | null
}
