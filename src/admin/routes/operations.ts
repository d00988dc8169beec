import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { ProxyError } from '../../policy/error.ts'
import type {
  OperationFailure,
  OperationOptions,
  OperationOutcome,
} from '../../usecases/operation/operation.ts'
import type { Api, ApiContext } from '../api.ts'
import { auditIdentity, auditResult } from '../audit.ts'
import { requireChargePoint } from '../charge-point-change.ts'
import { answers, errorSchema, strict } from '../schemas.ts'
import { endSession } from '../sessions.ts'
import { identityParams } from './charge-points.ts'

const tags = ['operations']

/** Operations that wait at once; each holds a request open for minutes (CWE-770). */
const maxWaiting = 128

/** RFC 6455 7.4.1, going away: it may come back at once. */
const goingAway = 1001

/** Milliseconds for a new password where the request does not say it. */
const passwordTimeoutMs = 60_000

const timeoutSeconds = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 600,
    description:
      'For all of it, reconnection included: 60 for a password, profileUpgrade.timeout for a profile unless given. Who asked may go away; the operation goes on.',
  }),
)

const reset = Type.Optional(
  Type.Boolean({
    description:
      'After RebootRequired: send Reset(Soft), once no transaction is open. passwords.resetAfterRebootRequired unless given.',
  }),
)

const success = Type.Object({ identity: Type.String(), ok: Type.Literal(true), detail: Type.String() })

/** The one shape of errors, and the outcome beside it. */
const failure = Type.Object({
  ...errorSchema.properties,
  identity: Type.String(),
  ok: Type.Literal(false),
  code: Type.String(),
  detail: Type.String(),
})

/** An error that has nothing to do with the charge point has no outcome. */
export function operationAnswers() {
  const told = { ...failure, required: errorSchema.required }
  const description = 'It did not succeed; `code` and `detail` say how it stands now.'
  return {
    ...answers(200, success, 413, 415, 422),
    404: { ...told, description: 'There is no such charge point.' },
    409: { ...told, description },
    503: { ...told, description: 'The proxy is shutting down, or too much is going on.' },
  }
}

/** What is asked of a charge point that is connected (A01, A05), or of its connection. */
export function operationRoutes(api: Api, context: ApiContext): void {
  const { operations, operationDefaults: defaults } = context.deps
  const operate = createOperate(context)

  api.post(
    '/charge-points/:identity/password',
    {
      schema: {
        operationId: 'rotatePassword',
        summary: 'Gives the charge point a new random password, and waits for a login with it (A01)',
        tags,
        params: identityParams,
        body: strict({
          resetAfterRebootRequired: reset,
          timeoutSeconds,
        }),
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { resetAfterRebootRequired: reset = defaults().reset, timeoutSeconds } = request.body
      const timeoutMs = timeoutSeconds === undefined ? passwordTimeoutMs : timeoutSeconds * 1000
      return operate(request, reply, request.params.identity, timeoutMs, (identity, options) =>
        operations.rotatePassword(identity, { ...options, reset }),
      )
    },
  )

  api.post(
    '/charge-points/:identity/security-profile',
    {
      schema: {
        operationId: 'upgradeProfile',
        summary: 'Moves the charge point to a higher security profile, and waits for it there (A05)',
        tags,
        params: identityParams,
        body: strict({
          to: Type.Unsafe<1 | 2 | 3>({ type: 'integer', enum: [1, 2, 3] }),
          resetAfterRebootRequired: reset,
          timeoutSeconds,
        }),
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { to, resetAfterRebootRequired: reset = defaults().reset, timeoutSeconds } = request.body
      const timeoutMs = timeoutSeconds === undefined ? defaults().upgradeTimeoutMs : timeoutSeconds * 1000
      return operate(request, reply, request.params.identity, timeoutMs, (identity, options) =>
        operations.upgradeProfile(identity, to, { ...options, reset }),
      )
    },
  )

  connectionRoutes(api, context)
}

export type Operate = (
  request: FastifyRequest,
  reply: FastifyReply,
  identity: string,
  timeoutMs: number,
  run: (identity: string, options: OperationOptions) => Promise<OperationOutcome>,
) => Promise<never>

/** Runs an operation for a request: bounded, told to the audit, and answered with its outcome. */
export function createOperate({ deps, closing }: ApiContext): Operate {
  let waiting = 0
  return async (request, reply, identity, timeoutMs, run) => {
    await requireChargePoint(deps.registry, identity)
    auditIdentity(request, identity)
    if (waiting >= maxWaiting) {
      throw new ProxyError('too_many_operations', 'proxy', `${waiting} operations are under way already`)
    }
    waiting += 1
    try {
      const outcome = await run(identity, { origin: 'operator', timeoutMs, signal: closing })
      auditResult(request, outcome.ok ? 'ok' : outcome.code)
      const told: Static<typeof success> | Static<typeof failure> = outcome.ok
        ? { identity, ok: true, detail: outcome.detail }
        : {
            ...outcome,
            identity,
            error: outcome.code,
            message: outcome.detail,
            requestId: request.id,
          }
      return reply.code(outcome.ok ? 200 : statusOf(outcome.code)).send(told) as never
    } finally {
      waiting -= 1
    }
  }
}

function statusOf(code: OperationFailure): 404 | 409 | 503 {
  if (code === 'charge_point_unknown') return 404
  return code === 'draining' ? 503 : 409
}

function connectionRoutes(api: Api, { deps }: ApiContext): void {
  const { registry, sessions, lockouts } = deps

  api.post(
    '/charge-points/:identity/disconnect',
    {
      schema: {
        operationId: 'disconnect',
        summary: 'Ends the session; a charge point that is still admitted may come back at once',
        tags,
        params: identityParams,
        body: strict({}),
        response: answers(
          200,
          Type.Object({ identity: Type.String(), disconnected: Type.Literal(true) }),
          409,
        ),
      },
    },
    async (request) => {
      const { identity } = request.params
      // One that was removed meanwhile may still be connected: it need not be registered.
      if (!endSession(sessions, identity, 'ended by the operator', goingAway)) {
        throw new ProxyError('not_connected', 'operator', `${identity} is not connected`)
      }
      auditIdentity(request, identity)
      return { identity, disconnected: true as const }
    },
  )

  api.post(
    '/charge-points/:identity/unlock',
    {
      schema: {
        operationId: 'unlock',
        summary: 'Frees the charge point from the lock that wrong passwords earned it',
        tags,
        params: identityParams,
        body: strict({}),
        response: answers(200, Type.Object({ identity: Type.String(), unlocked: Type.Literal(true) }), 404),
      },
    },
    async (request) => {
      const { identity } = request.params
      await requireChargePoint(registry, identity)
      auditIdentity(request, identity)
      lockouts.free(identity)
      return { identity, unlocked: true as const }
    },
  )
}
