import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { hashKey } from '../../src/gate/credentials/hash.ts'
import { type CentralSystem, createCentralSystem } from '../../src/simulator/central-system.ts'
import { type ChargePoint, createChargePoint } from '../../src/simulator/charge-point.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { openRedisStore } from '../../src/store/redis.ts'
import type { Store } from '../../src/store/store.ts'
import { Ends, within } from './ends.ts'
import { LogLines } from './log-lines.ts'
import {
  buildConfig,
  type ConfigChange,
  createPki,
  type ListenerName,
  type Pki,
  profiles,
  writeConfig,
} from './proxy-config.ts'
import { ProxyProcess, serve } from './proxy-process.ts'
import { RedisServer, settingsOf } from './redis-server.ts'
import { secret } from './secrets.ts'
import { keep } from './transcript.ts'

/** One proxy of several; a real process. */
export interface Replica {
  readonly name: string
  readonly process: ProxyProcess
  readonly log: LogLines
}

/** Some proxies that share one Redis, and the central system behind them. */
export class ReplicaSet {
  /** The primary, where there are sentinels. */
  readonly redis: RedisServer
  readonly store: Store
  readonly pki: Pki
  readonly central: CentralSystem
  /** Everything that happened at the central system, in order. */
  readonly centralEvents: readonly SimulatorEvent[]
  readonly replicas: Replica[] = []
  readonly #t: Pick<TestContext, 'after'>
  readonly #config: (name: string, redisUrl: string | null) => object
  readonly #token: string
  readonly #passwords = new Map<string, Buffer>()

  private constructor(
    t: Pick<TestContext, 'after'>,
    parts: Pick<ReplicaSet, 'redis' | 'store' | 'pki' | 'central' | 'centralEvents'>,
    config: (name: string, redisUrl: string | null) => object,
    token: string,
  ) {
    this.#t = t
    this.redis = parts.redis
    this.store = parts.store
    this.pki = parts.pki
    this.central = parts.central
    this.centralEvents = parts.centralEvents
    this.#config = config
    this.#token = token
  }

  /**
   * `lease` in milliseconds; the time-out of a command is a third of it. Who stands still for longer has lost what it
   * leads and holds: a busy machine must not do that to a replica. `hasSentinel`: Redis has a replica and a sentinel,
   * which makes it the primary when the first one is gone.
   */
  static async start(
    t: Pick<TestContext, 'after'>,
    names: readonly string[],
    change: ConfigChange & { lease?: number; hasSentinel?: true } = {},
  ): Promise<ReplicaSet> {
    const { lease = 6000, hasSentinel = false, ...usual } = change
    const folder = mkdtempSync(join(tmpdir(), 'ocpp-replicas-'))
    const events: SimulatorEvent[] = []
    t.after(endWaiting)
    const ends = new Ends(t)
    ends.add(() => rmSync(folder, { recursive: true, force: true }))
    const central = createCentralSystem({
      // Nobody but the proxies sees to it that an identity is connected once.
      duplicateIdentity: 'keep',
      onEvent: (event) => void events.push(event),
    })
    const { url } = await central.listen()
    ends.add(() => central.close())
    const redis = await RedisServer.start({ args: ['--appendfsync', 'everysec'] })
    ends.add(() => redis.end())
    const pki = await createPki(folder, ['ecdsa'])
    const sentinels = hasSentinel ? await startSentinels(redis, ends) : null
    const where = sentinels ?? { urls: [redis.url] }
    const store = await openRedisStore(settingsOf(redis.url, { keyPrefix: 'fleet:', ...where }))
    ends.add(() => store.close())
    const token = secret('admin token', randomBytes(24).toString('hex'))
    writeFileSync(join(folder, 'token'), token, { mode: 0o600 })
    writeFileSync(join(folder, 'sealing.key'), randomBytes(32), { mode: 0o600 })
    const shared = { ...where, keyPrefix: 'fleet:', timeout: `${lease / 3}ms`, lease: `${lease}ms` }
    const config = (name: string, redisUrl: string | null) => {
      const built = buildConfig({ ...usual, admin: { tokenFile: 'token' } }, ['ecdsa'], url) as Record<
        string,
        unknown
      >
      const securityEvents = usual.securityEvents ?? {
        sinks: [{ file: { name: 'all', path: `../${name}-events.jsonl` } }],
      }
      return {
        ...built,
        store: {
          redis: { ...shared, ...(redisUrl === null ? {} : { urls: [redisUrl] }) },
          sealingKeyFile: 'sealing.key',
        },
        securityEvents,
      }
    }
    const set = new ReplicaSet(t, { redis, store, pki, central, centralEvents: events }, config, token)
    ends.add(() => {
      for (const { process } of set.replicas) if (!process.hasEnded) process.signal('SIGKILL')
      return Promise.all(set.replicas.map(({ process }) => process.exit))
    })
    // One after the other: three that start at once are slow on a busy machine.
    for (const name of names) await set.add(name)
    return set
  }

  /** `redisUrl`: where it finds the store; null: where the others do. `node`: options of its Node. */
  async add(name: string, redisUrl: string | null = null, node: readonly string[] = []): Promise<Replica> {
    const path = writeConfig(join(this.pki.folder, name), this.#absolute(name, redisUrl))
    const log = new LogLines()
    const program = { ...serve, before: [...node, ...serve.before] }
    const replica = { name, log, process: await ProxyProcess.start(path, log, program) }
    this.replicas.push(replica)
    return replica
  }

  /** File names are relative to the configuration, which is one folder further down here. */
  #absolute(name: string, redisUrl: string | null): object {
    const text = JSON.stringify(this.#config(name, redisUrl))
    const names = /"(token|sealing\.key|server-ecdsa\.(?:pem|key)|cpo-root\.pem|factory-root\.pem)"/g
    return JSON.parse(
      text.replaceAll(names, (_, file: string) => JSON.stringify(join(this.pki.folder, file))),
    ) as object
  }

  async register(identities: readonly string[]): Promise<void> {
    const entries = await Promise.all(
      identities.map(async (identity) => {
        const password = secret('password', randomBytes(20))
        this.#passwords.set(identity, password)
        return { identity, fields: { credential: await hashKey(password, false) } }
      }),
    )
    await this.store.registry.addAll(entries)
  }

  chargePoint(
    replica: Replica,
    identity: string,
    listener: ListenerName = 'basic-auth',
    more: object = {},
  ): ChargePoint {
    const password = this.#passwords.get(identity)
    const scheme = profiles[listener] < 2 ? 'ws' : 'wss'
    const chargePoint = createChargePoint({
      url: `${scheme}://127.0.0.1:${replica.process.ports.get(listener)}/ocpp`,
      identity,
      securityProfile: profiles[listener],
      handshakeTimeoutMs: 60_000,
      ...(password === undefined ? {} : { password: { bytes: password, form: 'raw' } }),
      tls: { ca: this.pki.serverRoot },
      onEvent: (event) => keep('simulator', JSON.stringify(event)),
      ...more,
    })
    this.#t.after(() => within(() => chargePoint.close()))
    return chargePoint
  }

  /** A request to the admin API of one replica. */
  async api(
    replica: Replica,
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(`http://127.0.0.1:${replica.process.ports.get('admin')}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  /** Live events of one replica's API. */
  async stream(replica: Replica, path: string): Promise<{ until(pattern: RegExp): Promise<void> }> {
    const ending = new AbortController()
    this.#t.after(() => ending.abort())
    const answer = await fetch(`http://127.0.0.1:${replica.process.ports.get('admin')}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${this.#token}` },
      signal: ending.signal,
    })
    const chunks = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    return {
      async until(pattern) {
        while (!pattern.test(text)) {
          const chunk = await chunks?.read()
          if (chunk === undefined || chunk.done) throw new Error(`the stream ended: ${text}`)
          text += chunk.value
        }
      },
    }
  }

  async ready(replica: Replica): Promise<{ code: number; problems: string[]; notes: string[] }> {
    const answer = await fetch(`http://127.0.0.1:${replica.process.ports.get('admin')}/readyz`)
    const { problems, notes } = (await answer.json()) as { problems: string[]; notes: string[] }
    return { code: answer.status, problems, notes }
  }

  async metrics(replica: Replica): Promise<string> {
    return (await fetch(`http://127.0.0.1:${replica.process.ports.get('admin')}/metrics`)).text()
  }
}

/** A replica of the primary that has all of it, and a sentinel that watches both. */
async function startSentinels(primary: RedisServer, ends: Ends) {
  const replica = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', String(primary.port)] })
  ends.add(() => replica.end())
  await until(() => primary.isReplicated())
  const sentinel = await RedisServer.startSentinel(primary.port, 'fleet', {
    'down-after-milliseconds': 2000,
    'failover-timeout': 5000,
  })
  ends.add(() => sentinel.end())
  return { mode: 'sentinel', urls: [sentinel.url], sentinelName: 'fleet' } as const
}

/** Of the tests of a file, which run one after the other: who waits when a test is over would wait for ever. */
let waiting = new AbortController()

function endWaiting(): void {
  waiting.abort()
  waiting = new AbortController()
}

/** Asks until `is` holds. Rejected when the test's own time is over. */
export async function until(is: () => Promise<boolean> | boolean): Promise<void> {
  const { signal } = waiting
  while (!(await is())) {
    if (signal.aborted) throw new Error(`the test is over, and this does not hold: ${is}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
