import type { SessionFacts } from '../../relay/session.ts'
import type { Wire } from './wire.ts'

/** What replicas tell each other without being asked; everything in it may be missing. */
export interface Notice {
  /** Whoever gets it tells of all its sessions: the sender could not hear for a time. */
  readonly hello?: true
  /** The sender has none but those that it tells of from here on. */
  readonly anew?: true
  /** It ends. */
  readonly bye?: true
  readonly started?: readonly (readonly [facts: SessionFacts, isBusy: boolean])[]
  readonly ended?: readonly string[]
  readonly busy?: readonly (readonly [identity: string, isBusy: boolean])[]
  /** Stored just now. */
  readonly events?: number
  readonly rejections?: number
  /** Of those events. */
  readonly identities?: readonly string[]
  /** There are new ticket keys. */
  readonly tickets?: true
}

/** Notices wait so long for others, in milliseconds. */
const flushMs = 50
/** Of one kind in one message. */
const maxItems = 500

interface Gathered {
  started: [SessionFacts, boolean][]
  ended: string[]
  busy: [string, boolean][]
  identities: Set<string>
  events: number
  rejections: number
}

/** Gathers notices: a fleet that comes back must not cost a message for each charge point. */
export class Notices {
  readonly #wire: Wire
  #gathered = nothing()
  #timer: NodeJS.Timeout | null = null

  constructor(wire: Wire) {
    this.#wire = wire
  }

  started(facts: SessionFacts, isBusy: boolean): void {
    if (this.#room(this.#gathered.started)) this.#gathered.started.push([facts, isBusy])
  }

  ended(identity: string): void {
    // In the order in which it happened: what began before it is told before it.
    if (this.#gathered.started.some(([facts]) => facts.identity === identity)) this.#flush()
    if (this.#room(this.#gathered.ended)) this.#gathered.ended.push(identity)
  }

  busy(identity: string, isBusy: boolean): void {
    if (this.#room(this.#gathered.busy)) this.#gathered.busy.push([identity, isBusy])
  }

  stored(events: readonly { readonly identity: string | null }[]): void {
    this.#later()
    this.#gathered.events += events.length
    for (const { identity } of events) {
      if (identity !== null && this.#gathered.identities.size < maxItems)
        this.#gathered.identities.add(identity)
    }
  }

  rejected(count: number): void {
    this.#later()
    this.#gathered.rejections += count
  }

  /** At once; lost when the store is away: whoever comes back tells everything anew. */
  now(notice: Notice): void {
    void this.#wire.tell(notice).catch(() => {})
  }

  /** All sessions that this replica has, for one that has not heard of them. */
  toOne(replica: string, sessions: readonly (readonly [SessionFacts, boolean])[]): void {
    // In order: what was gathered before must not come after it.
    this.#flush()
    const tell = (notice: Notice) => void this.#wire.tell(notice, replica).catch(() => {})
    tell({ anew: true })
    for (let at = 0; at < sessions.length; at += maxItems) {
      tell({ started: sessions.slice(at, at + maxItems) })
    }
  }

  close(): void {
    this.#flush()
  }

  #room(list: readonly unknown[]): boolean {
    if (list.length >= maxItems) this.#flush()
    this.#later()
    return true
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.#flush(), flushMs)
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const { started, ended, busy, identities, events, rejections } = this.#gathered
    if (started.length + ended.length + busy.length + events + rejections === 0) return
    this.#gathered = nothing()
    this.now({
      // Ended first: of one identity an end is the older.
      ...(ended.length > 0 ? { ended } : {}),
      ...(started.length > 0 ? { started } : {}),
      ...(busy.length > 0 ? { busy } : {}),
      ...(events > 0 ? { events, identities: [...identities] } : {}),
      ...(rejections > 0 ? { rejections } : {}),
    })
  }
}

function nothing(): Gathered {
  return { started: [], ended: [], busy: [], identities: new Set(), events: 0, rejections: 0 }
}
