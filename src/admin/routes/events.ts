import { type Static, Type } from 'typebox'
import { messageOf } from '../../policy/error.ts'
import type { SecurityEventQuery, SecurityEventRecord } from '../../store/store.ts'
import type { Api, ApiContext } from '../api.ts'
import { answers, iso, limit, nullableInteger, nullableText, oneOf, page, strict, time } from '../schemas.ts'
import { cursorOf, instantOf, streamAnswers, streamHeaders, streamPage } from '../stream-route.ts'

const tags = ['security-events']

const eventSchema = Type.Object({
  id: Type.Integer(),
  at: time(),
  origin: oneOf(['charge-point', 'proxy']),
  type: Type.String(),
  identity: nullableText(),
  timestamp: Type.String({ description: 'When it happened, as its origin says.' }),
  techInfo: nullableText(),
  reason: nullableText({ description: 'Of a refusal (docs/reasons.md).' }),
  listener: nullableText(),
  address: nullableText(),
})

const filters = {
  identity: Type.Optional(Type.String({ maxLength: 255 })),
  type: Type.Optional(Type.String({ maxLength: 50 })),
  origin: Type.Optional(oneOf(['charge-point', 'proxy'])),
}

const query = strict({
  ...filters,
  since: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339; stored at or after.' })),
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'Only greater ids, oldest first; 0: from the start. Without it: the newest first, one page.',
    }),
  ),
  limit: limit(),
})

const streamQuery = strict({ ...filters, after: Type.Optional(Type.Integer({ minimum: 0 })) })

/** One object, so that fastify compiles it once. */
const streamed: { [key: string]: unknown } = { ...eventSchema }

export function eventView(record: SecurityEventRecord): Static<typeof eventSchema> {
  const { id, at, origin, type, identity, timestamp, techInfo, reason, listener, address } = record
  return { id, at: iso(at), origin, type, identity, timestamp, techInfo, reason, listener, address }
}

/** The security log: what charge points reported (A04), and what the proxy found or did. */
export function eventRoutes(api: Api, context: ApiContext): void {
  const { events, stored } = context.deps

  api.get(
    '/security-events',
    {
      schema: {
        operationId: 'listSecurityEvents',
        summary: 'Security events',
        tags,
        querystring: query,
        response: answers(200, page(eventSchema, nullableInteger())),
      },
    },
    async ({ query }) => {
      const { after, limit, since } = query
      const records = await events.list({
        ...filterOf(query),
        ...(since === undefined ? {} : { since: instantOf(since) }),
        ...(after === undefined ? {} : { afterId: after }),
        limit,
      })
      const next = after === undefined || records.length < limit ? null : (records.at(-1)?.id ?? null)
      return { items: records.map(eventView), next }
    },
  )

  api.get(
    '/security-events/stream',
    {
      schema: {
        operationId: 'streamSecurityEvents',
        summary: 'New security events as they come (server-sent events)',
        tags,
        querystring: streamQuery,
        headers: streamHeaders,
        response: streamAnswers(),
      },
    },
    async (request, reply) => {
      const { streams, tokens, deps } = context
      streams.checkRoom()
      const filter = filterOf(request.query)
      const serialize = reply.compileSerializationSchema(streamed)
      const first = cursorOf(request, request.query.after) ?? (await events.lastId())
      reply.hijack()
      const source = {
        event: 'security-event',
        next: (afterId: number) =>
          streamPage({
            lastId: () => events.lastId(),
            read: (limit) => events.list({ ...filter, afterId, limit }),
            data: (record) => serialize(eventView(record)),
            afterId,
          }),
        subscribe: stored.events,
        isAllowed: () => tokens.stillHolds(request),
      }
      await streams.run(reply.raw, source, first, (error) =>
        deps.log.error({ err: messageOf(error) }, 'a live reader failed'),
      )
    },
  )
}

function filterOf({
  identity,
  type,
  origin,
}: Static<typeof streamQuery>): Pick<SecurityEventQuery, 'identity' | 'type' | 'origin'> {
  return {
    ...(identity === undefined ? {} : { identity }),
    ...(type === undefined ? {} : { type }),
    ...(origin === undefined ? {} : { origin }),
  }
}
