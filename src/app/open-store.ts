import { readFileSync } from 'node:fs'
import type { RedisConfig, StoreConfig } from '../config/schema.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { RedisSettings, RedisTls } from '../store/redis/settings.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import type { Store } from '../store/store.ts'

export interface OpenStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** The part of a configuration that says where the store is. */
export type NamedStore = Pick<StoreConfig, 'sqlite' | 'redis'>

/** Opens the store that a configuration names. Throws ProxyError (`store_…`). */
export async function openStore(config: NamedStore, options: OpenStoreOptions = {}): Promise<Store> {
  if (config.redis === undefined) {
    if (config.sqlite !== undefined) return openSqliteStore(config.sqlite, options)
    throw new ProxyError('store_missing', 'operator', 'the configuration names no store')
  }
  // Only who shares a store pays for the client library.
  const { openRedisStore } = await import('../store/redis.ts')
  return openRedisStore(redisSettings(config.redis), options)
}

/**
 * A new login of the store, read and not in use yet: call it to open connections with it from then on. Throws
 * ProxyError `store_cannot_open`.
 */
export function prepareLogin({ redis }: NamedStore, { shared }: Pick<Store, 'shared'>): () => void {
  if (redis === undefined || shared === undefined) return () => {}
  const login = redisSettings(redis)
  return () => shared.useLogin(login)
}

/** Throws ProxyError `store_cannot_open` when a file of TLS cannot be read. */
export function redisSettings({ tls, grace: _, ...rest }: RedisConfig): RedisSettings {
  return tls === undefined ? rest : { ...rest, tls: readTls(tls) }
}

function readTls({ ca, certificate, key, serverName }: NonNullable<RedisConfig['tls']>): RedisTls {
  return {
    ...(ca === undefined ? {} : { ca: read(ca) }),
    ...(certificate === undefined ? {} : { certificate: read(certificate) }),
    ...(key === undefined ? {} : { key: read(key) }),
    ...(serverName === undefined ? {} : { serverName }),
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const message = `store redis: the file ${path} cannot be read (${messageOf(cause)})`
    throw new ProxyError('store_cannot_open', 'operator', message, { cause })
  }
}
