import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ProxyError } from '../policy/error.ts'
import { answers } from './schemas.ts'
import type { StreamItem } from './stream.ts'

/** What the routes of live records have in common. */

const pageSize = 200

export const streamHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ maxLength: 20, description: 'Go on after this id, as a browser does by itself.' }),
  ),
})

/** The body is no JSON, and is written by LiveStreams. */
export function streamAnswers() {
  const { 200: _, ...errors } = answers(200, Type.Object({}))
  const stream = {
    description: 'Server-sent events; `data` is one item as in the list, `id` its number.',
    content: { 'text/event-stream': { schema: Type.String() } },
  }
  return { 200: stream, ...errors }
}

/** Where the reader was; null: it begins with what is new. */
export function cursorOf({ headers }: FastifyRequest, after: number | undefined): number | null {
  const last = headers['last-event-id']
  if (typeof last === 'string' && /^\d{1,15}$/.test(last)) return Number(last)
  return after ?? null
}

/**
 * The next page of a log. What a filter leaves out is passed over, so that it is not read again. Where the
 * store has lost what was there (a failover, a restored backup) and gives its ids anew, it goes on from there.
 */
export async function streamPage<Item extends { readonly id: number }>(log: {
  readonly afterId: number
  lastId(): Promise<number>
  read(limit: number): Promise<readonly Item[]>
  data(item: Item): string
}): Promise<{ readonly items: readonly StreamItem[]; readonly cursor: number }> {
  // Before the read: what comes in between is not passed over.
  const lastId = await log.lastId()
  const records = await log.read(pageSize)
  const isLost = lastId < log.afterId
  const seen = records.at(-1)?.id ?? (isLost ? lastId : log.afterId)
  return {
    items: records.map((record) => ({ id: record.id, data: log.data(record) })),
    cursor: records.length < pageSize ? Math.max(seen, lastId) : seen,
  }
}

/** Milliseconds since the epoch. Throws ProxyError `field_invalid`. */
export function instantOf(text: string): number {
  const milliseconds = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/i.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (!Number.isNaN(milliseconds)) return milliseconds
  throw new ProxyError('field_invalid', 'operator', 'since must be a time like 2026-01-31T12:00:00Z')
}
