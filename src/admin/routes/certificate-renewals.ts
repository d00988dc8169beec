import { Type } from 'typebox'
import { renewalPhases } from '../../policy/certificate-renewal.ts'
import { ProxyError } from '../../policy/error.ts'
import type { Api, ApiContext } from '../api.ts'
import { requireChargePoint } from '../charge-point-change.ts'
import { issuedSchema, issuedView, renewalSchema, renewalView } from '../renewal-view.ts'
import { answers, limit, nullableInteger, nullableText, oneOf, page, strict } from '../schemas.ts'
import { identityParams } from './charge-points.ts'
import { createOperate, operationAnswers } from './operations.ts'

const tags = ['certificates']
const path = '/charge-points/:identity/certificate'

/** Milliseconds where the request does not say it: a key is made, and an authority asked. */
const defaultTimeoutMs = 180_000
const dayMs = 86_400_000

const timeoutSeconds = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 600, description: 'For all of it; 180 unless given.' }),
)

const renewalBody = strict({
  keyType: Type.Optional(
    oneOf(['rsa', 'ec'], { description: 'A request with another type of key is answered Rejected.' }),
  ),
  setCpoName: Type.Optional(
    Type.Boolean({ description: 'Set CpoName to cpo.names[0] first, for O of the request (A02.FR.13).' }),
  ),
  reconnect: Type.Optional(
    Type.Boolean({
      description:
        'On profile 3: end the session, once no transaction is open, and wait for it with the new certificate.',
    }),
  ),
  preflight: Type.Optional(
    Type.Boolean({
      description:
        'false: the charge point is not asked for its configuration before, as test tools want it.',
    }),
  ),
  timeoutSeconds,
})

/** Certificates of charge points: asked for, on their way, and issued (A02, A03). */
export function certificateRenewalRoutes(api: Api, context: ApiContext): void {
  const { registry, renewals, operations } = context.deps
  const operate = createOperate(context)

  api.get(
    path,
    {
      schema: {
        operationId: 'getCertificate',
        summary: 'The last certificate request of the charge point, and how it stands',
        tags,
        params: identityParams,
        querystring: strict({}),
        response: answers(200, renewalSchema, 404),
      },
    },
    async ({ params: { identity } }) => {
      await requireChargePoint(registry, identity)
      const renewal = await renewals.get(identity)
      if (renewal === null) {
        const message = `${identity} has sent no certificate request`
        throw new ProxyError('certificate_request_unknown', 'operator', message)
      }
      return renewalView(renewal)
    },
  )

  api.post(
    path,
    {
      schema: {
        operationId: 'renewCertificate',
        summary: 'Has the charge point make a new key, and gives it a certificate for it (A02)',
        tags,
        params: identityParams,
        body: renewalBody,
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { timeoutSeconds, ...rest } = request.body
      const timeoutMs = timeoutSeconds === undefined ? defaultTimeoutMs : timeoutSeconds * 1000
      return operate(request, reply, request.params.identity, timeoutMs, (identity, options) =>
        operations.renewCertificate(identity, { ...options, ...rest }),
      )
    },
  )

  api.post(
    '/charge-points/:identity/v2g-certificate',
    {
      schema: {
        operationId: 'renewV2gCertificate',
        summary: 'Has the charge point ask for a new V2G certificate, and gives it one (A02, ISO 15118)',
        tags,
        params: identityParams,
        body: strict({ timeoutSeconds }),
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { timeoutSeconds } = request.body
      const timeoutMs = timeoutSeconds === undefined ? defaultTimeoutMs : timeoutSeconds * 1000
      return operate(request, reply, request.params.identity, timeoutMs, (identity, options) =>
        operations.renewV2gCertificate(identity, options),
      )
    },
  )

  listRoutes(api, context)
}

function listRoutes(api: Api, { deps }: ApiContext): void {
  const { renewals, issued, now } = deps

  api.get(
    '/certificate-requests',
    {
      schema: {
        operationId: 'listCertificateRequests',
        summary: 'The last certificate request of each charge point, in order of identity',
        tags,
        querystring: strict({
          phase: Type.Optional(oneOf(renewalPhases)),
          after: Type.Optional(Type.String({ maxLength: 255 })),
          limit: limit(),
        }),
        response: answers(200, page(renewalSchema, nullableText())),
      },
    },
    async ({ query }) => {
      const records = await renewals.list(query)
      const next = records.length < query.limit ? null : (records.at(-1)?.identity ?? null)
      return { items: records.map(renewalView), next }
    },
  )

  api.get(
    '/issued-certificates',
    {
      schema: {
        operationId: 'listIssuedCertificates',
        summary: 'Certificates that charge points were given, the newest first',
        tags,
        querystring: strict({
          identity: Type.Optional(Type.String({ maxLength: 255 })),
          revoked: Type.Optional(Type.Boolean()),
          endsWithinDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
          after: Type.Optional(Type.Integer({ description: 'Only numbers below this one.' })),
          limit: limit(),
        }),
        response: answers(200, page(issuedSchema, nullableInteger())),
      },
    },
    async ({ query: { after, endsWithinDays, ...rest } }) => {
      const records = await issued.list({
        ...rest,
        ...(after === undefined ? {} : { before: after }),
        ...(endsWithinDays === undefined ? {} : { endsBefore: now() + endsWithinDays * dayMs }),
      })
      const next = records.length < rest.limit ? null : (records.at(-1)?.number ?? null)
      return { items: records.map(issuedView), next }
    },
  )
}
