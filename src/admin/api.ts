import type { IncomingMessage, ServerResponse } from 'node:http'
import swagger from '@fastify/swagger'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify'
import type { Static, TSchema } from 'typebox'
import { audit, auditResult, beginAudit } from './audit.ts'
import { createTokenCheck, type TokenCheck } from './auth.ts'
import type { AdminDeps } from './deps.ts'
import { errorHandler, sendNotFound, toldOf } from './errors.ts'
import { createFleetGate, type FleetGate } from './fleet.ts'
import { openApiOf, withoutDefaults } from './openapi.ts'
import { campaignRoutes } from './routes/campaigns.ts'
import { certificateRenewalRoutes } from './routes/certificate-renewals.ts'
import { certificateRoutes } from './routes/certificates.ts'
import { chargePointCertificateRoutes } from './routes/charge-point-certificates.ts'
import { chargePointLogRoutes } from './routes/charge-point-logs.ts'
import { chargePointRoutes } from './routes/charge-points.ts'
import { deniedCertificateRoutes } from './routes/denied-certificates.ts'
import { eventRoutes } from './routes/events.ts'
import { chargePointFirmwareRoutes, firmwareRoutes } from './routes/firmware.ts'
import { operationRoutes } from './routes/operations.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { rejectionRoutes } from './routes/rejections.ts'
import { rootCertificateRoutes } from './routes/root-certificates.ts'
import { statusRoutes } from './routes/status.ts'
import { LiveStreams } from './stream.ts'

interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown
}

/** The server as the routes see it: bodies, queries and answers are typed by their schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>

export interface ApiContext {
  readonly deps: AdminDeps
  readonly streams: LiveStreams
  readonly tokens: TokenCheck
  readonly gate: FleetGate
  /** Aborted when the server closes. */
  readonly closing: AbortSignal
}

export interface AddedApi {
  readonly streams: LiveStreams
  readonly gate: FleetGate
}

/** A wrong token costs so many requests: guessing ends soon, and honest scripts are not in its way. */
const tokenFailureCost = 20

/** Adds /api/v1 and /openapi.json (design, section 11) to a server that has the rate limit. */
export async function addApi(server: FastifyInstance, deps: AdminDeps): Promise<AddedApi> {
  const closing = new AbortController()
  const context: ApiContext = {
    deps,
    streams: new LiveStreams(deps.streams),
    tokens: createTokenCheck(deps),
    gate: createFleetGate(deps.fleet),
    closing: closing.signal,
  }
  server.addHook('preClose', async () => {
    closing.abort()
    context.streams.close()
  })
  await server.register(swagger, { openapi: openApiOf(deps.version), transform: withoutDefaults })
  server.get('/openapi.json', { schema: { hide: true }, onRequest: server.rateLimit() }, () =>
    server.swagger(),
  )
  await server.register((api: Api) => addRoutes(api, context), { prefix: '/api/v1' })
  return { streams: context.streams, gate: context.gate }
}

async function addRoutes(api: Api, context: ApiContext): Promise<void> {
  const { deps, tokens, gate } = context
  const charge = api.createRateLimit()
  const [isJson, isText] = [validator(false), validator(true)]
  api.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? isJson : isText).compile(schema))
  api.removeContentTypeParser('text/plain')
  api.decorateRequest('audit', null)
  api.addHook('onRequest', api.rateLimit())
  api.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    try {
      if (!gate.isInternal(request)) tokens.check(request)
    } catch (error) {
      if (deps.token() !== null) {
        reply.header('www-authenticate', 'Bearer realm="ocpp-security-proxy"')
        for (let i = 1; i < tokenFailureCost; i++) await charge(request)
      }
      throw error
    }
    beginAudit(request)
  })
  api.addHook('preValidation', async (request) => {
    // A body that may be left out is one that says nothing.
    request.body ??= {}
  })
  api.addHook('preHandler', async (request, reply) => {
    if (await gate.forward(request, reply)) return reply
  })
  api.addHook('onSend', async (request, reply) => audit(deps, request, reply))
  const toldError = errorHandler(deps.log)
  api.setErrorHandler((error, request, reply) => {
    auditResult(request, toldOf(error).error)
    return toldError(error, request, reply)
  })
  api.setNotFoundHandler(sendNotFound)
  for (const routes of [
    statusRoutes,
    certificateRoutes,
    chargePointCertificateRoutes,
    certificateRenewalRoutes,
    deniedCertificateRoutes,
    chargePointRoutes,
    passwordRoutes,
    operationRoutes,
    firmwareRoutes,
    chargePointFirmwareRoutes,
    rootCertificateRoutes,
    chargePointLogRoutes,
    eventRoutes,
    rejectionRoutes,
    campaignRoutes,
  ]) {
    routes(api, context)
  }
}

/** Bodies are JSON and mean what they say; paths and queries are texts and are read as what is asked for. */
function validator(coerceTypes: boolean): Ajv2020 {
  const ajv = new Ajv2020({ coerceTypes, useDefaults: true, allowUnionTypes: true, strict: true })
  ajv.addFormat('date-time', true)
  return ajv
}
