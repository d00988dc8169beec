import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ChargePointLogsConfig, Config } from '../../config/schema.ts'
import type { Logger } from '../../observe/log.ts'
import type { Metrics } from '../../observe/metrics.ts'
import { matchUpload, type UploadTarget } from '../../policy/charge-point-log.ts'
import { bodyProblem } from '../../policy/route.ts'
import type { LogArchive, LogClaim } from '../../store/store.ts'
import type { GateConnection } from '../connection.ts'
import type { LivePolicy } from '../listener.ts'
import type { Refuser } from '../refuser.ts'
import { receiveLog } from './receive-log.ts'

export interface LogUploadsDeps {
  readonly refuser: Refuser
  readonly metrics: Pick<Metrics, 'routeRequests' | 'routeBytes'>
  readonly log: Logger
  /** null: no logs are kept. */
  readonly archive: Pick<LogArchive, 'claim'> | null
}

/** A request that is about an upload, or looks like it. */
export type UploadRequest = Exclude<UploadTarget, { readonly kind: 'none' }>

const allowed = ['PUT', 'POST']

/**
 * Where charge points upload their logs (N01; edition 4: by PUT and by POST). The one-time token in the URL
 * is the proof, on every listener alike: their upload clients have neither password nor certificate.
 */
export class LogUploads {
  readonly #deps: LogUploadsDeps
  readonly #open = new Map<ServerResponse, Promise<unknown>>()
  readonly #paths = new WeakMap<Config, readonly string[]>()

  constructor(deps: LogUploadsDeps) {
    this.#deps = deps
  }

  /** null: the request is about something else. */
  match({ config }: LivePolicy, message: IncomingMessage): UploadRequest | null {
    if (this.#deps.archive === null || config.chargePointLogs === undefined) return null
    const target = matchUpload(this.#pathsOf(config), message.url ?? '')
    return target.kind === 'none' ? null : target
  }

  /** Read once for each configuration: whoever floods a port with requests must not have URLs parsed for each. */
  #pathsOf(config: Config): readonly string[] {
    const known = this.#paths.get(config)
    if (known !== undefined) return known
    // A charge point of one listener may be sent to the port of another.
    const paths = config.listeners.flatMap(({ logUploadUrl }) =>
      logUploadUrl === undefined ? [] : [new URL(logUploadUrl).pathname.replace(/\/+$/, '')],
    )
    this.#paths.set(config, paths)
    return paths
  }

  /** Takes over with a request that `match` has known. Rejected: nothing was answered. */
  async take(
    connection: GateConnection,
    { config }: LivePolicy,
    target: UploadRequest,
    message: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const settings = config.chargePointLogs
    const { archive } = this.#deps
    if (archive === null || settings === undefined) throw new TypeError('no logs are kept')
    if (target.kind === 'malformed') return this.#refuse(connection, 400, target.detail)
    if (!allowed.includes(message.method ?? ''))
      return this.#refuse(connection, 405, 'a log is uploaded by PUT or POST', { Allow: allowed.join(', ') })
    const problem = bodyProblem(message.headers, message.httpVersion)
    if (problem !== null) return this.#refuse(connection, 400, problem)
    // RFC 9110 14.5: part of a file must not be taken for all of it.
    if (message.headers['content-range'] !== undefined)
      return this.#refuse(connection, 400, 'a log is uploaded in one piece')
    const claim = target.kind === 'unknown' ? null : await archive.claim(target.token)
    if (claim === null) return this.#refuse(connection, 404, 'no log is awaited at this URL')
    if (claim === 'busy') return this.#refuse(connection, 409, 'an upload to this URL is under way')
    if (claim === 'full') return this.#refuse(connection, 507, 'the room for logs is used up')
    if (connection.isOver || connection.socket.destroyed) return claim.release()
    if (Number(message.headers['content-length'] ?? 0) > settings.maxBytes) {
      await claim.release()
      return this.#refuse(connection, 413, `a log of more than ${settings.maxBytes} bytes`)
    }
    connection.leave()
    const receiving = this.#receive(connection, settings, { claim, path: target.path, message, response })
    this.#open.set(response, receiving)
    await receiving.finally(() => this.#open.delete(response))
  }

  /** Those under way have `timeoutMs`; the caller lets no new ones come. */
  async drain(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => {
      for (const response of this.#open.keys()) response.destroy()
    }, timeoutMs)
    await Promise.allSettled(this.#open.values())
    clearTimeout(timer)
  }

  async #receive(
    { listener }: GateConnection,
    settings: ChargePointLogsConfig,
    upload: {
      readonly claim: LogClaim
      readonly path: string
      readonly message: IncomingMessage
      readonly response: ServerResponse
    },
  ): Promise<void> {
    const { claim, path, message, response } = upload
    const { metrics, log } = this.#deps
    const { status, bytes, problem } = await receiveLog(message, response, claim, settings)
    const labels = { listener: listener.name, route: path }
    metrics.routeRequests.inc({ ...labels, status: String(status) })
    metrics.routeBytes.inc({ ...labels, direction: 'from_client' }, bytes)
    const { identity, requestId, logType } = claim.record
    const line = { ...labels, identity, requestId, logType, status, bytes, problem }
    if (problem === null) log.info(line, 'log of a charge point stored')
    else log.warn(line, 'upload of a log failed')
  }

  #refuse(
    connection: GateConnection,
    status: number,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.#deps.refuser.refuse(connection, 'request_malformed', detail, { kind: 'http', status }, headers)
  }
}
