import { loadConfig } from '../../config/load.ts'
import { formatFinding } from '../../config/problem.ts'
import { readFileBounded } from '../../config/read.ts'
import type { Address, Config } from '../../config/schema.ts'
import { readSecretText } from '../../config/secrets.ts'
import { ProxyError } from '../../policy/error.ts'
import type { Shell } from '../shell.ts'

/** Where the API is, as options of a command say. */
export interface ApiOptions {
  /** The configuration that the proxy runs with: its admin.address and admin.tokenFile are used. */
  readonly config: string
  /** Instead of the configuration. */
  readonly adminUrl?: string
  readonly adminTokenFile?: string
}

export interface ApiTarget {
  readonly origin: string
  /** Null: the configuration names none, so that the proxy has no API. */
  readonly token: string | null
}

/** Throws ProxyError `usage` or `config_invalid`; no text holds the token. */
export function apiTarget(shell: Shell, options: ApiOptions): ApiTarget {
  const { adminUrl, adminTokenFile } = options
  const token = adminTokenFile === undefined ? null : readToken(adminTokenFile)
  if (adminUrl !== undefined) {
    if (token === null) throw usage('--admin-url needs --admin-token-file')
    return { origin: originOf(adminUrl), token }
  }
  const { admin } = readConfig(shell, options.config)
  return { origin: originOfAddress(admin.address), token: token ?? admin.token }
}

export function readConfig(shell: Shell, path: string): Config {
  const loaded = loadConfig(path, { env: shell.env })
  if (loaded.ok) return loaded.config
  const problems = loaded.problems.map(formatFinding).join('\n')
  throw new ProxyError(
    'config_invalid',
    'operator',
    `the configuration has problems (or name the proxy by --admin-url and --admin-token-file):\n${problems}`,
  )
}

function readToken(file: string): string {
  const read = readSecretText(file, readFileBounded)
  if (read.ok) return read.value
  throw usage(`--admin-token-file: ${read.problem}`)
}

function originOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw usage('--admin-url must be like http://127.0.0.1:9090')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.pathname !== '/') {
    throw usage('--admin-url is scheme, host and port only, like http://127.0.0.1:9090')
  }
  return url.origin
}

/** An address that listens everywhere is reached on the loopback. */
function originOfAddress({ host, port }: Address): string {
  if (port === 0) throw usage('admin.address has port 0: name the proxy by --admin-url')
  if (host === '0.0.0.0' || host === '') return `http://127.0.0.1:${port}`
  if (host === '::') return `http://[::1]:${port}`
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`
}

function usage(message: string): ProxyError {
  return new ProxyError('usage', 'operator', message)
}
