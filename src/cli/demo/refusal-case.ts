import type { PeerView } from '../../policy/reasons.ts'
import type { SiteName } from './configuration.ts'
import type { Seen } from './seen.ts'
import type { Site, World } from './world.ts'

/** What an attempt may use. */
export interface Attempt {
  readonly world: World
  readonly site: Site
  /** Counting starts here; for attempts that have to prepare something which is counted too. */
  ready(): Promise<void>
  /** To be done once everything has been looked at, the last one first. */
  later(cleanup: () => unknown): void
}

/** Somebody who is refused, for exactly one reason. */
export interface RefusalCase {
  readonly who: string
  readonly site: SiteName
  /** What the client sees, where that is not what the table of reasons says. */
  readonly sees?: PeerView
  /** What the central system sees of it, in order; nothing when left out. */
  readonly centralSystemSees?: readonly string[]
  /** Knocks, and tells what was seen. */
  attempt(attempt: Attempt): Promise<Seen>
}
