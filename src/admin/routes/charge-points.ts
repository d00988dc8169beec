import { Type } from 'typebox'
import { ProxyError } from '../../policy/error.ts'
import { identityProblem, reservedProblem } from '../../policy/identity.ts'
import type { ChargePointPatch, ChargePointRecord } from '../../store/store.ts'
import type { Api, ApiContext } from '../api.ts'
import { auditIdentity } from '../audit.ts'
import {
  checkPatch,
  patchOfRequest,
  requireChargePoint,
  requireIdentity,
  unknownChargePoint,
} from '../charge-point-change.ts'
import { listChargePoints } from '../charge-point-list.ts'
import {
  chargePointDetailsSchema,
  chargePointSchema,
  chargePointView,
  keyView,
} from '../charge-point-view.ts'
import type { AdminDeps } from '../deps.ts'
import {
  answers,
  limit,
  nullableObject,
  nullableProfile,
  nullableText,
  oneOf,
  page,
  profile,
  strict,
} from '../schemas.ts'
import { endSession, endWhatIsNotAdmitted, isConnected, liveSession } from '../sessions.ts'

const tags = ['charge-points']

export const identityParams = Type.Object({
  identity: Type.String({ description: 'Percent-encoded once.' }),
})

const fields = {
  serialNumber: Type.Optional(
    nullableText({ description: 'What the CN of its certificate must be (A00.FR.405); unique.' }),
  ),
  securityProfile: Type.Optional(nullableProfile),
  upgradeTo: Type.Optional(nullableProfile),
  legacyTls: Type.Optional(Type.Boolean({ description: 'It cannot do TLS 1.2 (A00.FR.314).' })),
  migrating: Type.Optional(Type.Boolean({ description: 'It may connect on a listener of profile 0.' })),
  blocked: Type.Optional(Type.Boolean()),
  onboarding: Type.Optional(
    nullableObject(
      strict(
        {
          via: oneOf(['certificate', 'password']),
          certificate: Type.Optional(
            Type.String({
              description: 'SHA-256 fingerprint of the one factory certificate that is good.',
            }),
          ),
        },
        { description: 'It comes with factory credentials first (A00.FR.806); null: it does not.' },
      ),
    ),
  ),
}

const query = strict({
  after: Type.Optional(Type.String({ description: 'Only identities after this one.' })),
  limit: limit(),
  blocked: Type.Optional(Type.Boolean()),
  profile: Type.Optional(profile),
  connected: Type.Optional(Type.Boolean()),
  onboarding: Type.Optional(oneOf(['any', 'expected', 'running', 'failed'])),
})

export function chargePointRoutes(api: Api, { deps }: ApiContext): void {
  const { registry } = deps
  const withConnection = (record: ChargePointRecord) => ({
    ...chargePointView(record),
    connected: isConnected(deps.sessions, record.identity),
  })

  api.get(
    '/charge-points',
    {
      schema: {
        operationId: 'listChargePoints',
        summary: 'Charge points in order of identity',
        description:
          'With a filter a page may hold fewer than `limit` although there are more: `next` alone tells.',
        tags,
        querystring: query,
        response: answers(200, page(chargePointSchema, nullableText())),
      },
    },
    async ({ query }) => {
      const { records, next } = await listChargePoints(deps, query)
      return { items: records.map(withConnection), next }
    },
  )

  api.post(
    '/charge-points',
    {
      schema: {
        operationId: 'addChargePoint',
        summary: 'Registers a charge point',
        tags,
        body: strict({ identity: Type.String(), ...fields }),
        response: answers(201, chargePointSchema, 409, 413, 415, 422),
      },
    },
    async (request, reply) => {
      const { identity, ...fields } = request.body
      const patch = patchOfRequest(fields, deps.now())
      auditIdentity(request, requireIdentity(identity))
      const problem = reservedProblem(identity, deps.reservedIdentity())
      if (problem !== null) throw new ProxyError('identity_invalid', 'operator', problem)
      checkPatch(null, patch)
      return reply.code(201).send(withConnection(await registry.add(identity, patch)))
    },
  )

  oneRoutes(api, deps, withConnection)
}

function oneRoutes<View>(
  api: Api,
  deps: AdminDeps,
  withConnection: (
    record: ChargePointRecord,
  ) => View & ReturnType<typeof chargePointView> & { connected: boolean },
): void {
  const { registry, sessions } = deps

  api.get(
    '/charge-points/:identity',
    {
      schema: {
        operationId: 'getChargePoint',
        summary: 'One charge point, with its session and its keys',
        tags,
        params: identityParams,
        response: answers(200, chargePointDetailsSchema, 404),
      },
    },
    async ({ params: { identity } }) => {
      const record = await requireChargePoint(registry, identity)
      const keys = (await registry.keysOf(identity)).map(keyView)
      return { ...withConnection(record), session: liveSession(sessions, identity, deps.fleet?.self), keys }
    },
  )

  api.patch(
    '/charge-points/:identity',
    {
      schema: {
        operationId: 'changeChargePoint',
        summary: 'Changes what is registered',
        description: 'A session that is not admitted any more (blocked, no longer migrating) is ended.',
        tags,
        params: identityParams,
        body: strict(fields, { minProperties: 1 }),
        response: answers(200, chargePointSchema, 404, 409, 413, 415, 422),
      },
    },
    async (request) => {
      const { identity } = request.params
      const patch: ChargePointPatch = patchOfRequest(request.body, deps.now())
      const before = await requireChargePoint(registry, identity)
      auditIdentity(request, identity)
      checkPatch(before, patch)
      const record = await registry.update(identity, patch)
      endWhatIsNotAdmitted(sessions, record)
      return withConnection(record)
    },
  )

  api.delete(
    '/charge-points/:identity',
    {
      schema: {
        operationId: 'removeChargePoint',
        summary: 'Removes a charge point and ends its session; serial number and keys are free then',
        tags,
        params: identityParams,
        response: answers(
          200,
          Type.Object({ identity: Type.String(), removed: Type.Boolean(), disconnected: Type.Boolean() }),
          404,
        ),
      },
    },
    async (request) => {
      const { identity } = request.params
      if (identityProblem(identity) !== null) throw unknownChargePoint(identity)
      auditIdentity(request, identity)
      if (!(await registry.remove(identity))) throw unknownChargePoint(identity)
      const disconnected = endSession(sessions, identity, 'removed by the operator')
      return { identity, removed: true, disconnected }
    },
  )
}
