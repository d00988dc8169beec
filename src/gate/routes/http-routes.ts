import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CentralSystemConfig } from '../../config/schema.ts'
import type { Logger } from '../../observe/log.ts'
import type { Metrics } from '../../observe/metrics.ts'
import { bodyProblem, hostProblem, matchRoute } from '../../policy/route.ts'
import { type AdmitConnectionDeps, admitConnection } from '../admit-connection.ts'
import type { GateConnection } from '../connection.ts'
import type { LivePolicy } from '../listener.ts'
import { httpView } from '../upgrade-answer.ts'
import { upstreamHeaders } from '../upstream-headers.ts'
import type { Forwarded, RouteConfig, RouteForwarder } from './forward.ts'
import { LogUploads, type LogUploadsDeps } from './log-uploads.ts'
import { findRequester } from './requester.ts'

export interface HttpRoutesDeps extends AdmitConnectionDeps {
  readonly metrics: Pick<Metrics, 'admissionDuration' | 'routeRequests' | 'routeBytes'>
  readonly log: Logger
  /** Of charge points, which upload here what they are asked for (N01). */
  readonly logs: LogUploadsDeps['archive']
}

/** Plain HTTP requests beside OCPP (`listeners[].routes`): who asks is proven first, then they go to their target. */
export class HttpRoutes {
  readonly #deps: HttpRoutesDeps
  readonly #open = new Map<ServerResponse, Promise<Forwarded>>()
  readonly #uploads: LogUploads
  #isDraining = false

  constructor(deps: HttpRoutesDeps) {
    this.#deps = deps
    this.#uploads = new LogUploads({ ...deps, archive: deps.logs })
  }

  /** Takes over with a request that is no upgrade, and ends the connection behind its answer. Rejected: nothing was answered. */
  async take(
    connection: GateConnection,
    policy: LivePolicy,
    message: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { refuser } = this.#deps
    const method = message.method ?? ''
    const unclear = hostProblem(message.headersDistinct.host?.length ?? 0, message.httpVersion)
    if (unclear !== null) return refuser.refuse(connection, 'request_malformed', unclear)
    const upload = this.#uploads.match(policy, message)
    if (upload !== null) {
      if (this.#isDraining) return refuser.refuse(connection, 'draining', 'the proxy is shutting down')
      return this.#uploads.take(connection, policy, upload, message, response)
    }
    const match = matchRoute(policy.listener.routes, method, message.url ?? '')
    switch (match.kind) {
      case 'none':
        return refuser.refuse(connection, 'request_malformed', `${method} without an upgrade`.slice(0, 100))
      case 'malformed':
        return refuser.refuse(connection, 'request_malformed', match.detail)
      case 'method': {
        const detail = `method ${method} is not allowed on this route`.slice(0, 100)
        const headers = { Allow: match.allowed.join(', ') }
        return refuser.refuse(connection, 'request_malformed', detail, { kind: 'http', status: 405 }, headers)
      }
      case 'route':
        break
      default:
        return match satisfies never
    }
    if (this.#isDraining) return refuser.refuse(connection, 'draining', 'the proxy is shutting down')
    const { route, rest } = match
    const problem = bodyProblem(message.headers, message.httpVersion)
    if (problem !== null) return refuser.refuse(connection, 'request_malformed', problem)
    if (route.authentication === 'required' && !(await this.#prove(connection, policy, message))) return
    if (connection.isOver || connection.socket.destroyed) return
    if (Number(message.headers['content-length'] ?? 0) > route.maxBodyBytes) {
      const detail = `a body of more than ${route.maxBodyBytes} bytes`
      return refuser.refuse(connection, 'request_malformed', detail, { kind: 'http', status: 413 })
    }
    await this.#forward(connection, policy, { route, rest, message, response })
  }

  /** No new requests; those under way have `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true
    const timer = setTimeout(() => {
      for (const response of this.#open.keys()) response.destroy()
    }, timeoutMs)
    await Promise.all([...this.#open.values(), this.#uploads.drain(timeoutMs)])
    clearTimeout(timer)
  }

  async #prove(connection: GateConnection, policy: LivePolicy, message: IncomingMessage): Promise<boolean> {
    const { authorization } = message.headers
    const { refuser, registry } = this.#deps
    const requester = await findRequester(connection, authorization, registry)
    if (!requester.ok) {
      refuser.refuse(connection, requester.reason, requester.detail, httpView(requester.reason, policy))
      return false
    }
    const { identity } = requester
    connection.know({ identity })
    const request = { identity, authorization, learn: false }
    const result = await admitConnection(this.#deps, connection, policy, request)
    if (result === null) return false
    if (connection.facts.entry === null && result.chargePoint?.onboarding === null) return true
    // A00.FR.806: until it has credentials of the operator's it gets nothing but these.
    const detail = 'it is in onboarding, where OCPP alone is served'
    refuser.refuse(connection, 'profile_mismatch', detail, httpView('profile_mismatch', policy))
    return false
  }

  async #forward(
    connection: GateConnection,
    policy: LivePolicy,
    {
      route,
      rest,
      message,
      response,
    }: {
      readonly route: RouteConfig
      readonly rest: string
      readonly message: IncomingMessage
      readonly response: ServerResponse
    },
  ): Promise<void> {
    const { metrics, log } = this.#deps
    const { listener, config } = policy
    const forwarder = policy.routes.get(route)
    if (forwarder === undefined) throw new TypeError(`no forwarder for route ${route.path}`)
    const headers = routeHeaders(connection, policy, route)
    const identity = connection.facts.identity?.identity ?? null
    connection.leave()
    // RFC 9110 10.1.1: whoever asks first hears now that the body is wanted.
    if (message.headers.expect !== undefined) response.writeContinue()
    const connectTimeoutMs = config.centralSystem.connectTimeout
    const ended = forwarder.forward({ message, response, rest, headers, connectTimeoutMs })
    this.#open.set(response, ended)
    const { status, sentBytes, receivedBytes, problem } = await ended
      // Behind `leave` nobody else ends the connection.
      .catch((error: unknown) => {
        response.destroy()
        throw error
      })
      .finally(() => this.#open.delete(response))
    const labels = { listener: listener.name, route: route.path }
    metrics.routeRequests.inc({ ...labels, status: String(status) })
    metrics.routeBytes.inc({ ...labels, direction: 'to_client' }, sentBytes)
    metrics.routeBytes.inc({ ...labels, direction: 'from_client' }, receivedBytes)
    const line = { ...labels, identity, method: message.method, status, sentBytes, receivedBytes, problem }
    if (problem === null) log.info(line, 'HTTP request')
    else log.warn(line, 'HTTP request failed')
  }
}

/** What the target may believe about the client; nothing that it said itself. */
function routeHeaders({ facts }: GateConnection, { listener }: LivePolicy, { headers }: RouteConfig) {
  const { identity, remote, chargePoint, tls, hello } = facts
  const values = {
    identity: identity?.identity ?? '',
    serialNumber: chargePoint?.serialNumber ?? null,
    profile: listener.securityProfile,
    certificate: null,
    remoteAddress: remote.address,
    listener: listener.name,
  }
  const origin = { secure: tls !== null, host: hello?.serverName ?? '', userAgent: undefined }
  const rules: Pick<CentralSystemConfig, 'preset' | 'headers'> = { preset: 'generic', headers }
  return upstreamHeaders(rules, values, origin, null)
}

/** The forwarders of a policy, by route. */
export type RouteForwarders = ReadonlyMap<RouteConfig, RouteForwarder>
