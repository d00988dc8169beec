import { setImmediate } from 'node:timers/promises'
import type { CampaignRequest } from '../../src/campaigns/campaigns.ts'
import type { CampaignClock } from '../../src/campaigns/clock.ts'
import { type CampaignService, createCampaigns } from '../../src/campaigns/service.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import type { CampaignStore, ChargePointRecord } from '../../src/store/store.ts'
import type {
  OperationOptions,
  OperationOutcome,
  RenewCertificateOptions,
} from '../../src/usecases/operation/operation.ts'
import { memoryCampaigns } from '../support/memory-campaigns.ts'

/** Promises run to their end; nothing in these tests waits for anything else. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await setImmediate()
}

export interface FakeClock extends CampaignClock {
  /** Lets time pass; what is due on the way happens in order, with all that follows from it. */
  advance(ms: number): Promise<void>
  readonly timers: number
}

export function fakeClock(start = Date.UTC(2026, 0, 2)): FakeClock {
  let now = start
  const timers = new Set<{ readonly at: number; readonly task: () => void }>()
  return {
    now: () => now,
    after(ms, task) {
      const timer = { at: now + ms, task }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    get timers() {
      return timers.size
    },
    async advance(ms) {
      const end = now + ms
      await flush()
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        timers.delete(next)
        now = Math.max(now, next.at)
        next.task()
        await flush()
      }
      now = end
    },
  }
}

export const ok: OperationOutcome = { ok: true, detail: 'it is done' }

export interface Begun {
  readonly identity: string
  readonly what: string
  readonly at: number
  readonly options: OperationOptions | RenewCertificateOptions
}

export interface World {
  readonly clock: FakeClock
  readonly store: CampaignStore
  readonly registry: Map<string, ChargePointRecord>
  readonly connected: Set<string>
  readonly busy: Set<string>
  readonly begun: Begun[]
  /** What an operation on this charge point gives, try by try; without it: ok. */
  readonly answers: Map<string, (attempt: number, options: OperationOptions) => Promise<OperationOutcome>>
  readonly notes: string[]
  readonly metrics: ReturnType<typeof createMetrics>
  /** Called when somebody asks whether a charge point is connected. */
  onLook: () => void
  /** Most operations that were under way at once. */
  readonly peak: () => number
  becomesIdle(identity: string): void
  connects(identity: string): void
  /** The service of another process on the same store. */
  restart(): CampaignService
  campaigns: CampaignService
}

/** Charge points CP0000, CP0001 …, all connected, none charging. */
export function world(count: number, store: CampaignStore = memoryCampaigns()): World {
  const clock = fakeClock()
  const identities = Array.from({ length: count }, (_, index) => `CP${String(index).padStart(4, '0')}`)
  const registry = new Map(identities.map((identity) => [identity, chargePoint(identity)]))
  const connected = new Set(identities)
  const busy = new Set<string>()
  const begun: Begun[] = []
  const answers: World['answers'] = new Map()
  const notes: string[] = []
  const idleListeners = new Set<(identity: string) => void>()
  const metrics = createMetrics({ version: 'x', node: 'x', openssl: 'x' }, { processMetrics: false })
  let [open, peak] = [0, 0]

  async function operate(identity: string, what: string, options: Begun['options']) {
    const attempt = begun.filter((one) => one.identity === identity).length + 1
    begun.push({ identity, what, at: clock.now(), options })
    open += 1
    peak = Math.max(peak, open)
    try {
      return await (answers.get(identity)?.(attempt, options as OperationOptions) ?? ok)
    } finally {
      open -= 1
    }
  }

  const restart = () =>
    createCampaigns({
      store,
      registry: {
        listExpiringKeys: async () => [],
        get: async (identity) => registry.get(identity) ?? null,
        list: async ({ after = '', limit, securityProfile }) =>
          [...registry.values()]
            .filter(({ identity }) => identity > after)
            .filter((record) => securityProfile === undefined || record.securityProfile === securityProfile)
            .slice(0, limit),
      },
      operations: {
        rotatePassword: (identity, options) =>
          operate(identity, options.reset ? 'rotate with reset' : 'rotate', options),
        renewCertificate: (identity, options) =>
          operate(identity, options.reconnect === true ? 'renew and reconnect' : 'renew', options),
        renewV2gCertificate: (identity, options) => operate(identity, 'renew v2g', options),
        upgradeProfile: (identity, to, options) =>
          operate(
            identity,
            [
              `upgrade to ${to}`,
              ...(options.newPassword === true ? ['with a new password'] : []),
              ...(options.reset === true ? ['with reset'] : []),
            ].join(' '),
            options,
          ),
        updateFirmware: (identity, options) => operate(identity, `update to ${options.name}`, options),
        getLog: (identity, options) => operate(identity, `get ${options.logType}`, options),
        listRoots: (identity, options) => operate(identity, 'list roots', options),
        installRoot: (identity, options) =>
          operate(
            identity,
            `install ${options.certificateType} ${options.certificate}${options.oldRoot === undefined ? '' : ` after ${options.oldRoot}`}`,
            options,
          ),
        deleteRoot: (identity, options) =>
          operate(identity, `delete ${options.certificateType} ${JSON.stringify(options.root)}`, options),
      },
      isConnected: (identity) => {
        self.onLook()
        return connected.has(identity)
      },
      transactions: {
        hasOpen: (identity) => busy.has(identity),
        onIdle(listener) {
          idleListeners.add(listener)
          return () => void idleListeners.delete(listener)
        },
      },
      note: ({ techInfo }) => notes.push(techInfo),
      log: { info: () => {}, error: () => {} },
      gauge: metrics.campaignChargePoints,
      firmwareProblem: async ({ name }) => (name === 'none' ? 'there is no firmware none' : null),
      rootProblem: (_kind, root) => (root.certificate === 'BAD' ? 'it is bad' : null),
      clock,
      randomId: () => {
        ids += 1
        return String(ids)
      },
    })
  let ids = 0

  const self: World = {
    clock,
    store,
    registry,
    connected,
    busy,
    begun,
    answers,
    notes,
    metrics,
    onLook: () => {},
    peak: () => peak,
    becomesIdle(identity) {
      busy.delete(identity)
      for (const listener of idleListeners) listener(identity)
    },
    connects(identity) {
      connected.add(identity)
      self.campaigns.chargePointStarted(identity)
    },
    restart() {
      self.campaigns = restart()
      return self.campaigns
    },
    campaigns: restart(),
  }
  return self
}

/** Everybody at once, without canaries, and no limit of failures that would be reached. */
export function request(settings: CampaignRequest['settings'] = {}): CampaignRequest {
  return {
    kind: 'rotate-passwords',
    selection: { all: true },
    settings: { canary: 0, perMinute: 60_000, concurrency: 1000, maxFailures: 100_000, ...settings },
  }
}

export function chargePoint(identity: string, fields: Partial<ChargePointRecord> = {}): ChargePointRecord {
  return {
    identity,
    serialNumber: null,
    securityProfile: 1,
    upgradeTo: null,
    upgradeOpened: null,
    legacyTls: false,
    migrating: false,
    blocked: false,
    credential: null,
    onboarding: null,
    credentialChange: null,
    passwordForm: null,
    upstreamSecret: null,
    learned: false,
    createdAt: 0,
    updatedAt: 0,
    lastSeenAt: null,
    lastAddress: null,
    lastTls: null,
    offersMandatorySuites: null,
    ...fields,
  }
}
