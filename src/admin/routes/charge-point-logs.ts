import { Type } from 'typebox'
import { logTypes, maxRemoteLocation, remoteLocationProblem } from '../../policy/charge-point-log.ts'
import { ProxyError } from '../../policy/error.ts'
import type { Api, ApiContext } from '../api.ts'
import { requireChargePoint } from '../charge-point-change.ts'
import { chargePointLogSchema, chargePointLogView } from '../charge-point-log-view.ts'
import { answers, oneOf, strict } from '../schemas.ts'
import { identityParams } from './charge-points.ts'
import { createOperate, operationAnswers } from './operations.ts'

const tags = ['operations']
const path = '/charge-points/:identity/logs'

/** Milliseconds where the request does not say it: logs are large, and lines slow. */
const defaultTimeoutMs = 300_000

const timeText = Type.Optional(
  Type.String({ maxLength: 40, format: 'date-time', description: 'Entries of this time; RFC 3339.' }),
)

/** Logs of a charge point (N01). */
export function chargePointLogRoutes(api: Api, context: ApiContext): void {
  const { operations, registry, logs } = context.deps
  const operate = createOperate(context)

  api.post(
    path,
    {
      schema: {
        operationId: 'getLog',
        summary: 'Asks the charge point for a log, and waits for its upload (N01)',
        tags,
        params: identityParams,
        body: strict({
          logType: oneOf(logTypes),
          location: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: maxRemoteLocation,
              description: 'URL that the charge point uploads to; left out: to the proxy, which keeps it.',
            }),
          ),
          from: timeText,
          to: timeText,
          retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
          retryInterval: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds.' }),
          ),
          wait: Type.Optional(
            Type.Boolean({ description: 'false: its answer is enough, and the upload comes later.' }),
          ),
          timeoutSeconds: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 600, description: 'For all of it; 300 unless given.' }),
          ),
        }),
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { logType, location, from, to, retries, retryInterval, wait, timeoutSeconds } = request.body
      const asked = {
        logType,
        ...locationOf(location),
        ...timeOf('from', from),
        ...timeOf('to', to),
        ...(retries === undefined ? {} : { retries }),
        ...(retryInterval === undefined ? {} : { retryInterval }),
        ...(wait === undefined ? {} : { wait }),
      }
      if (asked.from !== undefined && asked.to !== undefined && asked.from > asked.to)
        throw new ProxyError('field_invalid', 'operator', 'from is later than to')
      const timeoutMs = timeoutSeconds === undefined ? defaultTimeoutMs : timeoutSeconds * 1000
      return operate(request, reply, request.params.identity, timeoutMs, (identity, options) =>
        operations.getLog(identity, { ...options, ...asked }),
      )
    },
  )

  api.get(
    path,
    {
      schema: {
        operationId: 'listLogs',
        summary: 'The logs that the charge point was asked for, the newest first (N01)',
        tags,
        params: identityParams,
        querystring: strict({}),
        response: answers(200, Type.Object({ items: Type.Array(chargePointLogSchema) }), 404),
      },
    },
    async ({ params: { identity } }) => {
      await requireChargePoint(registry, identity)
      return { items: ((await logs?.list(identity)) ?? []).map(chargePointLogView) }
    },
  )

  api.get(
    `${path}/:id/content`,
    {
      schema: {
        operationId: 'downloadLog',
        summary: 'A log as the charge point has uploaded it',
        tags,
        params: Type.Object({ ...identityParams.properties, id: Type.String({ maxLength: 40 }) }),
        querystring: strict({}),
        response: answers(200, Type.Unsafe<unknown>({ description: 'Its bytes.' }), 404),
      },
    },
    async ({ params: { identity, id } }, reply) => {
      await requireChargePoint(registry, identity)
      const found = (await logs?.open(identity, id)) ?? null
      if (found === null)
        throw new ProxyError('log_unknown', 'operator', `${identity} has uploaded no such log`)
      const { upload } = found.record
      // What a charge point has sent is nothing that a browser should open.
      return reply
        .header('content-type', 'application/octet-stream')
        .header('content-disposition', `attachment; filename="${id}.log"`)
        .header('content-length', upload?.bytes ?? 0)
        .send(found.body)
    },
  )
}

/** Throws ProxyError `field_invalid`. */
function locationOf(location: string | undefined): { location?: string } {
  if (location === undefined) return {}
  const problem = remoteLocationProblem(location)
  if (problem !== null) throw new ProxyError('field_invalid', 'operator', `location: ${problem}`)
  return { location }
}

/** Throws ProxyError `field_invalid`. */
function timeOf<Name extends 'from' | 'to'>(
  name: Name,
  text: string | undefined,
): { [Key in Name]?: number } {
  if (text === undefined) return {}
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new ProxyError('field_invalid', 'operator', `${name} is no time of RFC 3339`)
  return { [name]: at } as { [Key in Name]?: number }
}
