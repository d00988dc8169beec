import { Type } from 'typebox'
import type { ExpiringKeyQuery } from '../../store/store.ts'
import type { Api, ApiContext } from '../api.ts'
import { chargePointCertificateView } from '../certificate-view.ts'
import { answers, limit, nullableText, page, strict, time } from '../schemas.ts'
import { instantOf } from '../stream-route.ts'

const schema = Type.Object({
  identity: Type.String(),
  subject: Type.String(),
  fingerprint: Type.String({ description: 'SHA-256 of the certificate, hexadecimal.' }),
  notAfter: time(),
  daysLeft: Type.Integer({ description: 'Whole days; negative when it has expired.' }),
  lastSeenAt: time(),
})

/** Certificates of charge points, as they were seen at their last connections (A00.FR.427). */
export function chargePointCertificateRoutes(api: Api, { deps }: ApiContext): void {
  api.get(
    '/charge-point-certificates',
    {
      schema: {
        operationId: 'listChargePointCertificates',
        summary: 'The certificate that each charge point was seen with last; the next to end first',
        tags: ['certificates'],
        querystring: strict({
          before: Type.Optional(
            Type.String({ format: 'date-time', description: 'Only those that end before this.' }),
          ),
          after: Type.Optional(
            Type.String({
              pattern: '^-?[0-9]{1,16}\\.[0-9A-Fa-f]{1,128}$',
              description: '`next` of the page before.',
            }),
          ),
          limit: limit(),
        }),
        response: answers(200, page(schema, nullableText()), 422),
      },
    },
    async ({ query }) => {
      const keys = await deps.registry.listExpiringKeys({
        before: query.before === undefined ? Number.MAX_SAFE_INTEGER : instantOf(query.before),
        ...(query.after === undefined ? {} : { after: cursorOf(query.after) }),
        limit: query.limit,
      })
      const last = keys.at(-1)
      const next =
        last === undefined || keys.length < query.limit ? null : `${last.notAfter}.${last.keyFingerprint}`
      const now = deps.now()
      return { items: keys.map((key) => chargePointCertificateView(key, now)), next }
    },
  )
}

/** As the schema has it: the time and the key of the last one. */
function cursorOf(text: string): NonNullable<ExpiringKeyQuery['after']> {
  const [notAfter = '', keyFingerprint = ''] = text.split('.')
  return { notAfter: Number(notAfter), keyFingerprint }
}
