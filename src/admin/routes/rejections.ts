import { type Static, Type } from 'typebox'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { hintFor } from '../../policy/hints.ts'
import { type ReasonCode, reasonCodes } from '../../policy/reasons.ts'
import type { RejectionQuery, RejectionRecord } from '../../store/store.ts'
import type { Api, ApiContext } from '../api.ts'
import {
  answers,
  iso,
  limit,
  nullableInteger,
  nullableText,
  oneOf,
  page,
  profile,
  strict,
  time,
} from '../schemas.ts'
import { cursorOf, instantOf, streamAnswers, streamHeaders, streamPage } from '../stream-route.ts'

const tags = ['rejections']

const rejectionSchema = Type.Object({
  id: Type.Integer(),
  at: time(),
  reason: Type.String({ description: 'docs/reasons.md' }),
  stage: Type.String(),
  mode: Type.String({ description: 'enforce: refused. report: found, and admitted.' }),
  event: nullableText({ description: 'The type of its security event.' }),
  listener: Type.String(),
  profile,
  address: Type.String(),
  port: Type.Integer(),
  identity: nullableText(),
  detail: Type.String(),
  count: Type.Integer({ description: 'Refusals of this record: of strangers, those of a minute are one.' }),
  hint: Type.String({ description: 'What can be done about it.' }),
  facts: Type.Object({}, { additionalProperties: true, description: 'What was seen of the connection.' }),
})

const summarySchema = Type.Object({
  reason: Type.String(),
  mode: Type.String(),
  count: Type.Integer(),
  lastAt: time(),
})

const since = Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339; at or after.' }))

const filters = {
  identity: Type.Optional(Type.String({ maxLength: 255 })),
  address: Type.Optional(Type.String({ maxLength: 64 })),
  reason: Type.Optional(oneOf(reasonCodes)),
}

const query = strict({
  ...filters,
  since,
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

function rejectionView(record: RejectionRecord): Static<typeof rejectionSchema> {
  return { ...record, at: iso(record.at), hint: hintFor(record) }
}

/** One object, so that fastify compiles it once. */
const streamed: { [key: string]: unknown } = { ...rejectionSchema }

/** Who was refused, why, and what can be done about it. */
export function rejectionRoutes(api: Api, context: ApiContext): void {
  const { rejections } = context.deps

  api.get(
    '/rejections',
    {
      schema: {
        operationId: 'listRejections',
        summary: 'Refusals',
        tags,
        querystring: query,
        response: answers(200, page(rejectionSchema, nullableInteger())),
      },
    },
    async ({ query }) => {
      const { after, limit, since } = query
      const records = await rejections.list({
        ...filterOf(query),
        ...(since === undefined ? {} : { since: instantOf(since) }),
        ...(after === undefined ? {} : { afterId: after }),
        limit,
      })
      const next = after === undefined || records.length < limit ? null : (records.at(-1)?.id ?? null)
      return { items: records.map(rejectionView), next }
    },
  )

  api.get(
    '/rejections/summary',
    {
      schema: {
        operationId: 'countRejections',
        summary: 'Refusals by reason',
        tags,
        querystring: strict({ since }),
        response: answers(200, page(summarySchema, nullableText())),
      },
    },
    async ({ query: { since } }) => {
      const counts = await rejections.summary(since === undefined ? 0 : instantOf(since))
      return { items: counts.map((count) => ({ ...count, lastAt: iso(count.lastAt) })), next: null }
    },
  )

  api.get(
    '/rejections/:id',
    {
      schema: {
        operationId: 'getRejection',
        summary: 'One refusal',
        tags,
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        response: answers(200, rejectionSchema, 404),
      },
    },
    async ({ params: { id } }) => {
      const [record] = await rejections.list({ afterId: id - 1, limit: 1 })
      if (record?.id === id) return rejectionView(record)
      throw new ProxyError('rejection_unknown', 'operator', `there is no refusal ${id}, or no longer`)
    },
  )

  streamRoute(api, context)
}

function streamRoute(api: Api, { deps, streams, tokens }: ApiContext): void {
  const { rejections, stored, log } = deps
  const lastId = async () => (await rejections.list({ limit: 1 }))[0]?.id ?? 0

  api.get(
    '/rejections/stream',
    {
      schema: {
        operationId: 'streamRejections',
        summary: 'Refusals as they happen (server-sent events)',
        tags,
        querystring: streamQuery,
        headers: streamHeaders,
        response: streamAnswers(),
      },
    },
    async (request, reply) => {
      streams.checkRoom()
      const filter = filterOf(request.query)
      const serialize = reply.compileSerializationSchema(streamed)
      const first = cursorOf(request, request.query.after) ?? (await lastId())
      reply.hijack()
      const source = {
        event: 'rejection',
        next: (afterId: number) =>
          streamPage({
            lastId,
            read: (limit) => rejections.list({ ...filter, afterId, limit }),
            data: (record) => serialize(rejectionView(record)),
            afterId,
          }),
        subscribe: stored.rejections,
        isAllowed: () => tokens.stillHolds(request),
      }
      await streams.run(reply.raw, source, first, (error) =>
        log.error({ err: messageOf(error) }, 'a live reader failed'),
      )
    },
  )
}

function filterOf({
  identity,
  address,
  reason,
}: Static<typeof streamQuery>): Pick<RejectionQuery, 'identity' | 'address' | 'reason'> {
  const code: ReasonCode | undefined = reason
  return {
    ...(identity === undefined ? {} : { identity }),
    ...(address === undefined ? {} : { address }),
    ...(code === undefined ? {} : { reason: code }),
  }
}
