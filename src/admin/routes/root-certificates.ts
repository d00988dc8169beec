import { Type } from 'typebox'
import { ProxyError } from '../../policy/error.ts'
import type { RootSelector } from '../../policy/root-certificate.ts'
import type { Api, ApiContext } from '../api.ts'
import { requireChargePoint } from '../charge-point-change.ts'
import {
  certificateType,
  hashDataRequest,
  rootCertificatesSchema,
  rootCertificatesView,
} from '../root-certificate-view.ts'
import { answers, strict } from '../schemas.ts'
import { identityParams } from './charge-points.ts'
import { createOperate, operationAnswers } from './operations.ts'

const tags = ['operations']
const path = '/charge-points/:identity/root-certificates'

/** Milliseconds where the request does not say it: a few messages, without a reconnection. */
const defaultTimeoutMs = 120_000

const timeoutSeconds = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 600, description: 'For all of it; 120 unless given.' }),
)

const pem = Type.String({ minLength: 1, maxLength: 16_384, description: 'One certificate in PEM.' })

const preflight = Type.Optional(
  Type.Boolean({
    description:
      'false: the charge point is not asked before for what it holds and how it is configured, as test tools want it.',
  }),
)

/** Root certificates of a charge point (M03 to M05). */
export function rootCertificateRoutes(api: Api, context: ApiContext): void {
  const { registry, roots, operations } = context.deps
  const operate = createOperate(context)
  const timeoutOf = (seconds: number | undefined) =>
    seconds === undefined ? defaultTimeoutMs : seconds * 1000

  api.get(
    path,
    {
      schema: {
        operationId: 'getRootCertificates',
        summary: 'The root certificates of the charge point, as it told of them last (M03)',
        tags,
        params: identityParams,
        querystring: strict({}),
        response: answers(200, rootCertificatesSchema, 404),
      },
    },
    async ({ params: { identity } }) => {
      await requireChargePoint(registry, identity)
      return rootCertificatesView(identity, await roots.inventory(identity), await roots.known())
    },
  )

  api.post(
    `${path}/refresh`,
    {
      schema: {
        operationId: 'listRootCertificates',
        summary: 'Asks the charge point for its root certificates (M03)',
        tags,
        params: identityParams,
        body: strict({ certificateType: Type.Optional(certificateType), timeoutSeconds }),
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { certificateType, timeoutSeconds } = request.body
      const type = certificateType === undefined ? {} : { certificateType }
      return operate(
        request,
        reply,
        request.params.identity,
        timeoutOf(timeoutSeconds),
        (identity, options) => operations.listRoots(identity, { ...options, ...type }),
      )
    },
  )

  api.post(
    path,
    {
      schema: {
        operationId: 'installRootCertificate',
        summary: 'Installs a root certificate, and looks whether the charge point lists it (M05)',
        tags,
        params: identityParams,
        body: strict({
          certificateType,
          certificate: pem,
          oldRoot: Type.Optional(pem),
          preflight,
          timeoutSeconds,
        }),
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { timeoutSeconds, ...rest } = request.body
      return operate(
        request,
        reply,
        request.params.identity,
        timeoutOf(timeoutSeconds),
        (identity, options) => operations.installRoot(identity, { ...options, ...rest }),
      )
    },
  )

  // A selector may be a whole certificate, and a DELETE has no body (RFC 9110 9.3.5).
  api.post(
    `${path}/delete`,
    {
      schema: {
        operationId: 'deleteRootCertificate',
        summary: 'Deletes a root certificate, and looks whether the charge point still lists it (M04)',
        description:
          'Exactly one of `certificate`, `hashData` and `serialNumber` says which; the last CentralSystemRootCertificate goes only with `force`.',
        tags,
        params: identityParams,
        body: strict({
          certificateType,
          certificate: Type.Optional(pem),
          hashData: Type.Optional(hashDataRequest),
          serialNumber: Type.Optional(Type.String({ pattern: '^[0-9A-Fa-f]{1,40}$' })),
          force: Type.Optional(Type.Boolean()),
          preflight,
          timeoutSeconds,
        }),
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { certificate, hashData, serialNumber, timeoutSeconds, ...rest } = request.body
      const root = selectorOf({ certificate, hashData, serialNumber })
      return operate(
        request,
        reply,
        request.params.identity,
        timeoutOf(timeoutSeconds),
        (identity, options) => operations.deleteRoot(identity, { ...options, ...rest, root }),
      )
    },
  )
}

/** Throws ProxyError `field_invalid`. */
function selectorOf(named: {
  readonly certificate: string | undefined
  readonly hashData: Extract<RootSelector, { readonly hashData: unknown }>['hashData'] | undefined
  readonly serialNumber: string | undefined
}): RootSelector {
  const { certificate, hashData, serialNumber } = named
  const selectors: readonly RootSelector[] = [
    ...(certificate === undefined ? [] : [{ certificate }]),
    ...(hashData === undefined ? [] : [{ hashData }]),
    ...(serialNumber === undefined ? [] : [{ serialNumber }]),
  ]
  const [selector] = selectors
  if (selector !== undefined && selectors.length === 1) return selector
  const message = 'exactly one of certificate, hashData and serialNumber must say which certificate is meant'
  throw new ProxyError('field_invalid', 'operator', message)
}
