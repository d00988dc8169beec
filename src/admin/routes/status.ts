import { Type } from 'typebox'
import type { Api, ApiContext } from '../api.ts'
import { createPosture } from '../posture.ts'
import { answers, iso, strict, time } from '../schemas.ts'

const count = Type.Integer({ minimum: 0 })
const counts = Type.Unsafe<Record<string, number>>({
  type: 'object',
  additionalProperties: { type: 'integer' },
})

const statusSchema = Type.Object({
  version: Type.String(),
  startedAt: time(),
  uptimeSeconds: count,
  connected: Type.Object({ total: count, byProfile: counts, byListener: counts }),
  chargePoints: Type.Object({
    registered: count,
    blocked: count,
    learned: count,
    migrating: count,
    legacyTls: count,
    upgrading: count,
    changingPassword: count,
    neverSeen: count,
    byProfile: counts,
    byTls: counts,
  }),
})

/** The posture of the fleet. */
export function statusRoutes(api: Api, { deps }: ApiContext): void {
  const posture = createPosture(deps.registry, deps.now)
  api.get(
    '/status',
    {
      schema: {
        operationId: 'getStatus',
        summary: 'How the proxy and the fleet stand; numbers of the registry are up to 30 seconds old',
        tags: ['status'],
        querystring: strict({}),
        response: answers(200, statusSchema),
      },
    },
    async () => ({
      version: deps.version,
      startedAt: iso(deps.startedAt),
      uptimeSeconds: Math.max(0, Math.floor((deps.now() - deps.startedAt) / 1000)),
      connected: connectedOf(deps),
      chargePoints: await posture(),
    }),
  )
}

function connectedOf({ sessions }: ApiContext['deps']) {
  const [byProfile, byListener]: [Record<string, number>, Record<string, number>] = [{}, {}]
  let total = 0
  for (const { facts, isOpen } of sessions.all()) {
    if (!isOpen) continue
    total += 1
    byProfile[facts.profile] = (byProfile[facts.profile] ?? 0) + 1
    byListener[facts.listener] = (byListener[facts.listener] ?? 0) + 1
  }
  return { total, byProfile, byListener }
}
