import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ProxyEvent } from '../../../src/events/proxy-event.ts'
import { hashKey, matches } from '../../../src/gate/credentials/hash.ts'
import type { Logger } from '../../../src/observe/log.ts'
import type { Payload } from '../../../src/ocpp/message.ts'
import type { SecurityProfile } from '../../../src/policy/facts.ts'
import { type PendingUpgrade, pendingUpgrade } from '../../../src/policy/profile.ts'
import type { Protocol } from '../../../src/policy/protocol.ts'
import type { Answer, Call, CallFate, UseCaseSession } from '../../../src/relay/use-case.ts'
import { seal } from '../../../src/store/seal.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import type { ChargePointRecord, Store } from '../../../src/store/store.ts'
import type { Clock } from '../../../src/usecases/operation/clock.ts'
import {
  type ChargePointChanges,
  createChargePointChanges,
  type OperationsConfig,
} from '../../../src/usecases/operation/operations.ts'
import { type FakeSession, fakeSession } from '../../support/fake-session.ts'

/** Time that passes when a test says so. */
export interface ManualClock extends Clock {
  /** So many milliseconds pass. */
  advance(ms: number): void
  /** Fulfilled when somebody waits for time to pass. */
  waited(): Promise<void>
}

export function manualClock(start = 1_000_000): ManualClock {
  let at = start
  const waits = new Set<{ until: number; resolve: () => void }>()
  let heard: (() => void)[] = []
  return {
    now: () => at,
    wait(ms, signal) {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (signal?.aborted) return Promise.resolve()
      const wait = { until: at + ms, resolve }
      waits.add(wait)
      signal?.addEventListener('abort', () => {
        waits.delete(wait)
        resolve()
      })
      for (const hear of heard.splice(0)) hear()
      return promise
    },
    advance(ms) {
      at += ms
      for (const wait of waits) {
        if (wait.until > at) continue
        waits.delete(wait)
        wait.resolve()
      }
    },
    waited: () =>
      waits.size > 0 ? Promise.resolve() : new Promise((resolve) => (heard = [...heard, resolve])),
  }
}

const quiet = { info() {}, warn() {}, error() {}, debug() {} } as unknown as Logger
export const sealingKey = Buffer.alloc(32, 7)

/** One for each profile; they serve either version. */
export function listenersOf(...profiles: readonly SecurityProfile[]) {
  return profiles.map((securityProfile) => ({ securityProfile, protocols: ['ocpp1.6', 'ocpp2.0.1'] }))
}

const settings = {
  edition: 3,
  listeners: listenersOf(1, 2, 3),
  centralSystem: { authorization: 'strip' },
  limits: { callTimeout: 10_000 },
  messages: {
    overInsecureProfiles: {
      profile0: { certificates: 'refuse', passwords: 'allow', profile: 'allow' },
      profile1: { certificates: 'refuse', passwords: 'allow', profile: 'allow' },
    },
  },
  passwords: { acceptedGrace: 0, unansweredGrace: 86_400_000, resetAfterRebootRequired: true },
  profileUpgrade: {
    timeout: 300_000,
    openFor: 86_400_000,
    allowSecurityProfileDowngrade: false,
    networkProfiles: [],
  },
  store: { sealingKey },
}
export type Settings = Partial<Record<keyof typeof settings, unknown>>

/** Both use cases over the real store, with one charge point CP1 that has a password. */
export interface Setting {
  readonly store: Store
  readonly clock: ManualClock
  readonly changes: ChargePointChanges
  readonly events: readonly ProxyEvent[]
  readonly busy: Set<string>
  /** PEM: what the listeners show. */
  readonly chains: string[]
  /** PEM: what they trust. */
  readonly trusted: string[]
  readonly vehicles: string[]
  readonly password: Buffer
  /** Every key that the proxy made, in order. */
  readonly keys: readonly Buffer[]
  record(): Promise<ChargePointRecord>
  /** A session that relays; the one before it has ended. */
  connect(
    profile?: SecurityProfile,
    credential?: 'current' | 'next' | null,
    pending?: PendingUpgrade | null,
  ): FakeSession
  /** Logs in with this password as the gate does; null: refused. */
  login(password: Buffer, profile?: SecurityProfile): Promise<FakeSession | null>
  disconnect(): void
  becameIdle(): void
  /** Sends a CALL of the central system through the use cases, as the relay does. */
  pass(
    action: string,
    payload: Payload,
  ): Promise<{ fate: CallFate; answer(answer: Answer | null): Promise<void> }>
  /** The process dies and starts again: all that is left is on disk. */
  restart(): void
}

/** `protocol`: of every session. */
export async function setUp(
  t: Pick<TestContext, 'after'>,
  given: Settings = {},
  protocol: Protocol = 'ocpp1.6',
): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-operations-'))
  const clock = manualClock()
  const store = openSqliteStore(join(folder, 'proxy.db'), { now: clock.now })
  t.after(async () => {
    changes.stop()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const password = randomBytes(20)
  await store.registry.add('CP1', {
    credential: await hashKey(password, false),
    securityProfile: 2,
    serialNumber: 'SN-1',
  })
  const config = { ...settings, ...given } as unknown as OperationsConfig
  const events: ProxyEvent[] = []
  const busy = new Set<string>()
  const chains: string[] = []
  const trusted: string[] = []
  const vehicles: string[] = []
  const keys: Buffer[] = []
  const idle = new Set<(identity: string) => void>()
  let live: FakeSession | null = null
  let changes = create()

  function create(): ChargePointChanges {
    return createChargePointChanges({
      registry: store.registry,
      steps: store.registry,
      roots: store.roots,
      serverChains: () => chains,
      trustedRoots: () => trusted,
      vehicleRoots: () => vehicles,
      sessions: { get: (identity) => (identity === 'CP1' ? live : null), all: () => (live ? [live] : []) },
      transactions: {
        hasOpen: (identity) => busy.has(identity),
        onIdle(listener) {
          idle.add(listener)
          return () => idle.delete(listener)
        },
      },
      // Renewals have a setting of their own.
      certificates: { operation: () => () => Promise.reject(new Error('not here')) },
      plugAndCharge: { renewal: () => () => Promise.reject(new Error('not here')) },
      signedFirmware: { operation: () => () => Promise.reject(new Error('not here')) },
      logs: { operation: () => () => Promise.reject(new Error('not here')) },
      clock,
      note: (event) => events.push(event),
      log: quiet,
      config: () => config,
      hashKey,
      matches,
      seal,
      randomBytes(length) {
        const key = randomBytes(length)
        keys.push(key)
        return key
      },
      fallbackPatienceMs: 5_000,
    })
  }

  const setting: Setting = {
    store,
    clock,
    get changes() {
      return changes
    },
    events,
    busy,
    chains,
    trusted,
    vehicles,
    password,
    keys,
    async record() {
      const record = await store.registry.get('CP1')
      assert.ok(record !== null)
      return record
    },
    connect(profile = 2, credential = 'current', pending = null) {
      setting.disconnect()
      const session = fakeSession({ profile, protocol, credential, pendingUpgrade: pending })
      live = session
      for (const useCase of changes.useCases) useCase.started?.(session)
      return session
    },
    async login(presented, profile = 2) {
      const record = await setting.record()
      const { credential, credentialChange } = record
      const isNext = credentialChange !== null && (await matches(credentialChange.next, presented))
      const isCurrent = !isNext && credential !== null && (await matches(credential, presented))
      if (!isNext && !isCurrent) return null
      const use = isNext ? 'next' : 'current'
      await store.registry.recordSuccess('CP1', {
        profile,
        address: '127.0.0.1',
        tls: null,
        passwordForm: 'raw',
        credential: use,
        changeStartedAt: credentialChange?.startedAt ?? null,
        offersMandatorySuites: null,
        at: clock.now(),
      })
      return setting.connect(profile, use, pendingUpgrade(record))
    },
    disconnect() {
      if (live !== null) live.isOpen = false
      live = null
    },
    becameIdle() {
      busy.delete('CP1')
      for (const listener of [...idle]) listener('CP1')
    },
    pass: (action, payload) => pass(changes, live ?? setting.connect(), action, payload),
    restart() {
      setting.disconnect()
      changes.stop()
      changes = create()
    },
  }
  return setting
}

async function pass(changes: ChargePointChanges, session: UseCaseSession, action: string, payload: Payload) {
  const call: Call = { direction: 'to-charge-point', id: '1', action, payload }
  const answered: ((answer: Answer | null) => unknown)[] = []
  let fate: CallFate = { kind: 'forward' }
  for (const useCase of changes.useCases) {
    if (!useCase.watches.some((watch) => watch.action === action)) continue
    fate = (await useCase.onCall?.(call, session)) ?? fate
    if (fate.kind !== 'forward') break
    if (fate.answered !== undefined) answered.unshift(fate.answered)
  }
  return {
    fate,
    async answer(answer: Answer | null) {
      // At once: an answer that waits is lost with a charge point that hangs up behind it.
      for (const hear of answered) assert.deepEqual(hear(answer), { kind: 'forward' })
      // What is stored behind it needs no more than the turns of the store.
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

export const status = (name: string): Answer => ({ kind: 'result', payload: { status: name } })
export const callError: Answer = {
  kind: 'error',
  code: 'NotImplemented',
  description: 'secret?',
  details: {},
}
