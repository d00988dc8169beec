import { Cluster, Redis } from 'ioredis'
import { ProxyError } from '../../policy/error.ts'
import { redisError, unavailable } from './errors.ts'
import { type ScriptName, scripts } from './scripts.ts'
import type { RedisLogin, RedisSettings, RedisTls } from './settings.ts'

export type Client = Redis | Cluster

type Nullable<T> = { readonly [Key in keyof T]: T[Key] | null }

/** Reconnecting waits no longer than that: when the store is back, the proxy is, soon after. */
const longestPauseMs = 1_000

/**
 * A connection that fails at once while the server is away: nothing is queued, because whoever asks
 * has a charge point waiting and has to be told. It connects again by itself.
 */
export function createClient(settings: RedisSettings, name: string): Client {
  const { timeout } = settings
  const retry = (times: number) =>
    Math.min(longestPauseMs, 50 * 2 ** Math.min(times, 5)) * (0.75 + Math.random() / 2)
  const common = {
    protocol: 2,
    connectTimeout: timeout,
    commandTimeout: timeout,
    // A server that hangs without closing its connection: it is dialled anew, and so found when it is back.
    socketTimeout: timeout * 2,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    connectionName: name,
    disableClientInfo: true,
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...loginOf(settings, settings),
  } as const
  const shared = {
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: retry,
    // subscription.ts does it.
    autoResubscribe: false,
  } as const
  const client = connect(settings, common, shared, retry)
  return client
}

function connect(
  settings: RedisSettings,
  common: object,
  shared: object,
  retry: (times: number) => number,
): Client {
  const addresses = settings.urls.map(addressOf)
  switch (settings.mode) {
    case 'single':
      return new Redis({ ...common, ...shared, ...addresses[0], db: databaseOf(settings.urls[0]) })
    case 'sentinel':
      return new Redis({
        ...common,
        ...shared,
        sentinels: addresses,
        name: settings.sentinelName,
        db: databaseOf(settings.urls[0]),
        enableTLSForSentinelMode: isTls(settings),
        sentinelCommandTimeout: settings.timeout,
        sentinelRetryStrategy: retry,
        failoverDetector: true,
        ...sentinelLoginOf(settings, settings),
      })
    case 'cluster':
      return new Cluster(addresses, {
        redisOptions: common,
        enableOfflineQueue: false,
        lazyConnect: true,
        clusterRetryStrategy: retry,
        slotsRefreshTimeout: settings.timeout,
        // Names are left to TLS, which checks them.
        dnsLookup: (address, callback) => callback(null, address),
      })
    default:
      return settings.mode satisfies never
  }
}

export function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 6379 : Number(port) }
}

function databaseOf(url: string | undefined): number {
  const path = url === undefined ? '' : new URL(url).pathname.slice(1)
  return path === '' ? 0 : Number(path)
}

function isTls({ urls }: RedisSettings): boolean {
  return urls.some((url) => url.startsWith('rediss:'))
}

/** What is not there is null, as the library has it, so that it takes the place of what was there. */
function loginOf({ username = null, password, tls }: Nullable<RedisLogin>, where: RedisSettings) {
  const login = { username, password } as { username: string; password: string }
  return { ...login, ...(isTls(where) ? { tls: tlsOptions(tls ?? {}) } : {}) }
}

function sentinelLoginOf(login: Nullable<RedisLogin>, where: RedisSettings) {
  const { sentinelUsername = null, sentinelPassword, tls } = login
  const own = { sentinelUsername, sentinelPassword } as { sentinelUsername: string; sentinelPassword: string }
  return { ...own, ...(isTls(where) ? { sentinelTLS: tlsOptions(tls ?? {}) } : {}) }
}

/** From the next connection on: the library reads its options whenever it connects. */
export function useLogin(client: Client, login: RedisLogin, where: RedisSettings): void {
  const options = loginOf(login, where)
  if (client instanceof Redis) {
    Object.assign(client.options, options, where.mode === 'sentinel' ? sentinelLoginOf(login, where) : {})
    return
  }
  Object.assign(client.options.redisOptions ?? {}, options)
  for (const node of client.nodes()) Object.assign(node.options, options)
}

function tlsOptions(tls: RedisTls = {}): object {
  const { ca, certificate, key, serverName } = tls
  return {
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}

/** The commands of the store, with errors in words, and its scripts. */
export class RedisConnection {
  readonly client: Client
  #isClosed = false
  #lastError: unknown = null

  constructor(client: Client) {
    this.client = client
    // Of a refused login only this tells why; a command then says that there is no connection.
    client.on('error', (error: unknown) => {
      this.#lastError = error
    })
    client.on('ready', () => {
      this.#lastError = null
    })
    // The library gives up for good when a sentinel tells of a failover while it asks one for the primary.
    client.once('ready', () => {
      client.on('end', () => {
        setTimeout(() => {
          if (!this.#isClosed && client.status === 'end') client.connect().catch(() => {})
        }, longestPauseMs).unref()
      })
    })
    for (const [name, lua] of Object.entries(scripts)) client.defineCommand(name, { lua })
  }

  /** Throws ProxyError (`store_…`). */
  async connect(patienceMs: number): Promise<void> {
    const { client } = this
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(() => late.reject(new Error('connecting timed out')), patienceMs)
    const ready = new Promise<void>((resolve) => client.once('ready', resolve))
    // A cluster that is being formed refuses at first, and the library goes on trying without a word.
    const first = client.connect().catch((error: unknown) => {
      if (client instanceof Cluster) return ready
      throw error
    })
    try {
      await Promise.race([first, ready, late.promise])
    } catch (error) {
      throw redisError(this.#lastError ?? error, false)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Runs commands; whatever is thrown is a ProxyError. */
  async run<Result>(body: (client: Client) => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw redisError(null, true)
    try {
      return await body(this.client)
    } catch (error) {
      const failure = redisError(error, this.#isClosed)
      const hasNoConnection = failure.code === unavailable && this.client.status !== 'ready'
      throw hasNoConnection ? redisError(this.#lastError ?? error, false) : failure
    }
  }

  /** One of `scripts`, by name. */
  script(
    name: ScriptName,
    keys: readonly string[],
    ...values: readonly (string | number)[]
  ): Promise<unknown> {
    return this.run((client) => {
      const command: unknown = Reflect.get(client, name)
      if (typeof command !== 'function') throw new ProxyError('store_failed', 'proxy', `no script ${name}`)
      return command.call(client, keys.length, ...keys, ...values) as Promise<unknown>
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    this.#isClosed = true
    this.client.disconnect()
  }
}
