import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../observe/log.ts'
import { messageOf, ProxyError } from '../policy/error.ts'

/** How errors leave the API: one shape, and never a stack, a path or what a body held. */

interface Told {
  readonly status: number
  readonly error: string
  readonly message: string
}

const statusOfCode: Readonly<Record<string, number>> = {
  token_refused: 401,
  api_disabled: 403,
  charge_point_unknown: 404,
  campaign_unknown: 404,
  certificate_request_unknown: 404,
  log_unknown: 404,
  rejection_unknown: 404,
  denied_unknown: 404,
  firmware_unknown: 404,
  firmware_full: 409,
  charge_point_exists: 409,
  serial_number_taken: 409,
  not_connected: 409,
  campaign_conflict: 409,
  campaign_exists: 409,
  campaign_invalid: 422,
  key_invalid: 422,
  identity_invalid: 422,
  field_invalid: 422,
  deny_target_invalid: 422,
  certificate_unknown: 422,
  rate_limited: 429,
  too_many_streams: 503,
  too_many_operations: 503,
  closing: 503,
  replica_silent: 503,
  lease_lost: 503,
  lease_missing: 503,
}

/** Of fastify: its own texts may quote what was sent. */
const toldByFastify: Readonly<Record<string, Told>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, error: 'body_too_large', message: 'the body is too large' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    error: 'media_type',
    message: 'the body must be application/json',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: malformed('the body is empty'),
  FST_ERR_CTP_INVALID_JSON_BODY: malformed('the body is no valid JSON'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: malformed('the body does not have the length that was announced'),
  FST_ERR_BAD_URL: malformed('the path is not percent-encoded correctly'),
  FST_ERR_MAX_PARAM_LENGTH: malformed('a part of the path is too long'),
  FST_ERR_ASYNC_CONSTRAINT: malformed('the request cannot be routed'),
}

function malformed(message: string): Told {
  return { status: 400, error: 'request_invalid', message }
}

const internal: Told = {
  status: 500,
  error: 'internal',
  message: 'the proxy failed; its log says more under this requestId',
}

export function sendError(reply: FastifyReply, { status, error, message }: Told): FastifyReply {
  return reply.code(status).send({ error, message, requestId: reply.request.id })
}

export function sendNotFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendError(reply, { status: 404, error: 'not_found', message: 'there is no such path' })
}

/** The error handler of the server. */
export function errorHandler(log: Logger | null) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const told = toldOf(error)
    if (told.status >= 500 && log !== null) {
      log.error({ err: messageOf(error), requestId: request.id }, 'a request of the admin API failed')
    }
    return sendError(reply, told)
  }
}

/** What is told of an error: its status, its code, its text. */
export function toldOf(error: unknown): Told {
  if (error instanceof ProxyError) return toldByProxy(error)
  if (!(error instanceof Error)) return internal
  const { code, validation, validationContext, statusCode } = error as FastifyError
  if (validation !== undefined) {
    // Which key and which rule; the rule's text never quotes the value.
    const [first] = validation
    const unknown = first?.params.additionalProperty
    const more = typeof unknown === 'string' && validationContext === 'querystring' ? `: ${unknown}` : ''
    return malformed(
      `${validationContext}${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}${more}`,
    )
  }
  const known = toldByFastify[code]
  if (known !== undefined) return known
  // Node's parser, or a plugin: their texts are not ours, their status is.
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500
    ? malformed('the request cannot be read')
    : internal
}

function toldByProxy(error: ProxyError): Told {
  const status = statusOfCode[error.code]
  if (status !== undefined) return { status, error: error.code, message: error.message }
  // What the store says names its file; that is for the log.
  if (error.code.startsWith('store_')) {
    return { status: 503, error: error.code, message: 'the store cannot be used now; the log says more' }
  }
  return internal
}
