import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NoteEvent } from '../events/proxy-event.ts'
import type { Metrics } from '../observe/metrics.ts'
import { ProxyError } from '../policy/error.ts'
import type { CampaignItemPatch, CampaignRecord, CampaignStore, Registry } from '../store/store.ts'
import type { TransactionWatch } from '../usecases/transactions/transactions.ts'
import type { CampaignRequest, Campaigns, CampaignView } from './campaigns.ts'
import { type CampaignClock, systemClock } from './clock.ts'
import { createFigures, maxCampaigns as shownCampaigns } from './figures.ts'
import { type CampaignKind, campaignKinds } from './kinds.ts'
import { itemPages } from './load.ts'
import { CampaignRunner } from './runner.ts'
import type { RunnerDeps } from './runner-deps.ts'
import { ordered, select } from './selection.ts'
import { invalid, settingsFor } from './settings.ts'
import { type TaskDeps, targetOf, taskOf } from './task.ts'
import { createTurns } from './turns.ts'
import { overlay } from './view.ts'

export interface CampaignDeps extends Pick<RunnerDeps, 'operations' | 'isConnected' | 'log'>, TaskDeps {
  readonly store: CampaignStore
  readonly registry: Pick<Registry, 'get' | 'list' | 'listExpiringKeys'>
  readonly transactions: TransactionWatch
  readonly note: NoteEvent
  readonly gauge: Metrics['campaignChargePoints']
  readonly clock?: CampaignClock
  /** Tells two campaigns of one day apart. */
  readonly randomId?: () => string
}

/** The campaigns of this process, for who wires them. */
export interface CampaignService extends Campaigns {
  /** Goes on with those that ran when the last process ended. */
  start(): Promise<void>
  /** Gives up what is under way, so that another process can go on with it; `start` begins again. */
  standDown(): Promise<void>
  /** Its session relays from now on, and `isConnected` says so. */
  chargePointStarted(identity: string): void
}

/** Campaigns that run at once. */
export const maxRunning = 8
/** Campaigns that are looked at when the process starts: one that runs is among the last ones. */
const lookedAtOnStart = 1000
const maxList = 100
const maxItems = 1000
/** As many as can be listed; of those that are over, the oldest go. */
const keptCampaigns = maxList

/** Changes over a fleet, one charge point after the other (design, section 10). */
export function createCampaigns(deps: CampaignDeps): CampaignService {
  const { store, registry, isConnected, log, note, transactions } = deps
  const clock = deps.clock ?? systemClock
  const randomId = deps.randomId ?? (() => randomBytes(3).toString('hex'))
  const runners = new Map<string, CampaignRunner>()
  const turn = createTurns()
  const counted = createFigures(deps.gauge)
  let isDraining = false

  const runnerDeps: RunnerDeps = {
    ...deps,
    clock,
    counted,
    hasTransaction: (identity) => transactions.hasOpen(identity),
    announce: (record) => announce(record),
    resetFailed: async (id) => {
      for await (const page of itemPages(store, id, { state: 'failed' })) {
        for (const { identity } of page) {
          await store.updateItem(id, identity, freshItem)
          await nextTurn()
        }
      }
    },
    idle: (runner) => {
      if (runners.get(runner.record.id) === runner) runners.delete(runner.record.id)
    },
  }

  function announce({ id, kind, state, stateDetail }: CampaignRecord): void {
    const text = `${id} is ${state}${stateDetail === null ? '' : `: ${stateDetail}`}`
    note({ type: 'CampaignStateChanged', identity: null, techInfo: text })
    log.info({ campaign: id, kind, state, detail: stateDetail }, 'campaign')
  }

  async function view(record: CampaignRecord): Promise<CampaignView> {
    const runner = runners.get(record.id)
    const waits = runner?.record.state === 'running' ? runner.waits : null
    return { ...record, counts: await store.counts(record.id), waits }
  }

  async function recordOf(id: string): Promise<CampaignRecord> {
    const record = await store.get(id)
    if (record !== null) return record
    throw new ProxyError('campaign_unknown', 'operator', `there is no campaign ${id}`)
  }

  async function runnerOf(id: string): Promise<CampaignRunner> {
    const known = runners.get(id)
    return known ?? new CampaignRunner(await recordOf(id), runnerDeps)
  }

  function adopt(runner: CampaignRunner): void {
    const { id } = runner.record
    if (runners.has(id)) return
    if (isDraining) throw conflict('the proxy is shutting down')
    if (runners.size >= maxRunning) throw conflict(`${maxRunning} campaigns run already`)
    runners.set(id, runner)
  }

  async function create(request: CampaignRequest): Promise<CampaignView> {
    if (isDraining) throw conflict('the proxy is shutting down')
    if (runners.size >= maxRunning) throw conflict(`${maxRunning} campaigns run already`)
    const { kind, selection } = request
    const toProfile = targetOf(request)
    const task = await taskOf(request, deps)
    const selected = await select({ registry, isConnected, now: clock.now }, kind, toProfile, selection)
    const total = selected.ready.length + selected.rest.length
    if (total === 0) throw nobody(kind, selected.leftOut)
    const settings = settingsFor(request.settings ?? {}, total, campaignKinds[kind])
    const canary = Math.min(settings.canary, selected.ready.length)
    const now = clock.now()
    const record: CampaignRecord = {
      id: `${kind}-${new Date(now).toISOString().slice(0, 10)}-${randomId()}`,
      kind,
      toProfile,
      settings: { ...settings, canary, ...task },
      state: 'running',
      stateDetail: null,
      createdAt: now,
      updatedAt: now,
      finishedAt: null,
    }
    // Before: what fails after the campaign is there would leave it without anybody who runs it.
    await store.prune(keptCampaigns - 1)
    await store.create(record, ordered(selected, canary))
    const runner = new CampaignRunner(record, runnerDeps)
    adopt(runner)
    announce(record)
    runner.start()
    return { ...(await view(record)), leftOut: selected.leftOut }
  }

  async function resume(id: string, retryFailed: boolean): Promise<CampaignView> {
    const runner = await runnerOf(id)
    if (isResumable(runner.record)) adopt(runner)
    try {
      return await view(await runner.change(resumable, 'running', null, retryFailed))
    } finally {
      if (runner.isIdle) runners.delete(id)
    }
  }

  async function start(): Promise<void> {
    const records = await store.list(lookedAtOnStart)
    for (const { id } of records.slice(0, shownCampaigns).toReversed()) counted(id, await store.counts(id))
    for (const record of records) {
      if (isResumable(record)) await tidy(record)
      if (record.state !== 'running' || runners.has(record.id)) continue
      const runner = new CampaignRunner(record, runnerDeps)
      runners.set(record.id, runner)
      log.info({ campaign: record.id }, 'a campaign goes on')
      runner.start()
    }
  }

  /** A charge point that was under way when the process ended waits again; nobody begins it now. */
  async function tidy({ id }: CampaignRecord): Promise<void> {
    if ((await store.counts(id)).running > 0) await store.recover(id, clock.now())
  }

  function wake(identity: string): void {
    for (const runner of runners.values()) runner.wake(identity)
  }
  const stopWatching = transactions.onIdle(wake)

  function drain(): void {
    isDraining = true
    for (const runner of runners.values()) runner.drain()
  }

  return {
    create: (request) => turn(() => create(request)),
    async list(limit = 20) {
      const records = await store.list(Math.min(Math.max(limit, 1), maxList))
      return Promise.all(records.map(view))
    },
    get: async (id) => view(await recordOf(id)),
    async items(id, query) {
      await recordOf(id)
      const items = await store.items(id, { ...query, limit: Math.min(Math.max(query.limit, 1), maxItems) })
      const runner = runners.get(id)
      return runner === undefined
        ? items
        : items.map((item) => overlay(item, runner.hindranceOf(item.identity)))
    },
    pause: (id) =>
      turn(async () => view(await (await runnerOf(id)).change(['running'], 'paused', 'by the operator'))),
    cancel: (id) =>
      turn(async () =>
        view(await (await runnerOf(id)).change(['running', 'paused'], 'stopped', 'ended by the operator')),
      ),
    resume: (id, { retryFailed }) => turn(() => resume(id, retryFailed)),
    start,
    chargePointStarted: wake,
    drain,
    async standDown() {
      const running = [...runners.values()]
      runners.clear()
      await Promise.all(running.map((runner) => runner.close()))
    },
    async close() {
      drain()
      stopWatching()
      await Promise.all([...runners.values()].map((runner) => runner.close()))
      runners.clear()
    },
  }
}

const resumable = ['paused', 'stopped'] as const

function isResumable({ state }: CampaignRecord): boolean {
  return state === 'paused' || state === 'stopped'
}

/** A failed charge point that is tried again from the beginning. */
const freshItem: CampaignItemPatch = {
  state: 'waiting',
  attempts: 0,
  code: null,
  detail: null,
  notBefore: null,
  startedAt: null,
  finishedAt: null,
}

function conflict(message: string): ProxyError {
  return new ProxyError('campaign_conflict', 'operator', message)
}

function nobody(kind: CampaignKind, leftOut: number): ProxyError {
  const { others } = campaignKinds[kind]
  return invalid(
    leftOut === 0 ? 'no charge point fits' : `no charge point is left: ${leftOut} fit, ${others}`,
  )
}
