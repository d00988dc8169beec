import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../policy/error.ts'

/** A request to the admin API on its way to the replica that can answer it. */
export interface FleetRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** JSON; left out for reads. */
  readonly body?: unknown
  /** Of whoever asked. */
  readonly address: string
}

export interface FleetAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** The other replicas, as the admin API needs them. */
export interface AdminFleet {
  /** The name of this replica. */
  readonly self: string
  /** The replica that has the session of this charge point; null: this one, or none. */
  replicaOf(identity: string): string | null
  /** The replica that runs campaigns; null: this one, or nobody at present. */
  leader(): Promise<string | null>
  /** Throws ProxyError. */
  ask(replica: string, request: FleetRequest): Promise<FleetAnswer>
}

const header = 'x-ocpp-security-proxy-replica'

/**
 * What came in at another replica has shown its token there. It is told from others by a number that
 * only this process knows.
 */
export interface FleetGate {
  /** Headers of a request of another replica. */
  readonly headers: Readonly<Record<string, string>>
  isInternal(request: FastifyRequest): boolean
  /** Answers it by the replica that it is for; false: that is this one. */
  forward(request: FastifyRequest, reply: FastifyReply): Promise<boolean>
}

export function createFleetGate(fleet: AdminFleet | undefined): FleetGate {
  const nonce = randomBytes(32).toString('hex')

  function isInternal({ headers }: FastifyRequest): boolean {
    const given = Buffer.from(String(headers[header] ?? ''))
    return given.length === nonce.length && timingSafeEqual(given, Buffer.from(nonce))
  }

  async function targetOf({ params, routeOptions }: FastifyRequest): Promise<string | null> {
    if (fleet === undefined) return null
    const { identity } = (params ?? {}) as { identity?: unknown }
    if (typeof identity === 'string') return fleet.replicaOf(identity)
    return /\/campaigns(\/|$)/.test(routeOptions.url ?? '') ? fleet.leader() : null
  }

  return {
    headers: { [header]: nonce },
    isInternal,

    async forward(request, reply) {
      if (fleet === undefined || isInternal(request)) return false
      const target = await targetOf(request)
      if (target === null) return false
      // The replica that does it tells of it.
      request.audit = null
      const { method, url, body, ip: address } = request
      const asked: FleetRequest = { method, url, address, ...(method === 'GET' ? {} : { body }) }
      const answer = await askOf(fleet, target, asked)
      reply.code(answer.status).header('content-type', answer.contentType).serializer(asItIs)
      await reply.send(answer.body)
      return true
    },
  }
}

const asItIs = (text: unknown) => String(text)

async function askOf(fleet: AdminFleet, target: string, request: FleetRequest): Promise<FleetAnswer> {
  try {
    return await fleet.ask(target, request)
  } catch (cause) {
    const text = 'the replica that has this does not answer; ask again when its lease is over'
    throw new ProxyError('replica_silent', 'proxy', text, { cause })
  }
}
