import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../problem.ts'

/** Rules about where the durable state is. */

export function storeKind({ store }: LoadedFile): KeyFinding[] {
  const given = [store.sqlite, store.redis].filter((one) => one !== undefined)
  return given.length === 1 ? [] : [problem(['store'], 'must have one of sqlite and redis')]
}

type Redis = NonNullable<LoadedFile['store']['redis']>

export function redisStore({ store }: LoadedFile): KeyFinding[] {
  const { redis } = store
  if (redis === undefined) return []
  const path = ['store', 'redis']
  const found = [
    ...redis.urls.flatMap((url, index) => urlOf(redis, url, [...path, 'urls', index])),
    ...modeOf(redis, path),
    ...secrets(redis, path),
  ]
  if (store.sealingKeyFile === undefined) {
    const text = 'must be given with store.redis: ticket keys and commands pass through it sealed'
    found.push(problem(['store', 'sealingKeyFile'], text, ['CWE-311']))
  }
  if (redis.lease < redis.timeout * 3) {
    found.push(problem([...path, 'lease'], 'must be at least three times timeout: it is renewed in between'))
  }
  return found
}

/** Never quotes the URL: it may hold a password. */
function urlOf({ mode, tls }: Redis, url: string, path: KeyPath): KeyFinding[] {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    return [problem(path, 'must be redis://host:port, or rediss://host:port for TLS')]
  }
  const found: KeyFinding[] = []
  const { protocol, username, password, pathname, search, hash } = parsed
  if (username !== '' || password !== '') {
    found.push(problem(path, 'must not hold a user or a password: use username and passwordFile'))
  }
  if (search !== '' || hash !== '' || !/^(\/([0-9]{1,5})?)?$/.test(pathname)) {
    found.push(problem(path, 'must have nothing after host and port but the number of a database'))
  } else if (mode === 'cluster' && pathname.length > 1) {
    found.push(problem(path, 'a cluster has no databases to choose from'))
  }
  const isPlain = protocol === 'redis:'
  const reach = reachOf(parsed.hostname.replace(/^\[|\]$/g, ''))
  if (isPlain && reach === 'public') {
    found.push(warning(path, 'a public address without TLS: use rediss://', ['CWE-319']))
  }
  if (isPlain && tls !== undefined)
    found.push(warning(path, 'store.redis.tls has no effect on redis:// URLs'))
  return found
}

function modeOf({ mode, urls }: Redis, path: KeyPath): KeyFinding[] {
  const found: KeyFinding[] = []
  if (mode === 'single' && urls.length > 1) {
    found.push(problem([...path, 'urls'], 'one server has one URL; say mode: sentinel or mode: cluster'))
  }
  const kinds = new Set(urls.map((url) => url.split(':', 1)[0]))
  if (kinds.size > 1) found.push(problem([...path, 'urls'], 'all of them or none must be rediss://'))
  return found
}

function secrets(redis: Redis, path: KeyPath): KeyFinding[] {
  const found: KeyFinding[] = []
  if (redis.username !== undefined && redis.passwordFile === undefined) {
    found.push(problem([...path, 'passwordFile'], 'must be given for a username'))
  }
  if ((redis.tls?.certificate === undefined) !== (redis.tls?.key === undefined)) {
    found.push(problem([...path, 'tls'], 'must have certificate and key, or neither'))
  }
  return found
}
