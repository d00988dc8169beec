import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ProxyEvent } from '../../../src/events/proxy-event.ts'
import type { Logger } from '../../../src/observe/log.ts'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import { type Authority, AuthorityError } from '../../../src/pki/authority/authority.ts'
import type { CallFate, UseCaseSession } from '../../../src/relay/use-case.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import type { RenewalRecord, Store } from '../../../src/store/store.ts'
import {
  type CertificateUpdate,
  createCertificateUpdate,
} from '../../../src/usecases/certificate-update/certificate-update.ts'
import type { CertificateSettings } from '../../../src/usecases/certificate-update/context.ts'
import { renewalMessages16 } from '../../../src/usecases/certificate-update/messages.ts'
import { renewalMessages201 } from '../../../src/usecases/ocpp201/renewal.ts'
import { createArrivals } from '../../../src/usecases/operation/arrivals.ts'
import type {
  ChargePointOperations,
  RenewCertificateOptions,
} from '../../../src/usecases/operation/operation.ts'
import { createOperationTurns } from '../../../src/usecases/operation/turns.ts'
import { day, issuerOf, localOf } from '../../pki/authority/setting.ts'
import { sharedAuthority, type Authority as TestAuthority } from '../../support/authority.ts'
import { type CsrOptions, makeCsr } from '../../support/csr.ts'
import { type FakeSession, fakeSession } from '../../support/fake-session.ts'
import { type ManualClock, manualClock } from '../operation/setting.ts'

const quiet = { info() {}, warn() {}, error() {} } as unknown as Logger
const schemas = createMessageSchemas()
export const oldFingerprint = '0d'.repeat(32)

/** A charge point CP1 with serial number SN-0001, an authority, and what becomes of its requests. */
export interface Setting {
  readonly store: Store
  readonly clock: ManualClock
  readonly events: ProxyEvent[]
  readonly counts: Map<string, number>
  readonly settings: { -readonly [Key in keyof CertificateSettings]: CertificateSettings[Key] }
  readonly root: TestAuthority
  /** Open transactions. */
  readonly busy: Set<string>
  /** How the authority behaves; null: there is none. */
  authority: Authority | null
  readonly update: CertificateUpdate
  renew(options?: Partial<RenewCertificateOptions>): ReturnType<ChargePointOperations['renewCertificate']>
  connect(facts?: Partial<UseCaseSession['facts']>): FakeSession
  /** Any CALL of the charge point, as the relay shows it. */
  heard(): Promise<void>
  disconnect(): void
  /** SignCertificate of the charge point; its answer is on the wire when this is fulfilled. */
  sign(csr: string | CsrOptions): Promise<string>
  renewal(): Promise<RenewalRecord>
  /** The event types since it was asked last. */
  noted(): string[]
  becameIdle(): void
  /** The process dies and starts again: all that is left is on disk. */
  restart(): Promise<void>
  /** Until nothing more happens without time or a peer. */
  settle(): Promise<void>
}

export async function setUp(t: Pick<TestContext, 'after'>): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-renewals-'))
  const clock = manualClock(Date.now())
  const store = openSqliteStore(join(folder, 'proxy.db'), { now: clock.now })
  t.after(async () => {
    setting.disconnect()
    await update.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await store.registry.add('CP1', { serialNumber: 'SN-0001', securityProfile: 3 })
  const root = await sharedAuthority()
  const { authority } = localOf(issuerOf(root), { index: store.issued, now: clock.now })
  const idle = new Set<(identity: string) => void>()
  let live: FakeSession | null = null
  let heard = 0
  let arrivals = createArrivals(clock)
  let update = create()

  const sessions = {
    get: (identity: string) => (identity === 'CP1' ? live : null),
    all: () => (live === null ? [] : [live]),
  }

  function create(): CertificateUpdate {
    return createCertificateUpdate({
      ...{ store, clock, schemas, log: quiet },
      sessions: { get: (identity) => sessions.get(identity), all: () => sessions.all() },
      messagesOf: (protocol) => (protocol === 'ocpp2.0.1' ? renewalMessages201 : renewalMessages16),
      note: (event) => setting.events.push(event),
      authority: () => (setting.authority === null ? null : watched(setting.authority)),
      settings: () => setting.settings,
      trust: () => [root.x509],
      counted: (result) => setting.counts.set(result, (setting.counts.get(result) ?? 0) + 1),
      authorityTold: () => {},
      random: () => 0.5,
    })
  }

  /** Requests that are with the authority: signatures are made off the event loop. */
  const asked = new Set<Promise<unknown>>()
  const wrapped = new Map<Authority, Authority>()
  function watched(authority: Authority): Authority {
    const issue: Authority['issue'] = (request, signal) => {
      const chain = authority.issue(request, signal)
      asked.add(chain)
      chain.catch(() => {}).finally(() => asked.delete(chain))
      return chain
    }
    const known = wrapped.get(authority) ?? { ...authority, issue }
    wrapped.set(authority, known)
    return known
  }

  const setting: Setting = {
    ...{ store, clock, root, authority },
    events: [],
    counts: new Map(),
    busy: new Set(),
    settings: {
      cpoNames: ['Example CPO'],
      overInsecureProfiles: {
        profile0: { certificates: 'refuse', passwords: 'allow', profile: 'allow' },
        profile1: { certificates: 'refuse', passwords: 'allow', profile: 'allow' },
      },
      securityMessages: 'answer',
      certificates201: 'serve',
      callTimeoutMs: 30_000,
      minimumLifetimeMs: 32 * day,
      giveUpAfterMs: day,
      requestsPerHour: 10,
    },
    get update() {
      return update
    },
    renew(options = {}) {
      const operation = update.operation({
        registry: store.registry,
        sessions,
        arrivals,
        turns: createOperationTurns(),
        transactions: {
          hasOpen: (identity) => setting.busy.has(identity),
          onIdle(listener) {
            idle.add(listener)
            return () => idle.delete(listener)
          },
        },
        clock,
        note: (event) => setting.events.push(event),
        log: quiet,
        callTimeoutMs: () => 30_000,
        overInsecureProfiles: () => setting.settings.overInsecureProfiles,
        stopping: new AbortController().signal,
      })
      return operation('CP1', { origin: 'operator', timeoutMs: 60_000, ...options })
    },
    connect(facts = {}) {
      setting.disconnect()
      live = fakeSession({ profile: 3, certificate: oldFingerprint, ...facts })
      update.useCase.started?.(live)
      arrivals.arrived(live)
      return live
    },
    async heard() {
      await setting.settle()
      const isWatched =
        live !== null &&
        update.useCase.watches.some(({ action, only }) => action === '*' && live !== null && only?.(live))
      if (live === null || !isWatched) return
      const call = { direction: 'to-central-system', id: '9', action: 'Heartbeat', payload: {} } as const
      assert.deepEqual(await update.useCase.onCall?.(call, live), { kind: 'forward' })
      await setting.settle()
    },
    disconnect() {
      const session = live
      live = null
      if (session === null) return
      session.drop()
      update.useCase.ended?.(session)
    },
    async sign(csr) {
      const session = live ?? setting.connect()
      const pem = typeof csr === 'string' ? csr : await makeCsr(csr)
      const fate = await update.useCase.onCall?.(
        { direction: 'to-central-system', id: '1', action: 'SignCertificate', payload: { csr: pem } },
        session,
      )
      return answerOf(fate)
    },
    async renewal() {
      const renewal = await store.renewals.get('CP1')
      assert.ok(renewal !== null, 'there is no renewal')
      return renewal
    },
    noted() {
      const types = setting.events.slice(heard).map(({ type }) => type)
      heard = setting.events.length
      return types
    },
    becameIdle() {
      setting.busy.delete('CP1')
      for (const listener of [...idle]) listener('CP1')
    },
    async restart() {
      setting.disconnect()
      await update.close()
      arrivals = createArrivals(clock)
      update = create()
    },
    async settle() {
      do {
        await Promise.allSettled([...asked])
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      } while (asked.size > 0)
    },
  }
  return setting
}

/** The status, or the code of the error; what has to come behind the answer is done. */
function answerOf(fate: CallFate | undefined): string {
  if (fate?.kind !== 'answer') return fate?.kind ?? 'nothing'
  fate.sent?.()
  return fate.answer.kind === 'result' ? String(fate.answer.payload.status) : fate.answer.code
}

export const down: Authority = {
  name: 'down',
  roots: () => [],
  issue: () => Promise.reject(new AuthorityError('unavailable', 'ca.example.com cannot be asked: refused')),
}

export const rejecting: Authority = {
  name: 'rejecting',
  roots: () => [],
  issue: () => Promise.reject(new AuthorityError('rejected', 'authority ca answered 400')),
}
