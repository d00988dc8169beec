import { Type } from 'typebox'
import { canonicalKey } from '../../policy/password.ts'
import type { Api, ApiContext } from '../api.ts'
import { auditIdentity } from '../audit.ts'
import { requireChargePoint, setCredential } from '../charge-point-change.ts'
import { answers, strict } from '../schemas.ts'
import { identityParams } from './charge-points.ts'

const tags = ['charge-points']

/** Longer than any key (policy/password.ts), written as hexadecimal digits. */
const maxLength = 1024

const result = Type.Object({
  identity: Type.String(),
  hasPassword: Type.Boolean(),
  warning: Type.Optional(Type.String()),
})

/** The stored password, set by hand; nothing is sent to the charge point. It is never told (A01.FR.09). */
export function passwordRoutes(api: Api, { deps }: ApiContext): void {
  const { registry, hashKey, now, lockouts } = deps

  api.put(
    '/charge-points/:identity/password',
    {
      schema: {
        operationId: 'setPassword',
        summary: 'Stores the password that the charge point has already',
        tags,
        params: identityParams,
        body: strict(
          {
            password: Type.Optional(
              Type.String({
                maxLength,
                description: 'Text; 32 to 40 hexadecimal digits count as hexadecimal.',
              }),
            ),
            hex: Type.Optional(Type.String({ maxLength, description: 'Hexadecimal digits.' })),
          },
          { minProperties: 1, maxProperties: 1 },
        ),
        response: answers(200, result, 404, 413, 415, 422),
      },
    },
    async (request) => {
      const { identity } = request.params
      await requireChargePoint(registry, identity)
      auditIdentity(request, identity)
      const { password, hex } = request.body
      const { key, isText } = canonicalKey(hex === undefined ? { text: password ?? '' } : { hex })
      await setCredential(registry, identity, await hashKey(key, isText), now())
      // Who guessed before guessed another one; the charge point must not wait for that.
      lockouts.free(identity)
      const isUsual = key.length >= 16 && key.length <= 20
      return {
        identity,
        hasPassword: true,
        ...(isUsual ? {} : { warning: `${key.length} bytes; the standard has 16 to 20 (A00.FR.205)` }),
      }
    },
  )

  api.delete(
    '/charge-points/:identity/password',
    {
      schema: {
        operationId: 'removePassword',
        summary: 'Forgets the password; the charge point cannot log in with one until another is set',
        tags,
        params: identityParams,
        response: answers(200, result, 404),
      },
    },
    async (request) => {
      const { identity } = request.params
      await requireChargePoint(registry, identity)
      auditIdentity(request, identity)
      await setCredential(registry, identity, null, now())
      return { identity, hasPassword: false }
    },
  )
}
