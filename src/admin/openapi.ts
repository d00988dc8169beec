import type { FastifySchema } from 'fastify'

/** The OpenAPI document without its paths, which come from the routes. */
export function openApiOf(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'ocpp-security-proxy',
      description:
        'Administration of the proxy: charge points, passwords, profiles, campaigns, events and refusals.',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'status', description: 'The proxy and its certificates' },
      { name: 'charge-points', description: 'The registry' },
      { name: 'certificates', description: 'Those of charge points, and the deny list' },
      { name: 'operations', description: 'What is asked of a charge point' },
      { name: 'security-events', description: 'The security log (A04)' },
      { name: 'rejections', description: 'Who was refused, and why' },
      { name: 'firmware', description: 'Signed firmware: the catalogue (L01)' },
      { name: 'campaigns', description: 'One change over many charge points' },
      { name: 'certificates', description: 'Certificates of charge points: requested, issued, refused' },
    ],
    components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
    security: [{ token: [] }],
  }
}

/** What has a default may be left out; the schemas have it as required, because it is filled in. */
export function withoutDefaults<Schema extends FastifySchema>({
  schema,
  url,
}: {
  readonly schema: Schema
  readonly url: string
}): { schema: Schema; url: string } {
  const { body, querystring } = schema
  return {
    schema: {
      ...schema,
      ...(body === undefined ? {} : { body: withoutRequired(body) }),
      ...(querystring === undefined ? {} : { querystring: withoutRequired(querystring) }),
    },
    url,
  }
}

function withoutRequired(schema: unknown): unknown {
  const { required, ...rest } = schema as {
    readonly required?: readonly string[]
    readonly properties?: Readonly<Record<string, { readonly default?: unknown }>>
  }
  const still = required?.filter((name) => rest.properties?.[name]?.default === undefined) ?? []
  return still.length === 0 ? rest : { ...rest, required: still }
}
