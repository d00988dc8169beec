import { setImmediate as nextTurn } from 'node:timers/promises'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { CampaignItemPatch, CampaignRecord, CampaignState } from '../store/store.ts'
import type { OperationOutcome } from '../usecases/operation/operation.ts'
import type { CampaignWaits } from './campaigns.ts'
import { Canaries, canaryPatienceMs } from './canaries.ts'
import { campaignKinds } from './kinds.ts'
import { loadCampaign } from './load.ts'
import { nextStep } from './next-step.ts'
import { afterFailedTry, afterOutcome, type Readiness, readinessOf, stopReason } from './outcome.ts'
import type { RunnerDeps } from './runner-deps.ts'
import { createTurns } from './turns.ts'
import { type Hindrance, type WaitingItem, WaitingList } from './waiting.ts'

/** Milliseconds before a campaign goes on whose store failed. */
const storeRetryMs = 5000
/**
 * Those that are parked are looked at again that often: somebody who was blocked or removed meanwhile
 * does not connect any more, and must not keep a campaign open for ever.
 */
const longestWaitMs = 3_600_000
/** Charge points that are looked at before others in this process have their turn. */
const batch = 200

/** What is given up has that long to end. */
const longestCloseMs = 5000

/** How a try ended; `fault`: the store failed or we did, and nothing is known of the charge point. */
type TryEnd = OperationOutcome | { readonly ok: null; readonly fault: unknown }

/**
 * One campaign that this process runs. Everything it decides happens in turns, one after the other;
 * what is on disk says at every moment how another process can go on.
 */
export class CampaignRunner {
  readonly #deps: RunnerDeps
  readonly #turn = createTurns()
  #record: CampaignRecord
  #list = new WaitingList()
  readonly #running = new Map<string, AbortController>()
  readonly #tries = new Set<Promise<void>>()
  #canaries = new Canaries()
  #ended = { done: 0, failed: 0, skipped: 0 }
  #nextBeginAt = 0
  #isLoaded = false
  #isDraining = false
  #isPoked = false
  #stopTimer = () => {}

  constructor(record: CampaignRecord, deps: RunnerDeps) {
    this.#record = record
    this.#deps = deps
  }

  get record(): CampaignRecord {
    return this.#record
  }

  /** Nothing is under way, and nothing will be until it is resumed. */
  get isIdle(): boolean {
    return this.#record.state !== 'running' && this.#running.size === 0
  }

  get waits(): CampaignWaits {
    return { ...this.#list.waits, canaries: this.#canaries.open }
  }

  hindranceOf(identity: string): Hindrance | null {
    return this.#list.hindranceOf(identity)
  }

  /** Begins, or goes on from what is on disk. */
  start(): void {
    this.#poke()
  }

  /** Something happened to this charge point: it connected, or its transaction ended. */
  wake(identity: string): void {
    if (this.#list.wake(identity)) this.#poke()
  }

  /** Throws ProxyError `campaign_conflict` when it is in none of the states `from`. */
  change(
    from: readonly CampaignState[],
    to: CampaignState,
    detail: string | null,
    retryFailed = false,
  ): Promise<CampaignRecord> {
    return this.#turn(async () => {
      const { id, state } = this.#record
      if (!from.includes(state)) {
        throw new ProxyError('campaign_conflict', 'operator', `campaign ${id} is ${state}`)
      }
      if (retryFailed) {
        this.#isLoaded = false
        await this.#deps.resetFailed(id)
      }
      await this.#setState(to, detail)
      this.#canaries.resumed()
      if (to === 'running') this.#poke()
      return this.#record
    })
  }

  drain(): void {
    this.#isDraining = true
    this.#stopTimer()
  }

  /** What is under way is given up; fulfilled when it has ended. What it did is found out by the next process. */
  async close(): Promise<void> {
    this.drain()
    for (const abort of this.#running.values()) abort.abort()
    const late = Promise.withResolvers<void>()
    const stopWaiting = this.#deps.clock.after(longestCloseMs, late.resolve)
    await Promise.race([Promise.all(this.#tries), late.promise])
    stopWaiting()
    await this.#turn(async () => {})
  }

  #poke(): void {
    if (this.#isPoked) return
    this.#isPoked = true
    this.#inTurn(async () => {
      // Promises alone would keep the process from reading its sockets until all of a fleet is begun.
      await nextTurn()
      this.#isPoked = false
      await this.#step()
    })
  }

  #inTurn(task: () => Promise<void>): void {
    this.#turn(task).catch((error: unknown) => this.#fault(error))
  }

  async #step(): Promise<void> {
    this.#stopTimer()
    if (this.#record.state !== 'running' || this.#isDraining) return
    if (!this.#isLoaded && !(await this.#load())) return
    const now = this.#deps.clock.now()
    this.#list.wakeDue(now)
    if (await this.#clearHead(now)) return this.#poke()
    const { first } = this.#list
    const firstReady = first === null ? null : this.#canaries.includes(first) ? 'canary' : 'other'
    if (first !== null && firstReady === 'other' && (await this.#replaceCanary(first.identity, now))) {
      return this.#poke()
    }
    const step = nextStep({
      now,
      concurrency: this.#record.settings.concurrency,
      running: this.#running.size,
      waiting: this.#list.size,
      firstReady,
      openCanaries: this.#canaries.open,
      // A clock that was set back must not hold the campaign up.
      nextBeginAt: Math.min(this.#nextBeginAt, now + this.#interval),
      // Without anybody who could take its place, the end of the patience changes nothing.
      nextDueAt: earlier(this.#list.nextDueAt, firstReady === 'other' ? this.#canaries.patienceEndsAt : null),
    })
    switch (step.kind) {
      case 'begin':
        await this.#begin(now)
        return this.#poke()
      case 'wait':
        return this.#pokeAfter((step.until ?? Number.POSITIVE_INFINITY) - now)
      case 'finish': {
        const { done, failed, skipped } = this.#ended
        return this.#setState('finished', `${done} done, ${failed} failed, ${skipped} skipped`)
      }
    }
  }

  /** True: `substitute` is a canary now, in place of one that cannot begin. */
  async #replaceCanary(substitute: string, now: number): Promise<boolean> {
    const held = this.#canaries.replace(substitute, now)
    if (held === null) return false
    const minutes = canaryPatienceMs / 60_000
    const detail = `the canary ${held} could not begin for ${minutes} minutes; ${substitute} goes in its place`
    await this.#setState('running', detail)
    return true
  }

  #pokeAfter(ms: number): void {
    this.#stopTimer()
    if (this.#isDraining) return
    const isLong = ms >= longestWaitMs
    const wait = isLong ? longestWaitMs : Math.max(Math.ceil(ms), 0)
    this.#stopTimer = this.#deps.clock.after(wait, () => {
      if (isLong) this.#list.wakeAll()
      this.#poke()
    })
  }

  /** False: tries of before are still under way; their ends poke. */
  async #load(): Promise<boolean> {
    if (this.#running.size > 0) return false
    const loaded = await loadCampaign(this.#record, this.#deps)
    this.#list = loaded.list
    this.#canaries = new Canaries(loaded.openCanaries, loaded.lastCanary)
    this.#ended = loaded.ended
    this.#isLoaded = true
    this.#count()
    return true
  }

  /** Deals with those at the head that cannot begin now. True: there may be more of them. */
  async #clearHead(now: number): Promise<boolean> {
    for (let count = 0; count < batch; count += 1) {
      const item = this.#list.first
      if (item === null || this.#readiness(item) === 'ready') return false
      this.#list.takeFirst()
      const gone = await this.#gone(item.identity, now)
      // It may have connected meanwhile; nothing is awaited between this look and the parking.
      const readiness = this.#readiness(item)
      if (gone !== null) await this.#write(item, gone)
      else if (readiness === 'ready') this.#list.add(item, now)
      else if (readiness !== 'missed') {
        this.#list.park(item, readiness)
        this.#canaries.held(item.identity, now)
      } else {
        await this.#missed(item, now)
        // That may have stopped the campaign.
        return true
      }
    }
    return true
  }

  #readiness(item: WaitingItem): Readiness {
    const { isConnected, hasTransaction } = this.#deps
    const { identity } = item
    const chargePoint = { isConnected: isConnected(identity), hasTransaction: hasTransaction(identity) }
    return readinessOf(item, chargePoint, this.#record.settings.onlyIdle)
  }

  #missed(item: WaitingItem, now: number): Promise<void> {
    const { attempts, code, detail } = item
    const cause = { code, detail: `${awayPrefix}${(detail ?? '').replace(awayPrefix, '')}` }
    return this.#write(item, afterFailedTry(attempts + 1, cause, this.#record.settings, now))
  }

  /** What is written of a charge point that must not, or cannot, be begun any more. */
  async #gone(identity: string, now: number): Promise<CampaignItemPatch | null> {
    const known = await this.#deps.registry.get(identity)
    if (known !== null && !known.blocked) return null
    return known === null
      ? skipped('charge_point_unknown', 'it is not registered any more', now)
      : skipped('charge_point_blocked', 'it is blocked', now)
  }

  /** The first one that is ready. It is on disk as running before anything is sent. */
  async #begin(now: number): Promise<void> {
    const item = this.#list.takeFirst()
    if (item === null) return
    const gone = await this.#gone(item.identity, now)
    if (gone !== null) return this.#write(item, gone)
    await this.#deps.store.updateItem(this.#record.id, item.identity, {
      state: 'running',
      attempts: item.attempts + 1,
      startedAt: now,
      notBefore: null,
    })
    // Begun on paper only: the next process finds it as running, and tries it again.
    if (this.#isDraining) return
    this.#nextBeginAt = now + this.#interval
    this.#canaries.begun(item.identity)
    const abort = new AbortController()
    this.#running.set(item.identity, abort)
    this.#count()
    const attempt = this.#try(item, abort.signal).then((end) => this.#tried(item, end))
    this.#tries.add(attempt)
    attempt.finally(() => this.#tries.delete(attempt))
  }

  async #try({ identity }: WaitingItem, signal: AbortSignal): Promise<TryEnd> {
    const { operations } = this.#deps
    const { kind, settings } = this.#record
    try {
      const options = { origin: 'campaign', timeoutMs: settings.timeoutMs, signal } as const
      return await campaignKinds[kind].run(operations, identity, this.#record, options)
    } catch (fault) {
      return { ok: null, fault }
    }
  }

  #tried(item: WaitingItem, end: TryEnd): Promise<void> {
    return this.#turn(async () => {
      this.#running.delete(item.identity)
      await this.#take(item, end)
      this.#poke()
    })
      .catch((error: unknown) => this.#fault(error))
      .then(() => {
        if (this.isIdle) this.#deps.idle(this)
      })
  }

  async #take(item: WaitingItem, end: TryEnd): Promise<void> {
    const { clock, log } = this.#deps
    const { id, settings } = this.#record
    const now = clock.now()
    if (end.ok === null) {
      if (end.fault instanceof ProxyError) throw end.fault
      log.error(
        { campaign: id, identity: item.identity, err: messageOf(end.fault) },
        'an operation of a campaign ended by a mistake of the proxy',
      )
      const cause = { code: 'internal', detail: 'the proxy made a mistake; its log says more' }
      return this.#write(item, afterFailedTry(item.attempts + 1, cause, settings, now))
    }
    // Sessions end because we go: that is nobody's failure. It stays as running, and is tried again.
    if (this.#isDraining && !end.ok) return
    await this.#write(item, afterOutcome(item, end, settings, now))
  }

  /**
   * Writes what became of a charge point. A stop comes first: a proxy killed in between then begins
   * nothing more.
   */
  async #write(item: WaitingItem, patch: CampaignItemPatch): Promise<void> {
    const { id, state, settings } = this.#record
    const { identity } = item
    if (patch.state === 'failed' && state === 'running') {
      const reason = stopReason({
        identity,
        code: patch.code ?? null,
        isCanary: this.#canaries.includes(item),
        failed: this.#ended.failed + 1,
        maxFailures: settings.maxFailures,
        left: this.#list.size + this.#running.size,
      })
      if (reason !== null) await this.#setState('stopped', reason)
    }
    await this.#deps.store.updateItem(id, identity, patch)
    if (patch.state === 'waiting') this.#list.add({ ...item, ...patch }, this.#deps.clock.now())
    else this.#canaries.through(identity)
    if (patch.state === 'done' || patch.state === 'failed' || patch.state === 'skipped') {
      this.#ended[patch.state] += 1
    }
    this.#count()
  }

  async #setState(state: CampaignState, detail: string | null): Promise<void> {
    const { store, clock, announce } = this.#deps
    this.#record = await store.setState(this.#record.id, state, detail, clock.now())
    if (state !== 'running') this.#stopTimer()
    announce(this.#record)
    if (this.isIdle) this.#deps.idle(this)
  }

  /** The same as after a restart: what is in memory is forgotten, what is on disk counts. */
  #fault(error: unknown): void {
    this.#isLoaded = false
    const { log } = this.#deps
    log.error({ campaign: this.#record.id, err: messageOf(error) }, 'a campaign cannot go on; it tries again')
    this.#pokeAfter(storeRetryMs)
  }

  /** Milliseconds between two beginnings. */
  get #interval(): number {
    return 60_000 / this.#record.settings.perMinute
  }

  #count(): void {
    const counts = { ...this.#ended, waiting: this.#list.size, running: this.#running.size }
    this.#deps.counted(this.#record.id, counts)
  }
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}

const awayPrefix = 'not connected at its next try; before that: '

function skipped(code: string, detail: string, now: number): CampaignItemPatch {
  return { state: 'skipped', code, detail, notBefore: null, finishedAt: now }
}
