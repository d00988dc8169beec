import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { AdminDeps } from '../../src/admin/deps.ts'
import { type AdminServer, startAdmin } from '../../src/admin/server.ts'
import type { ProxyEvent } from '../../src/events/proxy-event.ts'
import { hashKey } from '../../src/gate/credentials/hash.ts'
import { createLogger } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { entryOf } from '../../src/usecases/signed-firmware/entry.ts'
import { type FakeSession, fakeSession } from '../support/fake-session.ts'
import { freePort } from '../support/free-port.ts'
import { secret } from '../support/secrets.ts'
import { keep, keepDatabase } from '../support/transcript.ts'
import { FakeCampaigns } from './fake-campaigns.ts'
import { FakeOperations } from './fake-operations.ts'

export const token = secret('admin token', 'the-token-of-the-tests-ä€')
/** Every hash of the tests is made of these; no answer may hold one, in any form. */
export const secrets = {
  password: secret('password', 'correct horse battery'),
  hex: secret('password', '00112233445566778899AABBCCDDEEFF00112233'),
  sealed: 'v1.SEALEDSEALEDSEALED',
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Whatever came. */
  readonly body: ReturnType<typeof JSON.parse>
}

export interface RequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, as JSON unless a header says otherwise. */
  readonly raw?: string
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface Setting {
  readonly admin: AdminServer
  readonly origin: string
  readonly folder: string
  readonly store: Store
  readonly operations: FakeOperations
  readonly campaigns: FakeCampaigns
  readonly notes: ProxyEvent[]
  readonly freed: string[]
  /** How often the proxy was told that the deny list has changed. */
  readonly denyListChanges: { count: number }
  readonly logLines: string[]
  /** Everything that the API said; no secret may be in it when the test ends. */
  readonly heard: string[]
  /** Tells live readers that something new is stored. */
  announce(log: 'rejections' | 'events'): void
  connect(identity: string, facts?: Partial<FakeSession['facts']>): FakeSession
  setToken(value: string | null): void
  /** `path` begins behind /api/v1, or is absolute with a leading '='. */
  ask(method: string, path: string, options?: RequestOptions): Promise<Answer>
}

export interface SettingOptions {
  readonly requestsPerMinute?: number
  readonly deps?: Partial<AdminDeps>
}

/** The API on a real socket and a real store; what acts on charge points is a fake. */
export async function setUp(t: TestContext, options: SettingOptions = {}): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-admin-'))
  const store = openSqliteStore(join(folder, 'proxy.db'))
  const sessions = new Map<string, FakeSession>()
  const listeners = { rejections: new Set<() => void>(), events: new Set<() => void>() }
  const [notes, freed, logLines]: [ProxyEvent[], string[], string[]] = [[], [], []]
  let present: string | null = token
  const subscribe = (set: Set<() => void>) => (listener: () => void) => {
    set.add(listener)
    return () => void set.delete(listener)
  }
  const denyListChanges = { count: 0 }
  const operations = new FakeOperations()
  const campaigns = new FakeCampaigns()
  const deps: AdminDeps = {
    version: '1.2.3',
    startedAt: Date.now() - 5000,
    token: () => present,
    registry: store.registry,
    rejections: store.rejections,
    events: store.events,
    denied: store.denied,
    denyListChanged: async () => {
      denyListChanges.count += 1
    },
    roots: store.roots,
    firmware: store.firmware,
    firmwareChecks: { verify: async () => [], entryOf },
    logs: null,
    renewals: store.renewals,
    pki: { crl: async () => null, ocsp: async () => null, chain: () => null },
    issued: store.issued,
    stored: { rejections: subscribe(listeners.rejections), events: subscribe(listeners.events) },
    sessions: { get: (identity) => sessions.get(identity) ?? null, all: () => sessions.values() },
    operations,
    operationDefaults: () => ({ reset: true, upgradeTimeoutMs: 300_000 }),
    campaigns,
    lockouts: { free: (identity) => void freed.push(identity) },
    certificates: () => [],
    hashKey,
    note: (event) => void notes.push(event),
    noteDurably: async (event) => void notes.push(event),
    reservedIdentity: () => null,
    log: createLogger('trace', {
      write: (line) => {
        keep('log', line)
        logLines.push(line)
      },
    }),
    now: Date.now,
    ...options.deps,
  }
  const { registry } = createMetrics(
    { version: '1.2.3', node: 'v24', openssl: '3.5' },
    { processMetrics: false },
  )
  const admin = await startAdmin(
    {
      // Some close it, and then nobody else may answer there.
      address: { host: '127.0.0.1', port: await freePort() },
      token,
      requestsPerMinute: options.requestsPerMinute ?? 100_000,
    },
    registry,
    { problems: async () => [], notes: () => [] },
    deps,
  )
  const origin = `http://127.0.0.1:${admin.port}`
  const heard: string[] = []
  const known: string[] = []
  t.after(async () => {
    await admin.close()
    assert.equal(listeners.rejections.size + listeners.events.size, 0, 'readers that ended are forgotten')
    await store.close()
    keepDatabase(join(folder, 'proxy.db'))
    rmSync(folder, { recursive: true, force: true })
    const told = [...heard, ...logLines, ...notes.map((note) => JSON.stringify(note))].join('\n')
    assert.ok(heard.length > 0)
    for (const secret of [...Object.values(secrets), secrets.hex.toLowerCase(), token, ...known]) {
      assert.ok(!told.includes(secret), 'a secret is in an answer, a log line or an event')
    }
  })

  return {
    admin,
    origin,
    folder,
    store,
    operations,
    campaigns,
    notes,
    freed,
    denyListChanges,
    logLines,
    heard,
    announce: (log) => {
      for (const listener of listeners[log]) listener()
    },
    connect: (identity, facts = {}) => {
      const session = fakeSession({ ...facts, identity })
      sessions.set(identity, session)
      return session
    },
    setToken: (value) => {
      present = value
    },
    async ask(method, path, { body, raw, token: given = token, headers = {}, signal } = {}) {
      const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
      const response = await fetch(path.startsWith('=') ? path.slice(1) : `${origin}/api/v1${path}`, {
        method,
        headers: {
          ...(given === null ? {} : { authorization: `Bearer ${Buffer.from(given).toString('latin1')}` }),
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(content === undefined ? {} : { body: content }),
        ...(signal === undefined ? {} : { signal }),
      })
      const text = await response.text()
      heard.push(text)
      for (const { credential, credentialChange } of await store.registry.list({ limit: 100 })) {
        for (const hash of [credential, credentialChange?.next]) {
          if (hash != null) known.push(hash.hash, hash.salt)
        }
      }
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson ? JSON.parse(text) : null,
      }
    },
  }
}

/** The one shape of errors. */
export function assertError(answer: Answer, status: number, error: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.body.error, error, answer.text)
  assert.equal(typeof answer.body.message, 'string')
  assert.match(answer.body.requestId, /^[0-9a-f-]{36}$/)
  assert.doesNotMatch(answer.text, /node_modules|\.ts:|at .*\(/)
}
