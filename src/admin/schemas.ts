import { type Static, type TInteger, type TSchema, type TString, Type } from 'typebox'
import type { SecurityProfile } from '../policy/facts.ts'

/** The words that the schemas of the API are made of: one source of types, checks and OpenAPI. */

export function nullableText(options: object = {}) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })
}

export function nullableInteger(options: object = {}) {
  return Type.Unsafe<number | null>({ type: ['integer', 'null'], ...options })
}

export function nullableBoolean(options: object = {}) {
  return Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], ...options })
}

/** An object, or nothing. */
export function nullableObject<Schema extends TSchema>(schema: Schema) {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: ['object', 'null'] })
}

export function oneOf<const Value extends string>(values: readonly Value[], options: object = {}) {
  return Type.Unsafe<Value>({ type: 'string', enum: [...values], ...options })
}

export const profile = Type.Unsafe<SecurityProfile>({ type: 'integer', minimum: 0, maximum: 3 })

export const nullableProfile = Type.Unsafe<SecurityProfile | null>({
  type: ['integer', 'null'],
  minimum: 0,
  maximum: 3,
})

/** A time in answers, RFC 3339 in UTC. */
export function time(): TString {
  return Type.String({ format: 'date-time' })
}

export function nullableTime() {
  return nullableText({ format: 'date-time' })
}

export function iso(milliseconds: number): string {
  const date = new Date(milliseconds)
  // A damaged record must not take the whole list with it.
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
}

export function isoOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : iso(milliseconds)
}

/** A body or query: what it does not know is refused, so that nothing is meant and not done. */
export function strict<Properties extends Record<string, TSchema>>(
  properties: Properties,
  options: object = {},
) {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

export function limit(maximum = 1000): TInteger {
  return Type.Integer({ minimum: 1, maximum, default: 100, description: 'At most so many items.' })
}

/** Every collection. `next`: what `after` must be for the next page; null: there is none now. */
export function page<Item extends TSchema, Next extends TSchema>(item: Item, next: Next) {
  return Type.Object({ items: Type.Array(item), next })
}

/** What every error looks like. */
export const errorSchema = Type.Object({
  error: Type.String({ description: 'Stable, for programs.' }),
  message: Type.String({ description: 'For people.' }),
  requestId: Type.String({ description: 'Stands in the log of the proxy, too.' }),
})

const errorTexts: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  401: 'No token, or not the right one.',
  403: 'The proxy has no token configured (admin.tokenFile), and therefore no API.',
  404: 'There is no such thing.',
  409: 'It does not fit the present state.',
  413: 'The body is too large.',
  415: 'The body is no JSON.',
  422: 'It is well-formed, and makes no sense.',
  429: 'Too many requests; see Retry-After.',
  500: 'A failure of the proxy; its log says more under this requestId.',
  503: 'The store cannot be used now, the proxy is shutting down, or too much is going on.',
}

/** The answers of an operation: what it returns, and the errors that it may give beside the usual ones. */
export function answers<Success extends TSchema>(
  status: 200 | 201,
  success: Success,
  ...errors: (404 | 409 | 413 | 415 | 422)[]
) {
  const failures = [400, 401, 403, 429, 500, 503, ...errors].map((code) => [
    code,
    { ...errorSchema, description: errorTexts[code] ?? '' },
  ])
  return { [status]: success, ...(Object.fromEntries(failures) as Record<number, typeof errorSchema>) }
}
