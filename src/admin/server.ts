import { type FastifyInstance, fastify } from 'fastify'
import type { Registry } from 'prom-client'
import type { AdminConfig } from '../config/schema.ts'
import { messageOf, ProxyError } from '../policy/error.ts'

/** What readiness is made of; everything that is not well is named. */
export interface Health {
  /** Problems that make the proxy unfit to take connections; none: ready. */
  problems(): Promise<readonly string[]>
  /** What is worth knowing and does not stop it. */
  notes(): readonly string[]
}

/**
 * The admin address: /livez, /readyz and /metrics, without a token, for machines inside. Throws
 * ProxyError `listen_failed`.
 */
export async function startAdmin(
  config: AdminConfig,
  registry: Registry,
  health: Health,
): Promise<AdminServer> {
  const server = fastify({ logger: false, bodyLimit: 65_536, requestTimeout: 10_000 })
  server.get('/livez', () => ({ status: 'alive' }))
  server.get('/readyz', async (_request, reply) => {
    const problems = await health.problems()
    return reply
      .code(problems.length === 0 ? 200 : 503)
      .send({ status: problems.length === 0 ? 'ready' : 'not ready', problems, notes: health.notes() })
  })
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  )
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not_found' }))
  const { host, port } = config.address
  try {
    await server.listen({ host, port })
  } catch (error) {
    throw new ProxyError('listen_failed', 'operator', `admin on ${host}:${port}: ${messageOf(error)}`, {
      cause: error,
    })
  }
  return new AdminServer(server)
}

export class AdminServer {
  readonly #server: FastifyInstance

  constructor(server: FastifyInstance) {
    this.#server = server
  }

  get port(): number {
    const address = this.#server.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async close(): Promise<void> {
    await this.#server.close()
  }
}
