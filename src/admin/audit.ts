import type { FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../policy/error.ts'
import type { AdminDeps } from './deps.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the audit tells of a request; null: it came no further than its token. */
    audit: { identity: string | null; result: string } | null
  }
}

const reads: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** From here on the request is a change that is to be told, whether it succeeds or not. */
export function beginAudit(request: FastifyRequest): void {
  if (!reads.has(request.method) && !request.is404) request.audit = { identity: null, result: 'ok' }
}

/** Which charge point it is about; only an identity that was checked. */
export function auditIdentity(request: FastifyRequest, identity: string): void {
  if (request.audit !== null) request.audit.identity = identity
}

export function auditResult(request: FastifyRequest, result: string): void {
  if (request.audit !== null) request.audit.result = result
}

/**
 * Tells of a change (A00.FR.323): method, route, charge point and how it ended, never the body. Called
 * when the answer is made, because a client that went away never gets one; fulfilled when it is on
 * disk. The change has happened by then, so a store that fails does not change the answer.
 */
export async function audit(
  { noteDurably, log }: Pick<AdminDeps, 'noteDurably' | 'log'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (request.audit === null) return
  const { identity, result } = request.audit
  request.audit = null
  const { method, ip: address, id: requestId } = request
  const route = request.routeOptions.url ?? 'unknown'
  const line = { method, route, identity, result, status: reply.statusCode, address, requestId }
  log.info(line, 'admin API')
  const techInfo = `admin API: ${method} ${route}: ${result}`
  try {
    await noteDurably({ type: 'ReconfigurationOfSecurityParameters', identity, techInfo, address })
  } catch (error) {
    log.error(
      { err: messageOf(error), requestId },
      'a change through the admin API is not on disk as an event',
    )
  }
}
