/** Where Valkey or Redis is, and how it is talked to; the `store.redis` section of a configuration. */
export interface RedisSettings {
  /** `sentinel`: `urls` are sentinels; `cluster`: any nodes of it; `single`: one server. */
  readonly mode: 'single' | 'sentinel' | 'cluster'
  /** redis:// or rediss:// (TLS), without user and password. */
  readonly urls: readonly string[]
  /** Name of the primary that the sentinels watch. */
  readonly sentinelName: string
  /** ACL user; left out: the default one. */
  readonly username?: string
  readonly password: string | null
  readonly sentinelUsername?: string
  readonly sentinelPassword: string | null
  readonly tls?: RedisTls
  /** Every key begins with it, so that several proxies' fleets can share a server. */
  readonly keyPrefix: string
  /** Milliseconds for one command, and for connecting. */
  readonly timeout: number
  /** Milliseconds after which a replica that is not heard of has lost its sessions to others. */
  readonly lease: number
}

/** What a connection is opened with. It may change while the process runs; those that are open stay. */
export type RedisLogin = Pick<
  RedisSettings,
  'username' | 'password' | 'sentinelUsername' | 'sentinelPassword' | 'tls'
>

/** PEM texts. */
export interface RedisTls {
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
  /** In place of the host of the URL. */
  readonly serverName?: string
}
