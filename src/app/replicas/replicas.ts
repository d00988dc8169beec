import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import { protocols } from '../../policy/protocol.ts'
import type { Sessions } from '../../relay/sessions.ts'
import type { UseCase, UseCaseSession } from '../../relay/use-case.ts'
import type { Bus, DenyList, Registry, SharedStore, Store } from '../../store/store.ts'
import type { ChargePointOperations } from '../../usecases/operation/operation.ts'
import type { TransactionWatch } from '../../usecases/transactions/transactions.ts'
import { ChangeFollower } from './change-follower.ts'
import { Directory } from './directory.ts'
import { Heartbeat } from './heartbeat.ts'
import { type KnownDenyList, knownDenyList } from './known-denied.ts'
import { type KnownRegistry, knownRegistry } from './known-registry.ts'
import { Leader } from './leader.ts'
import { type Notice, Notices } from './notices.ts'
import { fleetOperations, serveOperations } from './operations.ts'
import { createOutage, type Outage } from './outage.ts'
import { Ownership } from './ownership.ts'
import { Questions } from './questions.ts'
import { Recovery } from './recovery.ts'
import { Rounds } from './rounds.ts'
import { SharedTickets } from './tickets.ts'
import { type DropReason, Wire } from './wire.ts'

/** Beats in the time of a lease. */
const beatsPerLease = 3
const endMs = 5_000
const hourMs = 3_600_000

export interface ReplicasDeps {
  readonly shared: SharedStore
  readonly registry: Registry
  readonly denied: DenyList
  readonly sessions: Sessions
  readonly sealingKey: Buffer
  readonly maxKnown: number
  readonly graceMs: () => number
  readonly log: Logger
  /** Whoever waits for news of the store is told of those of other replicas. */
  readonly heard: (news: Pick<Notice, 'events' | 'rejections' | 'identities'>) => void
  /** A charge point has begun a session at another replica. */
  readonly arrived: (session: UseCaseSession) => void
  /** It has ended a transaction there. */
  readonly idle: (identity: string) => void
  readonly lead: (isLeading: boolean) => Promise<void>
  /** One that ends takes up nothing more. */
  readonly mayLead: () => boolean
  readonly ticketsChanged: () => void
  /** Somebody has changed these charge points in the store; null: any of them. */
  readonly changed: (identities: readonly string[] | null) => Promise<void>
  /** The store was away, and may have lost what came last. */
  readonly missed: () => void
  /** A message that claimed to be of another replica was not taken. */
  readonly dropped: (reason: DropReason) => void
}

/** This process among the replicas that share its store. */
export class Replicas {
  readonly registry: KnownRegistry
  readonly denied: KnownDenyList
  readonly directory: Directory
  readonly outage: Outage
  readonly ownership: Ownership
  readonly recovery: Recovery
  readonly wire: Wire
  readonly leader: Leader
  readonly tickets: SharedTickets
  readonly notices: Notices
  readonly #deps: ReplicasDeps
  #transactions: TransactionWatch | null = null
  readonly #toldBusy = new Set<string>()
  #sweptAt = 0
  readonly #questions: Questions
  readonly #heartbeat: Heartbeat
  readonly #rounds: Rounds
  readonly #changes: ChangeFollower
  #life = ''
  /** When the last beat that succeeded was begun. */
  #beatenAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(deps: ReplicasDeps) {
    this.#deps = deps
    const { shared, registry, sessions, sealingKey, maxKnown, graceMs, log, lead, ticketsChanged } = deps
    const now = () => performance.now()
    this.outage = createOutage({ graceMs, now, log, noted: () => this.#missed() })
    this.wire = new Wire({
      self: shared.self,
      bus: this.#watched(shared.bus),
      sealingKey,
      log,
      now,
      dropped: deps.dropped,
    })
    this.notices = new Notices(this.wire)
    this.directory = new Directory(sessions, (replica, identity, code, text) => {
      void this.wire.ask(replica, 'end', { identity, code, text }, endMs).catch(() => {})
    })
    const { leases, leaseMs, self } = shared
    const { wire } = this
    const beatMs = leaseMs / beatsPerLease
    const isAway = (error: unknown) => this.outage.isAway(error)
    this.#questions = new Questions({ self, leases, wire, sessions, log, lookMs: beatMs, now, wait })
    const isBridged = () => this.outage.isBridged
    const common = { leases, questions: this.#questions, sessions, now, isAway, isBridged }
    this.ownership = new Ownership({
      ...{ ...common, maxKnown },
      doubtful: () => this.recovery.need(),
      lapsed: () => this.#heartbeat.now(),
    })
    const { ownership, outage } = this
    this.recovery = new Recovery({
      ...common,
      contestMs: leaseMs - beatMs,
      leaseMs,
      ownership,
      log,
      catchUp: () => this.#catchUp(),
    })
    const fenceOf = (identity: string) => ownership.fenceOf(identity)
    const fenced = shared.fenced(fenceOf)
    this.registry = knownRegistry({ registry, fenced: fenced.registry, outage, maxKnown, fenceOf })
    this.denied = knownDenyList({ denied: deps.denied, outage, maxKnown })
    this.#changes = new ChangeFollower({
      shared,
      registry: this.registry,
      denied: this.denied,
      changed: deps.changed,
      log,
    })
    this.leader = new Leader({
      leases: shared.leases,
      mayLead: deps.mayLead,
      log,
      gained: async (token) => {
        await shared.takeLead(token)
        await lead(true)
      },
      lost: () => lead(false),
    })
    this.#rounds = new Rounds({ tasks: this.#tasks(), failed: (task, error) => this.#failed(error, task) })
    this.#heartbeat = new Heartbeat({
      leases: { beat: () => this.#timedBeat() },
      everyMs: beatMs,
      beaten: (life) => this.#beaten(life),
      failed: (error) => this.#failed(error, 'beat'),
    })
    const tell = () => this.notices.now({ tickets: true })
    this.tickets = new SharedTickets({ shared, sealingKey, log, changed: ticketsChanged, tell })
    this.wire.onNotice((from, body) => this.#noticed(from, body as Notice))
    this.wire.onWanted((replica) => this.#tellAllTo(replica))
    this.wire.serve('end', async (body) => {
      const { identity, code, text } = body as { identity: string; code: number; text: string }
      sessions.get(identity)?.end(code, text)
    })
  }

  get self(): string {
    return this.#deps.shared.self
  }

  readonly ticketKeys = (context: string): Buffer => this.tickets.keyFor(context)

  /** Last of all use cases: whoever is told of a session finds it there. */
  get useCase(): UseCase {
    return {
      name: 'replicas',
      protocols,
      watches: [],
      started: (session) => {
        this.ownership.started(session)
        this.#tellStarted(session)
      },
      ended: (session) => {
        const { identity } = session.facts
        this.ownership.ended(session)
        this.#toldBusy.delete(identity)
        if (this.#deps.sessions.get(identity) === null) this.notices.ended(identity)
      },
    }
  }

  /** The store for whoever acts for sessions of this replica, and for the campaigns that it runs. */
  fenced(store: Store): Store {
    const { shared } = this.#deps
    const fenced = shared.fenced((identity) => this.ownership.fenceOf(identity))
    return { ...store, ...fenced, campaigns: shared.led(() => this.leader.token) }
  }

  /** For campaigns, which are about charge points of every replica. */
  operations(local: ChargePointOperations): ChargePointOperations {
    serveOperations(this.wire, local)
    return fleetOperations(local, this.wire, this.directory, () => this.#mayRunCampaigns())
  }

  transactions(local: TransactionWatch): TransactionWatch {
    this.#transactions = local
    local.onIdle((identity) => {
      this.#toldBusy.delete(identity)
      this.notices.busy(identity, false)
    })
    return {
      hasOpen: (identity) => this.directory.remote(identity)?.isBusy ?? local.hasOpen(identity),
      onIdle: (listener) => local.onIdle(listener),
    }
  }

  /** Throws ProxyError (`store_…`). Before anybody connects. */
  async start(): Promise<void> {
    await this.tickets.load()
    await this.#timedBeat()
    this.ownership.beaten(this.#life)
    this.ownership.admitIn(this.#life)
    await this.wire.start()
    this.#heartbeat.start()
  }

  /** Takes up what one replica does for all, when nobody does it. */
  lead(): Promise<void> {
    return this.leader.look(this.#life)
  }

  /** Sessions have ended; the others may have what is left at once. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#questions.close()
    await this.#heartbeat.close()
    await this.#rounds.close()
    await this.leader.close()
    this.notices.close()
    await this.wire.tell({ bye: true } satisfies Notice).catch(() => {})
    this.wire.close()
  }

  async #timedBeat(): Promise<string> {
    const at = performance.now()
    const life = await this.#deps.shared.leases.beat()
    // Both at once: a fresh beat of a new life says nothing of what was held in the one before.
    this.#beatenAt = at
    this.#life = life
    return life
  }

  /** For certain, without asking anybody: the lease runs from when the server got the beat, which is later. */
  #mayRunCampaigns(): boolean {
    const { leaseMs } = this.#deps.shared
    return this.leader.isSureIn(this.#life) && performance.now() - this.#beatenAt < leaseMs
  }

  #beaten(life: string): void {
    this.ownership.beaten(life)
    this.outage.isBack()
    this.#rounds.run()
  }

  #tasks(): Readonly<Record<string, () => Promise<void>>> {
    return {
      recovery: () => this.recovery.look(this.#life),
      changes: () => this.#changes.look(),
      directory: () => this.#forgetGone(),
      leader: async () => {
        await this.leader.look(this.#life)
        await this.#sweep()
      },
    }
  }

  /** It comes back from a failover as well that was over before a beat could fail, and may have cost leases. */
  #watched({ publish, listen }: Bus): Pick<Bus, 'publish' | 'listen'> {
    const missed = () => this.#missed()
    return {
      publish,
      listen: (heard, again) =>
        listen(heard, () => {
          missed()
          again()
        }),
    }
  }

  #missed(): void {
    this.recovery.need()
    this.#changes.missed()
    this.#deps.missed()
  }

  #failed(error: unknown, task: string): void {
    if (task === 'beat') this.#missed()
    if (this.outage.isAway(error)) return
    this.#deps.log.error({ err: messageOf(error), task }, 'the replicas do not get along')
  }

  /** What was missed while the store was away: visits are written, and what others said meanwhile is asked for. */
  async #catchUp(): Promise<void> {
    await this.registry.catchUp()
    await this.tickets.reload()
    this.notices.now({ hello: true, anew: true })
    this.#tellAll()
  }

  async #forgetGone(): Promise<void> {
    const { replicas } = this.directory
    const alive = await this.#deps.shared.leases.alive(replicas)
    for (const [index, replica] of replicas.entries())
      if (alive[index] === false) this.directory.gone(replica)
    this.#tellBusy()
  }

  async #sweep(): Promise<void> {
    const at = performance.now()
    if (!this.leader.isLeader || at - this.#sweptAt < hourMs) return
    this.#sweptAt = at
    await this.#deps.shared.leases.sweep()
  }

  #tellStarted({ facts }: UseCaseSession): void {
    this.notices.started(facts, this.#noteBusy(facts.identity))
  }

  #noteBusy(identity: string): boolean {
    const isBusy = this.#transactions?.hasOpen(identity) ?? false
    if (isBusy) this.#toldBusy.add(identity)
    return isBusy
  }

  /** One that has just begun to listen, or has missed something. */
  #tellAllTo(replica: string): void {
    const sessions = [...this.#deps.sessions.all()]
    this.notices.toOne(
      replica,
      sessions.map(({ facts }) => [facts, this.#noteBusy(facts.identity)]),
    )
  }

  #tellAll(): void {
    for (const session of this.#deps.sessions.all()) this.#tellStarted(session)
  }

  #tellBusy(): void {
    for (const { facts } of this.#deps.sessions.all()) {
      const { identity } = facts
      if (this.#toldBusy.has(identity) || this.#transactions?.hasOpen(identity) !== true) continue
      this.#toldBusy.add(identity)
      this.notices.busy(identity, true)
    }
  }

  #noticed(from: string, notice: Notice): void {
    const { directory } = this
    const { heard, arrived, idle, log } = this.#deps
    if (notice.anew || notice.bye) directory.gone(from)
    if (notice.hello) this.#tellAll()
    for (const identity of notice.ended ?? []) directory.ended(from, identity)
    for (const [facts, isBusy] of notice.started ?? []) {
      directory.started(from, facts, isBusy)
      const session = directory.remote(facts.identity)
      if (session !== null) arrived(session)
    }
    for (const [identity, isBusy] of notice.busy ?? []) {
      const session = directory.remote(identity)
      if (session?.replica !== from) continue
      session.isBusy = isBusy
      if (!isBusy) idle(identity)
    }
    if (notice.tickets) void this.tickets.reload()
    if (notice.events || notice.rejections) heard(notice)
    if (notice.bye && !this.#isClosed) {
      this.leader
        .look(this.#life)
        .catch((error: unknown) => log.warn({ err: messageOf(error) }, 'no one leads yet'))
    }
  }
}

/** Or until the signal. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => {})
}
