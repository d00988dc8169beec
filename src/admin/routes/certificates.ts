import { Type } from 'typebox'
import type { Api, ApiContext } from '../api.ts'
import { answers, iso, nullableText, oneOf, page, strict, time } from '../schemas.ts'

const dayMs = 86_400_000

const certificateSchema = Type.Object({
  role: oneOf(['server', 'trust', 'factory', 'authority'], {
    description:
      "server: the proxy's own. trust, factory: roots that client certificates are judged by. authority: issuers in the proxy.",
  }),
  listener: Type.String({ description: 'Name of the listener; of an authority, its own name.' }),
  subject: Type.String(),
  issuer: Type.String(),
  serialNumber: Type.String(),
  fingerprint: Type.String({ description: 'SHA-256' }),
  keyType: Type.String(),
  notBefore: time(),
  notAfter: time(),
  daysLeft: Type.Integer({ description: 'Whole days; negative when it has expired.' }),
})

/** What will expire, and when: the next to end first. */
export function certificateRoutes(api: Api, { deps }: ApiContext): void {
  api.get(
    '/certificates',
    {
      schema: {
        operationId: 'listCertificates',
        summary: 'Certificates of the proxy and those that it trusts; the next to end first',
        tags: ['status'],
        querystring: strict({}),
        response: answers(200, page(certificateSchema, nullableText())),
      },
    },
    async () => {
      const now = deps.now()
      const items = deps
        .certificates()
        .toSorted((a, b) => a.notAfter - b.notAfter)
        .map((certificate) => ({
          ...certificate,
          subject: oneLine(certificate.subject),
          issuer: oneLine(certificate.issuer),
          notBefore: iso(certificate.notBefore),
          notAfter: iso(certificate.notAfter),
          daysLeft: Math.floor((certificate.notAfter - now) / dayMs),
        }))
      return { items, next: null }
    },
  )
}

/** Node writes one attribute a line; an empty name is undefined there. */
function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ')
}
