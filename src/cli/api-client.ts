import type { Command } from 'commander'
import { ProxyError } from '../policy/error.ts'
import type { OperationFailure, OperationOutcome } from '../usecases/operation/operation.ts'
import { download } from './api-client/download.ts'
import { type ApiAnswer, exchange, type Method } from './api-client/exchange.ts'
import { withProgress } from './api-client/progress.ts'
import { type ApiOptions, apiTarget } from './api-client/target.ts'
import { printable } from './output.ts'
import type { Shell } from './shell.ts'

export type { Method } from './api-client/exchange.ts'
export type { ApiOptions } from './api-client/target.ts'

export interface CallOptions {
  /** Milliseconds; 30 seconds unless told. */
  readonly timeoutMs?: number
  /** What is shown on a terminal while it lasts, such as 'rotating the password of CP1'. */
  readonly doing?: string
}

/** The admin API of a proxy, for commands. */
export interface ApiClient {
  /** Scheme, host and port. */
  readonly origin: string
  /** False: the configuration names no token, so that the proxy has no API. */
  readonly hasToken: boolean
  /**
   * Is a proxy alive there? Needs no token. Throws ProxyError `api_foreign` when somebody else
   * listens, `api_unreachable` when nobody can tell.
   */
  isRunning(): Promise<boolean>
  /**
   * The JSON of a 2xx answer; `path` begins behind /api/v1. Throws ProxyError: `no_proxy` (nobody
   * listens there), `api_unreachable`, `api_foreign`, or the code and message of the API's own error.
   */
  call(method: Method, path: string, body?: unknown, options?: CallOptions): Promise<unknown>
  /** Writes the bytes of a 2xx answer to a new file; how many there were. Throws as `call`, and when the file cannot be written. */
  download(path: string, file: string): Promise<number>
  /** The same for an operation on a charge point: how it ended is a result here, not an error. */
  operate(path: string, body: unknown, options?: CallOptions): Promise<OperationOutcome>
}

const defaultTimeoutMs = 30_000

/** Adds the options that say where the API is. */
export function withApiOptions(command: Command): Command {
  return command
    .option(
      '--admin-url <url>',
      'the running proxy, such as http://127.0.0.1:9090, instead of a configuration',
    )
    .option('--admin-token-file <file>', 'file with the token of its admin API')
}

/** Throws ProxyError `usage` or `config_invalid`. */
export function apiClient(shell: Shell, options: ApiOptions): ApiClient {
  const { origin, token } = apiTarget(shell, options)

  const send = (method: Method, path: string, body: unknown, { timeoutMs, doing }: CallOptions) =>
    withProgress(
      shell,
      doing ?? `waiting for ${origin}`,
      exchange({
        method,
        url: new URL(`/api/v1${path}`, origin),
        token,
        ...(body === undefined ? {} : { body }),
        timeoutMs: timeoutMs ?? defaultTimeoutMs,
      }),
    )

  return {
    origin,
    hasToken: token !== null,
    async isRunning() {
      try {
        const url = new URL('/livez', origin)
        const { status, body } = await exchange({ method: 'GET', url, token: null, timeoutMs: 5_000 })
        if (status === 200 && isRecord(body) && body.status === 'alive') return true
      } catch (error) {
        if (error instanceof ProxyError && error.code === 'no_proxy') return false
        throw error
      }
      throw foreign(origin)
    },
    async call(method, path, body, options = {}) {
      const answer = await send(method, path, body, options)
      if (answer.status >= 200 && answer.status < 300) return answer.body
      throw errorOf(answer, origin)
    },
    async download(path, file) {
      const url = new URL(`/api/v1${path}`, origin)
      const got = await withProgress(shell, `downloading to ${file}`, download({ url, token, file }))
      if (typeof got === 'number') return got
      throw errorOf(got, origin)
    },
    async operate(path, body, options = {}) {
      const answer = await send('POST', path, body, options)
      const outcome = outcomeOf(answer)
      if (outcome !== null) return outcome
      throw errorOf(answer, origin)
    },
  }
}

/** One call; as `ApiClient.call`. */
export function callApi(
  shell: Shell,
  options: ApiOptions,
  method: Method,
  path: string,
  body?: unknown,
  call?: CallOptions,
): Promise<unknown> {
  return apiClient(shell, options).call(method, path, body, call)
}

/** The path of a charge point: its identity, percent-encoded once. */
export function chargePointPath(identity: string, rest = ''): string {
  return `/charge-points/${encodeURIComponent(identity)}${rest}`
}

function outcomeOf({ body }: ApiAnswer): OperationOutcome | null {
  if (!isRecord(body)) return null
  const { ok, code, detail } = body
  if (typeof detail !== 'string') return null
  if (ok === true) return { ok, detail }
  return ok === false && typeof code === 'string' ? { ok, code: code as OperationFailure, detail } : null
}

function errorOf({ status, body }: ApiAnswer, origin: string): ProxyError {
  if (!isRecord(body)) return foreign(origin)
  const { error, message } = body
  if (typeof error !== 'string' || typeof message !== 'string') return foreign(origin)
  const hint = status === 401 ? ' (the token is that of admin.tokenFile, as the proxy read it last)' : ''
  return new ProxyError(error, 'operator', `${printable(message)}${hint}`)
}

function foreign(origin: string): ProxyError {
  return new ProxyError('api_foreign', 'operator', `${origin} answers, but is no ocpp-security-proxy`)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
