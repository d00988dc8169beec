import { randomUUID } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import { type FastifyInstance, fastify } from 'fastify'
import type { Registry } from 'prom-client'
import type { AdminConfig } from '../config/schema.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import { limitPerAddress } from './address-limit.ts'
import { type AddedApi, addApi } from './api.ts'
import { answerClientError } from './client-error.ts'
import type { AdminDeps } from './deps.ts'
import { errorHandler, sendNotFound } from './errors.ts'
import type { FleetAnswer, FleetRequest } from './fleet.ts'
import { addPki } from './pki.ts'

/** What readiness is made of; everything that is not well is named. */
export interface Health {
  /** Problems that make the proxy unfit to take connections; none: ready. */
  problems(): Promise<readonly string[]>
  /** What is worth knowing and does not stop it. */
  notes(): readonly string[]
}

const maxConnections = 1280
/** More than all operations that may wait and all live readers, which may be of one address. */
const maxPerAddress = 160
/**
 * Milliseconds in which a request's headers are there, from the moment of connecting on; looked at
 * every `checkMs`. One that keeps a connection for its next request has `idleMs` for it.
 */
const [headersMs, requestMs, idleMs, checkMs] = [5_000, 10_000, 30_000, 2_000]
/** Of /readyz and of /metrics, for one address: far more than probes and scrapers ask. */
const healthPerMinute = 3_000
/** Percent-encoding makes three characters of each byte of an identity (policy/identity.ts). */
const maxParamLength = 3 * 255
/** What requests that are under way have to end, in milliseconds. */
const closeMs = 5_000

/**
 * The admin address: /livez, /readyz and /metrics, without a token, for machines inside; with `api`
 * the admin API, too, and CRL and OCSP of the local authorities. Throws ProxyError `listen_failed`.
 */
export async function startAdmin(
  config: AdminConfig,
  registry: Registry,
  health: Health,
  api: AdminDeps | null = null,
): Promise<AdminServer> {
  const log = api?.log ?? null
  const server = fastify({
    logger: false,
    bodyLimit: 65_536,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    http: { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval: checkMs },
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void errorHandler(log)(error, request, reply),
  })
  server.server.maxConnections = maxConnections
  limitPerAddress(server.server, maxPerAddress)
  server.setErrorHandler(errorHandler(log))
  server.setNotFoundHandler(sendNotFound)
  await server.register(rateLimit, {
    global: false,
    max: config.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { after }) =>
      new ProxyError('rate_limited', 'operator', `too many requests; again in ${after}`),
  })
  const added = api === null ? null : await addApi(server, api)
  if (api !== null) await addPki(server, api.pki)
  addHealth(server, registry, health)
  const { host, port } = config.address
  try {
    await server.listen({ host, port })
  } catch (error) {
    await server.close()
    throw new ProxyError('listen_failed', 'operator', `admin on ${host}:${port}: ${messageOf(error)}`, {
      cause: error,
    })
  }
  return new AdminServer(server, added)
}

function addHealth(server: FastifyInstance, registry: Registry, health: Health): void {
  const hidden = { schema: { hide: true } }
  // Each has a count of its own, so that probes do not use up what the API allows.
  const limited = { ...hidden, config: { rateLimit: { max: healthPerMinute } } }
  server.get('/livez', hidden, () => ({ status: 'alive' }))
  server.get('/readyz', limited, async (_request, reply) => {
    const problems = await health.problems()
    return reply
      .code(problems.length === 0 ? 200 : 503)
      .send({ status: problems.length === 0 ? 'ready' : 'not ready', problems, notes: health.notes() })
  })
  server.get('/metrics', limited, async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  )
}

export class AdminServer {
  readonly #server: FastifyInstance
  readonly #api: AddedApi | null

  constructor(server: FastifyInstance, api: AddedApi | null) {
    this.#server = server
    this.#api = api
  }

  get port(): number {
    const address = this.#server.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Live readers at present. */
  get streams(): number {
    return this.#api?.streams.size ?? 0
  }

  /** Answers a request that came in at another replica, and was allowed there. */
  async answer({ method, url, body, address }: FleetRequest): Promise<FleetAnswer> {
    const answer = await this.#server.inject({
      method: method as 'GET',
      url,
      headers: { ...this.#api?.gate.headers },
      remoteAddress: address,
      ...(typeof body === 'object' && body !== null ? { payload: body } : {}),
    })
    const contentType = String(answer.headers['content-type'] ?? 'application/json')
    return { status: answer.statusCode, contentType, body: answer.body }
  }

  /** Live readers are ended, operations given up; what does not end in time is cut off. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#server.server.closeAllConnections(), closeMs)
    await this.#server.close()
    clearTimeout(timer)
  }
}
